// What is too wide for a narrow screen scrolls inside its own box (custom.css).
// Such a box has to be reachable by keyboard, so that arrow keys can scroll it.
(() => {
  "use strict";
  const BOXES = "div.math, mjx-container[display=true], .bd-article pre, .cell_output .output, .pst-scrollable-table-container";
  function update() {
    document.querySelectorAll(BOXES).forEach((box) => {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    });
  }
  window.addEventListener("load", () => {
    update();
    window.MathJax?.startup?.promise?.then(update);
  });
  window.addEventListener("resize", update);
  document.addEventListener("toggle", update, true);   // a fold: its boxes have a size only now
})();
