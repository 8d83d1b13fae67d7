// Formulas are typeset when the book is built (book/_ext/mathematics.py). One that is made later, such as the label of
// a widget, is set by typesetMathematics(element); MathJax is loaded when the first of them comes.
(() => {
  "use strict";
  const here = document.currentScript.src;
  const FORMULA = /\\\(|\\\[|\$[^$]+\$/;
  let loading;

  function load() {
    if (window.MathJax?.startup) return MathJax.startup.promise;      // the page was built without Node
    return loading ??= new Promise((done, failed) => {
      window.MathJax = {
        options: { enableMenu: false },
        tex: { inlineMath: [["\\(", "\\)"], ["$", "$"]] },
        startup: { typeset: false },
      };
      const script = document.createElement("script");
      script.onload = () => { answerWidgets(); MathJax.startup.promise.then(done); };
      script.onerror = failed;
      script.src = new URL("vendor/mathjax/tex-chtml.js", here);
      document.head.append(script);
    });
  }

  window.typesetMathematics = async (element) => {
    if (!FORMULA.test(element.textContent)) return;
    await load();
    await MathJax.typesetPromise([element]);
  };

  // vendor/widgets/embed.js hands every label to the queue of MathJax 2.
  function answerWidgets() {
    (window.MathJax ??= {}).Hub = { Queue: ([, , element]) => window.typesetMathematics(element) };
  }
  document.addEventListener("DOMContentLoaded", answerWidgets);
})();
