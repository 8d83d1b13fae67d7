// The button "Open as notebook" of chapters and exercises (book/_ext/live_pages.py). It leads to the site's own
// Jupyter, to the section at which the reader is: #its-name, for live/toolbar.js. The menu of downloads, which is always
// in sight, has the same button. Where that cannot work, a click says why, instead of opening a page that fails.
(() => {
  "use strict";

  async function problem(address) {
    if (location.protocol === "file:")
      return "You opened this page from disk. A browser starts Python only for pages that a web server sends: "
        + "run “make serve” in the folder of the book and open the address it prints.";
    if (!("serviceWorker" in navigator) || typeof WebAssembly === "undefined")
      return "This browser cannot run Python here: it needs WebAssembly and service workers, which browsers "
        + "switch off on addresses without https and in some private windows.";
    try {
      const answer = await fetch(address, { method: "HEAD" });
      if (!answer.ok) return "This copy of the site was built without its live part: build it with “make live”.";
    } catch {
      return "The site does not answer. Are you connected to it?";
    }
    return null;
  }

  // The last heading above the middle of the window; at the top of the page, the section that the address names.
  function section() {
    const headings = [...document.querySelectorAll(".bd-article section[id] > :is(h1, h2, h3, h4, h5, h6)")];
    const passed = headings.filter((heading) => heading.offsetParent && heading.getBoundingClientRect().top < innerHeight / 2);
    const last = passed.length > 1 ? passed.at(-1) : null;
    if (last && scrollY) return last.parentElement.id;
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("section[id]:has(> :is(h2, h3, h4, h5, h6))");
    return named?.id ?? "";
  }

  const top = document.querySelector(".live-run-button"), box = document.querySelector(".live-run-problem");
  if (!top) return;
  const place = document.createElement("li"), entry = top.cloneNode(true);
  entry.className = "btn btn-sm dropdown-item live-run-here";
  entry.innerHTML = '<span class="btn__icon-container"><i class="fas fa-pencil-alt"></i></span><span class="btn__text-container">Open as notebook, here</span>';
  place.append(entry);
  document.querySelector(".dropdown-download-buttons .dropdown-menu")?.prepend(place);
  for (const button of [top, entry]) {
    const aim = () => { const id = section(); button.hash = id && `#${id}`; };
    button.addEventListener("pointerdown", aim);
    button.addEventListener("focus", aim);
    button.addEventListener("click", async (event) => {
      aim();
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;   // a tab of its own, as readers asked
      event.preventDefault();
      const reason = await problem(button.href);
      box.hidden = !reason;
      box.textContent = reason || "";
      if (reason) box.scrollIntoView({ block: "nearest" });
      else location.href = button.href;
    });
  }
})();
