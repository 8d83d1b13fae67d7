// Shows what a reference leads to (book/_ext/previews.py), and what a mark under a formula means: when the mouse rests
// on it, when the keyboard comes to it, or at the first tap of a finger; a second tap goes there. Escape closes.
(() => {
  "use strict";
  const LINKS = "a.previews, .formula-mark a";
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  let shown = null;         // the link whose preview is open
  let timer = 0;
  let pointer = "mouse";

  const box = document.createElement("div");
  box.id = "preview";
  box.hidden = true;
  (document.querySelector(".bd-content") || document.body).append(box);     // where the colours of the dark theme hold

  // The browser's own tooltip would say the same a second time.
  for (const mark of document.querySelectorAll(".formula-mark a[title]")) {
    mark.dataset.meaning = mark.title;
    mark.removeAttribute("title");
  }

  // ---- what is shown ---------------------------------------------------------------------------------

  const loading = new Map();
  function load(page) {
    if (!loading.has(page)) loading.set(page, new Promise((done) => {
      const script = document.createElement("script");
      script.src = new URL(`_static/previews/${page}.js`, root);
      script.onload = script.onerror = () => done(window.bookPreviews?.[page] || {});
      document.head.append(script);
    }));
    return loading.get(page);
  }

  async function copyOf(link) {
    const id = decodeURIComponent(link.hash.slice(1));
    if (link.pathname === location.pathname) return document.getElementById(id)?.cloneNode(true);
    const page = decodeURIComponent(link.pathname.slice(root.pathname.length)).replace(/\.html$/, "");
    const template = document.createElement("template");
    template.innerHTML = (await load(page))[id] || "";
    for (const part of template.content.querySelectorAll("[src]")) part.src = new URL(part.getAttribute("src"), link.href);
    for (const part of template.content.querySelectorAll("a[href]")) part.href = new URL(part.getAttribute("href"), link.href);
    return template.content.firstElementChild;
  }

  async function contentOf(link) {
    if (link.dataset.meaning) {
      const words = document.createElement("p");
      words.textContent = link.dataset.meaning;
      return words;
    }
    const copy = await copyOf(link);
    if (!copy) return null;
    copy.querySelectorAll("script, a.headerlink, .formula-mark").forEach((part) => part.remove());
    // The ids stay with the original, except inside drawings, which use them.
    for (const part of [copy, ...copy.querySelectorAll("[id]")]) if (!part.closest("svg")) part.removeAttribute("id");
    return copy;
  }

  function whereTo(link) {
    const go = document.createElement("a");
    go.className = "preview-go";
    go.href = link.href;
    const words = link.textContent.trim().replace(/^✓\s*/, "");
    go.textContent = link.matches(".formula-executed") ? "Go to the formula index"
      : link.dataset.meaning ? "Go to the check"
      : /\/bibliography\.html$/.test(link.pathname) ? "Go to the bibliography" : `Go to ${words}`;
    return go;
  }

  // ---- opening and closing ----------------------------------------------------------------------------

  function hide() {
    clearTimeout(timer);
    shown?.removeAttribute("aria-describedby");
    shown = null;
    box.hidden = true;
  }

  async function show(link) {
    clearTimeout(timer);
    if (shown === link) return;
    hide();
    shown = link;
    const content = await contentOf(link);
    if (shown !== link) return;                       // the reader has gone on
    if (!content) {
      hide();
      if (pointer === "touch") location.href = link.href;
      return;
    }
    box.replaceChildren(content, whereTo(link));
    box.hidden = false;
    link.setAttribute("aria-describedby", box.id);
    place(link);
    // Where the book is built without Node, what comes from another page is still TeX.
    if (/\\[([]/.test(content.textContent)) {
      await window.MathJax?.typesetPromise?.([content]);
      if (shown === link) place(link);
    }
  }

  // Under the link, or over it where there is more room; never beyond the edges of the screen.
  function place(link) {
    const line = link.getClientRects()[0], edge = 8;
    const above = line.top - document.querySelector(".bd-header-article").offsetHeight - edge;
    const below = innerHeight - line.bottom - edge;
    box.style.maxHeight = `${Math.min(0.6 * innerHeight, Math.max(above, below) - 4)}px`;
    const { width, height } = box.getBoundingClientRect();
    const under = height + 4 <= below || above < below;
    const origin = (box.offsetParent || document.body).getBoundingClientRect();
    box.style.left = `${Math.max(edge, Math.min(line.left, document.documentElement.clientWidth - width - edge)) - origin.left}px`;
    box.style.top = `${(under ? line.bottom + 4 : line.top - height - 4) - origin.top}px`;
    box.dispatchEvent(new Event("toggle"));     // scrollable.js looks for boxes that go on beyond their edge
  }

  const linkOf = (event) => event.target.closest?.(LINKS);
  const inside = (event) => box.contains(event.target);

  document.addEventListener("pointerdown", (event) => { pointer = event.pointerType; }, true);
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const link = linkOf(event);
    clearTimeout(timer);
    if (link) timer = setTimeout(() => show(link), 250);
    else if (shown && !inside(event)) timer = setTimeout(hide, 250);
  });
  document.addEventListener("focusin", (event) => {
    const link = linkOf(event);
    if (link && link.matches(":focus-visible")) { pointer = "keyboard"; show(link); }
    else if (shown && !inside(event)) hide();
  });
  document.addEventListener("click", (event) => {
    const link = linkOf(event);
    if (!link) { if (!inside(event) || event.target.closest("a")) hide(); return; }
    if (pointer === "touch" && link !== shown) { event.preventDefault(); show(link); }
    else hide();
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  addEventListener("resize", hide);
})();
