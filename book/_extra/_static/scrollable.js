// What is too wide for a narrow screen. A formula goes on in the next line, as if it had been broken by hand: behind a
// wide space; where that is not enough before a relation, then before a plus or minus, and at last within brackets.
// The rest scrolls inside its own box (custom.css). Such a box has to be reachable by keyboard, so that arrow keys can
// scroll it, and shows on which side it goes on.
(() => {
  "use strict";
  const BOXES = "div.math, mjx-container[display=true], .bd-article pre, .cell_output .output, .cell_output .image-reference, .explorer-stage, .pst-scrollable-table-container";
  const SECTION = ".bd-article, .bd-article section";
  const BLOCK = "p, li, dd, td, figcaption, summary, div";

  // A picture up to so many pixels is as wide as a phone. A wider one, whose writing has ten points, keeps ten pixels of it;
  // but one with several panels has them below each other. A tap shows a picture as large as on a wide screen.
  const PHONE = matchMedia("(max-width: 600px)"), FITS = 680, LEAST = 0.72;

  const RELATIONS = new Set("3D 3C 3E 2190 2192 21A6 21D2 21D4 223C 2245 2248 2260 2261 2264 2265 226A 226B 27F5 27F6 27F9 27FA".split(" "));
  const SIGNS = new Set("2B 2212 22C5 D7 B1".split(" "));
  const OPENING = new Set("28 5B 7B".split(" ")), CLOSING = new Set("29 5D 7D".split(" ")), COMMA = "2C";
  const QUAD = ":scope > mjx-mspace:is([style*='width: 1em'], [style*='width: 2em'])";
  const RANKS = 4;

  // The parts of a formula that stand in its line; of a table with one cell, the parts of that.
  function partsOf(formula) {
    let line = formula.querySelector("mjx-math");
    while (line?.children.length === 1 && line.firstElementChild.matches("mjx-mrow, mjx-mstyle, mjx-texatom, mjx-mtable, mjx-table, mjx-itable, mjx-mtr, mjx-mtd"))
      line = line.firstElementChild;
    return [...(line?.children ?? [])];
  }

  const codeOf = (sign) => sign?.querySelector("mjx-c")?.className.match(/mjx-c([0-9A-F]+)/)?.[1];
  // Of a bracket with an exponent, the bracket.
  const baseOf = (part) => part.matches("mjx-msup, mjx-msub, mjx-msubsup") ? part.querySelector(":scope > mjx-mo, :scope > mjx-texatom > mjx-mo") : null;

  // Marks where a formula may be broken: 1 where that is best, 4 where it is a last resort.
  function markBreaks(formula) {
    const chance = (rank) => Object.assign(document.createElement(rank === 1 ? "span" : "wbr"), { className: `break-${rank}` });
    let depth = 0, before = null;
    for (const part of partsOf(formula).slice(1)) {
      const big = part.matches("mjx-texatom") && part.children.length === 1;       // as \big( makes it
      const sign = part.matches("mjx-mo") ? part : big ? part.querySelector(":scope > mjx-mo") : null;
      const code = codeOf(sign);
      if (OPENING.has(code)) {
        if (big && depth === 0) part.before(chance(4));
        depth += 1;
      } else if (CLOSING.has(code) || CLOSING.has(codeOf(baseOf(part)))) depth -= 1;
      else if (RELATIONS.has(code)) part.before(chance(depth ? 4 : 2));
      else if (SIGNS.has(code) && part.hasAttribute("space")) part.before(chance(depth ? 4 : 3));
      else if (code === COMMA) part.after(chance(4));
      else if (RELATIONS.has(before)) { /* the space behind an arrow: the break is before it */ }
      else if (part.querySelector(QUAD)) part.after(chance(depth ? 4 : 1));
      before = code;
    }
  }

  // One formula after the other would cost a layout each: all are looked at, then all are broken.
  function breakFormulas(formulas) {
    const before = formulas.filter((formula) => formula.dataset.breaks);
    before.forEach((formula) => { formula.dataset.breaks = ""; });
    const tooWide = (formula) => formula.hasAttribute("display") ? formula.scrollWidth > formula.clientWidth + 1
      : formula.getBoundingClientRect().width > formula.parentElement.closest(BLOCK)?.clientWidth + 1;
    let wide = formulas.filter(tooWide);
    wide.forEach((formula) => { if (!("breaks" in formula.dataset)) markBreaks(formula); });
    for (let rank = 1; rank <= RANKS && wide.length; rank += 1) {
      wide.forEach((formula) => { formula.dataset.breaks = (formula.dataset.breaks ?? "") + rank; });
      wide = wide.filter(tooWide);
    }
  }

  // Where a picture with several panels may be cut, the build has said (book/_ext/panels.py). The first part holds the
  // picture itself, so a wide screen shows it as it was.
  function stack(picture, box, drawn) {
    const cuts = [...picture.classList].filter((name) => name.startsWith("cut-")).map((name) => Number(name.slice(4)));
    const ends = [0, ...cuts, drawn], widest = Math.max(...ends.slice(1).map((end, i) => end - ends[i]));
    box.append(...ends.slice(1).map((end, i) => {
      const part = document.createElement("span"), wide = end - ends[i];
      part.className = "picture-part";
      part.style.cssText = `--from: ${ends[i]}; --part: ${wide}; --widest: ${widest}; --whole: ${drawn}`;
      const less = wide > 0.7 * widest ? widest - wide : 0;                 // panels of one size end below each other
      part.style.marginLeft = `min(${100 * less / widest}%, ${less}px)`;
      if (i) part.ariaHidden = "true";                                      // its words are read aloud once
      part.append(i ? picture.cloneNode() : picture);
      return part;
    }));
  }
  function fit(picture) {
    const box = picture.parentElement, drawn = parseFloat(picture.style.width || picture.getAttribute("width"));
    box.style.setProperty("--drawn", `${drawn}px`);
    if (picture.matches("[class*='cut-']")) stack(picture, box, drawn);
    else if (drawn > FITS) picture.style.setProperty("--least", `${LEAST * drawn}px`);
    else box.classList.toggle("small-picture", innerWidth < LEAST * drawn);
  }
  function mark(box) {
    const hidden = box.scrollWidth - box.clientWidth;
    const scrolls = hidden > 1 && getComputedStyle(box).overflowX !== "visible";
    const sides = [scrolls && box.scrollLeft > 1 && "left", scrolls && box.scrollLeft < hidden - 1 && "right"].filter(Boolean);
    if (sides.length) box.dataset.cut = sides.join(" ");
    else delete box.dataset.cut;
  }
  function update(section) {
    const within = (selector) => [...section.querySelectorAll(selector)].filter((part) => part.closest(SECTION) === section);
    breakFormulas(within("mjx-container"));
    if (PHONE.matches) within(".cell_output .image-reference > img").forEach(fit);
    within(BOXES).forEach((box) => {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
      mark(box);
    });
  }
  // A section is looked at when it is nearly in sight: all at once would keep a slow phone from doing anything else.
  const near = new IntersectionObserver((seen) => {
    seen.forEach(({ target, isIntersecting }) => {
      if (!isIntersecting) return;
      near.unobserve(target);
      update(target);
    });
  }, { rootMargin: "100% 0px" });
  const sections = [...document.querySelectorAll(SECTION)];
  function anew(section) {                 // it may have become another since it was looked at
    near.unobserve(section);
    near.observe(section);
  }
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.(".cell_output .image-reference");
    if (!box || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!PHONE.matches) return void (box.target = "_blank");              // the picture by itself, beside the page
    event.preventDefault();
    if (box.querySelector(".picture-part")) return;                       // its panels are large already
    box.classList.toggle("large-picture");
    mark(box);
  });
  document.addEventListener("scroll", ({ target }) => target.matches?.(BOXES) && mark(target), { capture: true, passive: true });
  window.addEventListener("load", () => {
    Promise.all([window.MathJax?.startup?.promise, document.fonts.ready]).then(() => sections.forEach(anew));
  });
  window.addEventListener("resize", () => sections.forEach(anew));
  window.addEventListener("beforeprint", () => sections.forEach(update));
  document.addEventListener("toggle", ({ target }) => sections.includes(target.closest(SECTION)) && anew(target.closest(SECTION)), true);   // a fold: its boxes have a size only now
})();
