// Formulas in what a reader writes. Loaded at the first preview (exercises.js), and MathJax with it: the pages themselves
// hold their formulas typeset.
//     typeset(text)         resolves to the paragraphs of a text, in which $…$ and $$…$$ are formulas
(() => {
  "use strict";
  const { make, load } = cells;
  const FORMULA = /\\(\$)|\$\$([^]+?)\$\$|\$((?:\\[^]|[^$\\])+)\$/g;      // \$ is a dollar

  // A file that somebody else has written may be shown, so no formula makes a link or loads what it names.
  window.MathJax = {
    options: { enableMenu: false },
    startup: { typeset: false },
    tex: { packages: { "[-]": ["require"] }, autoload: { html: [] } },
  };
  const loaded = load("vendor/mathjax/tex-chtml.js").then(() => MathJax.startup.promise);

  async function paragraph(text) {
    const made = make("p");
    let end = 0;
    for (const { 0: whole, 1: dollar, 2: display, 3: inline, index } of text.matchAll(FORMULA)) {
      made.append(text.slice(end, index), dollar ?? await MathJax.tex2chtmlPromise(display ?? inline, { display: display !== undefined }));
      end = index + whole.length;
    }
    made.append(text.slice(end));
    return made;
  }

  window.typeset = async (text) => {
    await loaded;
    const made = [];
    for (const part of text.trim().split(/\n\s*\n/)) made.push(await paragraph(part));     // one after the other: an extension may be fetched
    MathJax.startup.document.updateDocument();                   // the style sheet of the letters that are new
    return made;
  };
})();
