// The search page: ranks the sections that book/_ext/section_search.py has written, and shows the best.
// Nothing is fetched, so it works from disk. Stemmer and stopwords come from Sphinx' language_data.js.
(() => {
  "use strict";
  const WORD = /[\p{L}\p{N}_]+/gu;
  const stemmer = new Stemmer();
  const stems = new Map();

  // What a word of the book and one of a query have in common; -ise and -ize, -our and -or are one.
  function stem(word) {
    if (!stems.has(word)) {
      const plain = word.replace(/is(?=(e[drs]?|ers?|ing|ations?)$)/, "iz").replace(/our/, "or");
      stems.set(word, plain.length > 2 ? stemmer.stemWord(plain) : plain);
    }
    return stems.get(word);
  }
  function stemsOf(text) { return (text.toLowerCase().replaceAll("minibatch", "mini-batch").match(WORD) || []).map(stem); }

  // ---- what can be found -----------------------------------------------------------------------------

  const WEIGHT = { title: 8, emphasised: 4, around: 3, text: 1 };
  const KINDS = { clarifications: 0.9, notation: 0.8, api: 0.45, exercises: 0.6, teaching: 0.4, index: 0.4, maintainers: 0.2 };
  // Sections that mention everything and explain nothing.
  const ASIDE = /^(?:[\d.]+ )?(?:In your lecture notes|Further reading|What to remember|Exercises|How far are you)/;

  // What makes a question of a query, and says little about the place. Sphinx' stopwords say nothing.
  const ASKING = new Set(stemsOf(`what why how when which who does do did should can could i my we you vs versus between from with than
    instead many much need use mean formula definition example explain intuition difference up down go goes get have has`));

  function sections() {
    const all = [];
    for (const [page, kind, places] of window.searchSections) {
      const here = [];
      places.forEach(([anchor, title, text, emphasised, around], place) => {
        const above = [], names = [];
        for (let up = around; up >= 0; up = places[up][4]) {
          above.unshift(places[up][1]);
          names.push(places[up][3]);
        }
        here.push({
          page, kind, anchor, title, text, above,
          fields: { title: stemsOf(title), emphasised: stemsOf(emphasised), around: stemsOf([...above, ...names].join(" ")), text: stemsOf(text) },
          names: [title.replace(/^[\d.]+ /, ""), ...emphasised.split("\n")].map(stemsOf),
          heading: new Set(stemsOf([title, ...above].join(" "))),
          trust: (KINDS[kind] ?? 1) * (ASIDE.test(title) ? 0.5 : title.includes("★") || /^[\d.]+ Play:/.test(title) ? 0.8 : 1),
        });
      });
      all.push(...here);
    }
    for (const each of all) {
      each.counts = new Map();
      for (const [field, words] of Object.entries(each.fields))
        for (const word of words) each.counts.set(word, (each.counts.get(word) || 0) + WEIGHT[field]);
    }
    return all;
  }

  // Made at the first query: the sections, in how many of them each word is, and how long they are.
  let index;
  function prepared() {
    if (!index) {
      const all = sections(), inHow = new Map();
      for (const each of all) for (const word of each.counts.keys()) inHow.set(word, (inHow.get(word) || 0) + 1);
      index = { all, inHow, length: all.reduce((sum, each) => sum + each.fields.text.length, 0) / all.length };
    }
    return index;
  }

  // ---- how well it fits -------------------------------------------------------------------------------

  function search(query) {
    const { all, inHow, length } = prepared();
    const asked = stemsOf(query);
    const meant = asked.filter((word, i) => !stopwords.includes(query.toLowerCase().match(WORD)[i]));
    const chosen = [...new Set(meant.length ? meant : asked)], asksOnly = chosen.every((word) => ASKING.has(word));
    const words = chosen.map((word) => {
      // A word that the book does not have may be the beginning of one that it has.
      const forms = inHow.has(word) ? [word] : [...inHow.keys()].filter((known) => word.length > 1 && known.startsWith(word));
      const frequency = forms.reduce((sum, form) => sum + inHow.get(form), 0);
      const asks = ASKING.has(word) && !asksOnly;
      return { forms, asks, weight: (asks ? 0.1 : 1) * Math.log(1 + all.length / (1 + frequency)) };
    });
    const forms = new Set(words.flatMap((word) => word.forms));
    const total = words.reduce((sum, word) => sum + word.weight, 0);
    // How much of the query a list of words has.
    const share = (list) => words.reduce((sum, word) => sum + (word.forms.some((form) => list.has(form)) ? word.weight : 0), 0) / total;

    // BM25: the second time that a section has a word says less than the first. What calls the section by the words of
    // the query, and by no others, says more; so do its headings; and a section that has half of the query is worth half.
    for (const each of all) {
      const soften = 4 * (0.8 + 0.2 * each.fields.text.length / length);
      let score = 0;
      for (const { forms, weight } of words) {
        const count = forms.reduce((sum, form) => sum + (each.counts.get(form) || 0), 0);
        score += weight * count / (count + soften);
      }
      const called = each.names.map((name) => share(new Set(name)) ** 2 * name.filter((word) => forms.has(word)).length / (name.length || 1));
      const headed = each.fields.title.some((word) => forms.has(word)) ? share(each.heading) ** 2 : 0;
      each.score = (score + total * Math.max(0.4 * headed, 0.7 * Math.max(...called))) * share(each.counts) * each.trust;
    }
    const found = all.filter((each) => each.score > 0).sort((a, b) => b.score - a.score);
    const best = found.filter((each) => each.score > found[0].score / 10);
    const many = new Map();
    const shown = best.filter((each) => {              // at most three of a page
      many.set(each.page, (many.get(each.page) || 0) + 1);
      return many.get(each.page) <= 3;
    });
    const answers = shown.filter((each) => each.kind === "solutions");
    const named = new Set(words.flatMap((word) => (word.asks ? [] : word.forms)));      // what only asks is not marked
    return { forms: named, results: [...shown.filter((each) => each.kind !== "solutions").slice(0, 25), ...answers.slice(0, 5)] };
  }

  // ---- what is shown ----------------------------------------------------------------------------------

  const LONG = 230;

  // The part of a text that has the most different words of the query, from the beginning of a sentence if one is near.
  function excerpt(text, forms) {
    const hits = [...text.matchAll(WORD)].filter((word) => forms.has(stem(word[0].toLowerCase())));
    let best = 0, most = -1;
    for (const hit of hits) {
      const inside = hits.filter((other) => other.index >= hit.index && other.index < hit.index + LONG - 60);
      const different = 3 * new Set(inside.map((word) => stem(word[0].toLowerCase()))).size + Math.min(inside.length, 3);
      if (different > most) { most = different; best = hit.index; }
    }
    const before = text.slice(Math.max(0, best - 90), best);
    const sentence = before.search(/(?<=[.?!:] )(?!.*[.?!:] )/);
    let from = Math.max(0, best - 90);
    if (from && sentence >= 0) from += sentence;
    else if (from) from = text.indexOf(" ", from) + 1;
    let to = Math.min(text.length, from + LONG);
    if (to < text.length) to = text.lastIndexOf(" ", to);
    return (from && sentence < 0 ? "… " : "") + text.slice(from, to).trim() + (to < text.length ? " …" : "");
  }

  // A text in parts, with its words of the query marked.
  function marked(text, forms) {
    const parts = [];
    let at = 0;
    for (const word of text.matchAll(WORD)) {
      if (!forms.has(stem(word[0].toLowerCase()))) continue;
      const mark = document.createElement("mark");
      mark.textContent = word[0];
      parts.push(text.slice(at, word.index), mark);
      at = word.index + word[0].length;
    }
    return [...parts, text.slice(at)];
  }

  const NAMES = { exercises: "Exercise", solutions: "Solution", api: "Library" };

  function item(each, forms) {
    const line = document.createElement("li");
    const link = document.createElement("a");
    const words = new Set((`${each.title} ${each.text}`.toLowerCase().match(WORD) || []).filter((word) => forms.has(stem(word))));
    const find = words.size ? `?find=${encodeURIComponent([...words].join(" "))}` : "";
    link.href = `${each.page}.html${find}${each.anchor ? "#" + each.anchor : ""}`;
    link.append(...marked(each.title, forms));
    line.append(link);
    if (NAMES[each.kind]) {
      const mark = document.createElement("span");
      mark.className = `search-kind search-${each.kind}`;
      mark.textContent = NAMES[each.kind];
      line.append(" ", mark);
    }
    if (each.above.length) {
      const where = document.createElement("div");
      where.className = "search-where";
      where.textContent = each.above.join(" › ");
      line.append(where);
    }
    if (each.text) {
      const said = document.createElement("p");
      said.append(...marked(excerpt(each.text, forms), forms));
      line.append(said);
    }
    return line;
  }

  function show() {
    const query = (new URLSearchParams(location.search).get("q") || "").trim();
    document.querySelectorAll('input[name="q"]').forEach((field) => { field.value = query; });
    const place = document.getElementById("search-results");
    place.replaceChildren();
    if (!query) return;
    const { forms, results } = search(query);
    const status = document.createElement("p");
    status.role = "status";
    status.textContent = results.length
      ? `${results.length === 1 ? "One place" : `The best ${results.length} places`} for “${query}”`
      : `No section has “${query}”. Fewer or other words may find it.`;
    const list = document.createElement("ol");
    list.append(...results.map((each) => item(each, forms)));
    place.append(status, list);
  }

  // A second query needs no second page.
  document.querySelectorAll("form.bd-search").forEach((form) => form.addEventListener("submit", (event) => {
    try { history.pushState(null, "", `?q=${encodeURIComponent(new FormData(form).get("q"))}`); } catch { return; }
    event.preventDefault();
    show();
  }));
  addEventListener("popstate", show);
  show();
})();
