// Where a link leads. The place stays in sight while the sections around it get their heights (custom.css). And where a
// result of the search leads (search.js), its words are marked in the section, and the first one is in sight.
// The marks are highlights of the browser, so that no formula and no link of the page is changed.
(() => {
  "use strict";
  const FRAMES = 20;
  let turn = 0;

  // Shows a place anew in some frames, until the reader does something.
  function keep(show) {
    const mine = ++turn;
    let left = FRAMES;
    (function again() {
      if (mine !== turn) return;
      show();
      left -= 1;
      if (left) requestAnimationFrame(again);
    })();
  }
  for (const sign of ["wheel", "touchstart", "pointerdown", "keydown"])
    addEventListener(sign, () => { turn += 1; }, { capture: true, passive: true });

  function target() {
    try { return document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return null; }
  }
  const toTop = (part) => part.scrollIntoView({ behavior: "instant" });
  document.addEventListener("click", (event) => setTimeout(() => {       // a way back in the history is none
    const link = event.target.closest?.("a[href*='#']"), part = target();
    if (part && !event.defaultPrevented && link?.hash === location.hash) keep(() => toTop(part));
  }));

  // Marks words in a section, opens what hides the first one, and returns the place of that.
  function mark(section, words) {
    const own = section.matches("dt") ? section.parentElement : section;
    const walker = document.createTreeWalker(own, NodeFilter.SHOW_TEXT, (text) =>
      text.parentElement.closest("section, dl.py") === own.closest("section, dl.py") && !text.parentElement.closest(".math, mjx-container, pre, script, style, .fold-check")
        ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_REJECT);
    const ranges = [];
    for (let text = walker.nextNode(); text; text = walker.nextNode())
      for (const word of text.data.matchAll(/[\p{L}\p{N}_]+/gu))
        if (words.has(word[0].toLowerCase())) {
          const range = new Range();
          range.setStart(text, word.index);
          range.setEnd(text, word.index + word[0].length);
          ranges.push(range);
        }
    if (!ranges.length) return null;
    if (window.Highlight && CSS.highlights) CSS.highlights.set("found", new Highlight(...ranges));
    const seen = ranges.find((range) => range.getClientRects().length) || ranges[0];
    for (let part = seen.startContainer.parentElement; part; part = part.parentElement)
      if (part.matches("details")) part.open = true;
    return seen;
  }

  const address = new URL(location.href);
  const words = new Set((address.searchParams.get("find") || "").split(" ").filter(Boolean));
  if (words.size) {
    address.searchParams.delete("find");
    try { history.replaceState(history.state, "", address); } catch { /* the address stays as it is */ }
  }
  const section = target() || (words.size ? document.querySelector("article section") : null);
  if (!section) return;
  const seen = mark(section, words);
  // Formulas and pictures that come in above move the place, so look again when they are there.
  addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    if (performance.getEntriesByType("navigation")[0]?.type === "reload") return;     // the reader is where they were
    keep(() => {
      if (location.hash) toTop(section);
      const box = seen?.getBoundingClientRect();
      if (box && box.bottom > innerHeight) scrollBy({ top: box.top - innerHeight / 3, behavior: "instant" });
    });
  }, { once: true });
})();
