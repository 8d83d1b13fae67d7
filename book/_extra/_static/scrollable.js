// What is too wide for a narrow screen scrolls inside its own box (custom.css).
// Such a box has to be reachable by keyboard, so that arrow keys can scroll it, and shows on which side it goes on.
(() => {
  "use strict";
  const BOXES = "div.math, mjx-container[display=true], .bd-article pre, .cell_output .output, .pst-scrollable-table-container";
  function mark(box) {
    const hidden = box.scrollWidth - box.clientWidth;
    const scrolls = hidden > 1 && getComputedStyle(box).overflowX !== "visible";
    const sides = [scrolls && box.scrollLeft > 1 && "left", scrolls && box.scrollLeft < hidden - 1 && "right"].filter(Boolean);
    if (sides.length) box.dataset.cut = sides.join(" ");
    else delete box.dataset.cut;
  }
  function update() {
    document.querySelectorAll(BOXES).forEach((box) => {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      mark(box);
    });
  }
  document.addEventListener("scroll", ({ target }) => target.matches?.(BOXES) && mark(target), { capture: true, passive: true });
  window.addEventListener("load", () => {
    update();
    window.MathJax?.startup?.promise?.then(update);
    document.fonts.ready.then(update);
  });
  window.addEventListener("resize", update);
  document.addEventListener("toggle", update, true);   // a fold: its boxes have a size only now
})();
