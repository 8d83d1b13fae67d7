// Where a result of the search leads (search.js): the words are marked in its section, and the first one is in sight.
// The marks are highlights of the browser, so that no formula and no link of the page is changed.
(() => {
  "use strict";
  const address = new URL(location.href);
  const words = new Set((address.searchParams.get("find") || "").split(" ").filter(Boolean));
  if (!words.size) return;
  address.searchParams.delete("find");
  try { history.replaceState(history.state, "", address); } catch { /* the address stays as it is */ }

  const section = document.getElementById(decodeURIComponent(location.hash.slice(1))) || document.querySelector("article section");
  if (!section) return;
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
  if (!ranges.length) return;
  if (window.Highlight && CSS.highlights) CSS.highlights.set("found", new Highlight(...ranges));

  const seen = ranges.find((range) => range.getClientRects().length) || ranges[0];
  for (let part = seen.startContainer.parentElement; part; part = part.parentElement)
    if (part.matches("details")) part.open = true;
  // Formulas and pictures that come in above move the place, so look again when they are there.
  function show() {
    const box = seen.getBoundingClientRect();
    if (box.bottom > innerHeight) scrollBy({ top: box.top - innerHeight / 3, behavior: "instant" });
  }
  addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    if (location.hash) section.scrollIntoView({ behavior: "instant" });
    show();
  }, { once: true });
})();
