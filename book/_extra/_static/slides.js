// Slides (tools/slides.py), turned by reveal.js: light or dark, content as large as its slide, keys that do not quarrel.
(() => {
  "use strict";
  const LARGEST = 1.7, SMALLEST = 0.4;

  // Light or dark, as the book was last read, or as the device has it. D changes it, for the hall.
  function read() {
    let mode = "auto";
    try { mode = localStorage.getItem("mode") || mode; } catch { /* a browser that keeps nothing */ }
    if (mode === "auto") mode = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    return mode;
  }
  const root = document.documentElement;
  root.dataset.theme = read();

  // Pictures grow to what the slide holds; text shrinks if it must. A formula that is too wide shrinks alone. What is
  // said of a picture that is higher than wide stands beside it.
  function fit() {
    for (const room of document.querySelectorAll(".room")) {
      const content = room.firstElementChild;
      content.style.zoom = 1;
      const drawing = content.querySelector("img, .cell_output > svg");
      room.parentElement.classList.toggle("tall", Boolean(drawing) && drawing.getBoundingClientRect().height > drawing.getBoundingClientRect().width);
      const grows = room.parentElement.matches(".picture");
      for (const formula of content.querySelectorAll("mjx-container[display=true]")) {
        formula.style.fontSize = "";
        const number = formula.parentElement.querySelector(".eqno");
        const share = (formula.parentElement.clientWidth - (number ? number.offsetWidth + 30 : 0)) / formula.querySelector("mjx-math").offsetWidth;
        if (share < 1) formula.style.fontSize = `${Math.floor(parseFloat(getComputedStyle(formula).fontSize) * share)}px`;
      }
      let low = SMALLEST, high = grows ? LARGEST : 1;
      const within = (box) => box.scrollWidth <= box.clientWidth + 1;
      const fits = (zoom) => {
        content.style.zoom = zoom;
        const { width, height } = content.getBoundingClientRect(), most = room.getBoundingClientRect();
        return width <= most.width + 1 && height <= most.height + 1 && [room, ...content.querySelectorAll("pre")].every(within);
      };
      if (fits(high)) continue;
      while (high - low > 0.01) if (fits((low + high) / 2)) low = (low + high) / 2; else high = (low + high) / 2;
      fits(low);
    }
  }

  // A control that has the focus keeps its arrow keys. A presenter's PageUp and PageDown always turn the slide, and
  // Escape leaves the control.
  addEventListener("keydown", (event) => {
    if (!event.target.matches(".reveal :is(input, button, summary)")) return;
    const turn = { PageDown: "next", PageUp: "prev", Escape: "layout" }[event.key];
    if (!turn) return;
    event.preventDefault();
    event.stopPropagation();
    event.target.blur();
    Reveal[turn]();
  }, true);

  Reveal.initialize({
    width: 1280, height: 720, margin: 0, maxScale: 4, center: false, hash: true, history: true, transition: "none", backgroundTransition: "none",
    navigationMode: "linear", slideNumber: "c/t", viewDistance: 1000, controls: false, progress: true, pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1,
    keyboardCondition: ({ key, target }) => !(target.matches("a, button, summary") && [" ", "Enter"].includes(key)),
    keyboard: { 68: () => { root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"; } },
  }).then(async () => {
    await window.MathJax?.startup?.promise;
    await document.fonts.ready;
    fit();
    root.dataset.ready = "";
  });
  Reveal.on("pdf-ready", fit);
})();
