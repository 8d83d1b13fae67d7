// The button "Open as notebook" of chapters and exercises (book/_ext/live_pages.py). It leads to the site's own
// Jupyter. Where that cannot work, a click says why, instead of opening a page that fails.
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

  document.querySelectorAll(".live-run-button").forEach((button) => {
    button.addEventListener("click", async (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;   // a tab of its own, as readers asked
      event.preventDefault();
      const reason = await problem(button.href);
      const box = button.parentElement.querySelector(".live-run-problem");
      box.hidden = !reason;
      box.textContent = reason || "";
      if (!reason) location.href = button.href;
    });
  });
})();
