// Folds (book/_ext/folding.py) open and close by themselves. This adds three things:
// 1. a switch in the header that opens all of them, on every page, until it is switched off;
// 2. what a link leads to is opened: a check, a part of the text, what contains it;
// 3. a printed page has all of its text, and is light; code is printed where the reader has opened it (folds.css).
(() => {
  "use strict";
  const CODE = ".fold-imports, .fold-drawing, .fold-check";
  const KEY = "everything-open";
  const CLOSED = "Show everything", OPEN = "Fold again";      // what the switch offers
  const folds = [...document.querySelectorAll("details.fold")];

  // A browser may keep pages from storing anything: then the switch is for this page.
  function remember(open) {
    try { open ? localStorage.setItem(KEY, "yes") : localStorage.removeItem(KEY); } catch { /* for this page */ }
  }
  function remembered() {
    try { return localStorage.getItem(KEY) === "yes"; } catch { return false; }
  }

  function setAll(open) {
    folds.forEach((fold) => { fold.open = open; });
  }

  let says = () => {};                                         // what is written on the switch
  function addSwitch() {
    const bar = document.querySelector(".article-header-buttons");
    if (!folds.length || !bar) return;
    const button = document.createElement("button");
    button.id = "unfold-all";
    button.type = "button";
    button.title = "Open all closed parts of this page: code, checks, proofs and what is optional. Other pages open theirs, too, until you press it again.";
    says = (open) => { button.textContent = open ? OPEN : CLOSED; };
    says(remembered());
    button.addEventListener("click", () => {
      const open = button.textContent === CLOSED;
      says(open);
      remember(open);
      const anchor = atTop();
      const before = anchor?.getBoundingClientRect().top;
      setAll(open);
      // What the reader was looking at stays where it was.
      if (anchor) window.scrollBy({ top: anchor.getBoundingClientRect().top - before, behavior: "instant" });
    });
    bar.prepend(button);
  }

  // The first open part of the text below the header.
  function atTop() {
    return [...document.querySelectorAll("article.bd-article :is(h1, h2, h3, p, div.math, div.cell)")]
      .find((part) => !part.closest("details.fold") && part.getBoundingClientRect().top > 60);
  }

  function openTarget() {
    let target = null;
    try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { /* not ours */ }
    if (!target) return;
    const closed = [];
    for (let part = target; part; part = part.parentElement)
      if (part.matches("details.fold:not([open])")) closed.push(part);
    closed.push(...target.querySelectorAll(":scope > details:is(.fold-optional, .fold-notes):not([open])"));
    if (target.matches(".formula-check"))            // its cell may be one whose code is folded
      closed.push(...target.nextElementSibling.querySelectorAll("details.fold:not([open])"));
    closed.forEach((fold) => { fold.open = true; });
    if (closed.length) target.scrollIntoView();
  }

  const root = document.documentElement;
  let printed = [], theme;
  window.addEventListener("beforeprint", () => {
    printed = folds.filter((fold) => !fold.open && !fold.matches(CODE));
    printed.forEach((fold) => { fold.open = true; });
    theme = root.dataset.theme;
    root.dataset.theme = "light";
  });
  window.addEventListener("afterprint", () => {
    printed.forEach((fold) => { fold.open = false; });
    root.dataset.theme = theme;
  });

  addSwitch();
  if (remembered()) setAll(true);
  // A page that is open beside this one, or has just been left: its choice may reach this one late.
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key === KEY) { says(newValue === "yes"); setAll(newValue === "yes"); }
  });
  openTarget();
  window.addEventListener("hashchange", openTarget);
  // A second click on the same link changes no hash.
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("a[href*='#']")?.hash === location.hash) setTimeout(openTarget);
  });
})();
