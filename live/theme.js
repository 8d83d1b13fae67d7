// The theme of the book's pages for the site's own Jupyter. tools/live.py puts it before JupyterLite's own scripts, which
// read their settings from an element of the page as soon as it is filled. A theme that was chosen in Jupyter goes before.
(() => {
  "use strict";
  const chosen = (() => { try { return localStorage.getItem("mode"); } catch { return null; } })();      // as the theme of the pages keeps it
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  const settings = document.getElementById("jupyter-config-data");
  const filled = new MutationObserver(() => {
    filled.disconnect();
    const all = JSON.parse(settings.textContent);
    (all.settingsOverrides ??= {})["@jupyterlab/apputils-extension:themes"] = { theme: dark ? "JupyterLab Dark" : "JupyterLab Light" };
    settings.textContent = JSON.stringify(all);
  });
  filled.observe(settings, { childList: true });
})();
