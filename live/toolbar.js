// The line above a notebook of the book: what Python is doing, and what readers need most.
// tools/live.py puts it into live/notebooks/index.html; the rest of the page is JupyterLite.
(async () => {
  "use strict";

  const SITE = new URL("../..", location.href);                    // the book's own pages
  const path = new URLSearchParams(location.search).get("path") || "";

  const bar = document.createElement("div");
  bar.id = "live-toolbar";
  bar.innerHTML = `
    <span class="live-state" role="status"><span class="live-light"></span> <span class="live-words"></span></span>
    <button data-do="run" disabled>▶ Run all<span> cells</span></button>
    <button data-do="download" disabled>Download</button>
    <button data-do="reset" disabled>Start again</button>
    <a class="live-page">Page<span> in the book</span></a>`;
  document.body.prepend(bar);
  const words = bar.querySelector(".live-words");
  const buttons = bar.querySelectorAll("button");
  const pageLink = bar.querySelector(".live-page");
  pageLink.href = pageOf(path);

  function say(state, text) {
    bar.dataset.state = state;
    if (words.textContent !== text) words.textContent = text;
  }

  // book/04-gradient-descent.ipynb, #eq-gd-step ↦ the page, the formula on it
  function pageOf(notebook, target = "") {
    const label = target.replace(/^#(?=eq-)/, "#equation-");
    return new URL(notebook.replace(/\.ipynb$/, ".html"), SITE).href + label;
  }

  const until = (ready) =>
    new Promise((done) => {
      const look = setInterval(() => {
        const value = ready();
        if (value) done(value, clearInterval(look));
      }, 200);
    });

  say("loading", "Opening the notebook …");
  const opened = performance.now();
  const app = await until(() => window.jupyterapp);
  const panel = await until(() => app.shell.currentWidget?.context?.isReady && app.shell.currentWidget);
  const { context } = panel;

  // What is typed is saved every few seconds. A page that is left before keeps the rest itself, for its next opening.
  const UNSAVED = `unsaved ${path}`;
  const unsaved = localStorage.getItem(UNSAVED);
  if (unsaved) {
    context.model.fromJSON(JSON.parse(unsaved));
    await context.save();
    localStorage.removeItem(UNSAVED);
  }

  for (const { model, node } of panel.content.widgets)
    if (model.getMetadata("tags")?.includes("photograph")) node.classList.add("live-photograph");     // stays as it is in the dark

  // The section at which the reader was in the page: #its-name, as Sphinx makes it of a heading.
  const nameOf = (heading) => heading.normalize("NFKD").toLowerCase().replace(/[^\x00-\x7f]/g, "").replace(/[^a-z0-9]+/g, "-")
    .replace(/^[\d-]+|-+$/g, "").replace(/-optional$/, "");
  async function show(section) {
    for (const widget of panel.content.widgets) {
      if (widget.model.type !== "markdown") continue;
      const headings = [...widget.model.sharedModel.getSource().matchAll(/^(?:#{1,6} ([^\n]*)|```.*?^```)$/gms)].filter(([, heading]) => heading);
      const place = headings.findIndex(([, heading]) => nameOf(heading) === section);
      if (place < 0) continue;
      panel.content.activeCellIndex = panel.content.widgets.indexOf(widget);
      await widget.ready;
      const heading = await until(() => widget.node.querySelectorAll(".jp-MarkdownOutput :is(h1, h2, h3, h4, h5, h6)")[place]);
      // What is above still grows, as formulas are typeset: stay at the heading, until the reader moves.
      const stay = () => heading.scrollIntoView({ block: "start" });
      const grows = new ResizeObserver(stay), end = () => grows.disconnect();
      for (const each of panel.content.widgets.slice(0, panel.content.activeCellIndex)) grows.observe(each.node);
      for (const moved of ["wheel", "pointerdown", "keydown", "touchstart"]) addEventListener(moved, end, { once: true, capture: true });
      setTimeout(end, 20_000);
      return stay();
    }
  }
  if (location.hash) show(nameOf(decodeURIComponent(location.hash.slice(1))));

  addEventListener("pagehide", () => {
    if (!context.model.dirty) return;
    const notebook = context.model.toJSON(), keep = () => localStorage.setItem(UNSAVED, JSON.stringify(notebook));
    try { keep(); } catch {                              // too large: without what can be computed again
      notebook.cells.forEach((cell) => { if (cell.outputs) cell.outputs = []; });
      keep();
    }
  });

  // Jupyter's own command would stop at the first unfinished task: here it does not know of errors that are allowed.
  async function runEach(notebook) {
    const before = notebook.activeCellIndex;
    for (const [index, { model }] of notebook.widgets.entries()) {
      if (model.type !== "code") continue;
      notebook.activeCellIndex = index;
      await app.commands.execute("notebook:run-cell").catch(() => {});
      if (failed(model) && !mayFail(model)) return;
    }
    notebook.activeCellIndex = before;
  }
  const failed = ({ outputs }) => [...Array(outputs.length).keys()].some((i) => outputs.get(i).type === "error");
  const mayFail = (model) => model.getMetadata("tags")?.includes("raises-exception");

  const actions = {
    run: () =>
      panel.content.widgets.some(({ model }) => mayFail(model))
        ? runEach(panel.content)
        : app.commands.execute("notebook:run-all-cells"),
    download: async () => {
      await context.save();
      await app.commands.execute("docmanager:download");
    },
    reset: async () => {
      if (!confirm("Throw away your changes to this notebook, and begin with the original?")) return;
      await context.save();                              // nothing is left to be saved afterwards
      await app.serviceManager.contents.delete(path);    // the reader's copy; the site's stays
      await context.revert();
    },
  };
  buttons.forEach((button) => button.addEventListener("click", () => actions[button.dataset.do]()));
  buttons.forEach((button) => (button.disabled = button.dataset.do === "run"));

  // JupyterLab would take the arrow keys, even from a slider that has the focus.
  window.addEventListener("keydown", (event) => {
    event.target.closest?.("[role=slider]")?.setAttribute("data-lm-suppress-shortcuts", "true");
  }, true);

  // Links into other notebooks lead to their pages, where formulas have addresses.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-commandlinker-args]");
    if (!link) return;
    const { path: notebook, id } = JSON.parse(link.dataset.commandlinkerArgs);
    if (!notebook?.endsWith(".ipynb")) return;
    event.preventDefault();
    event.stopPropagation();
    window.open(pageOf(notebook.replace(/^.*:/, ""), id), "_blank");
  }, true);

  // What Python is doing. "unknown" lasts until it has been fetched and started.
  let started = false;
  setInterval(() => {
    const status = context.sessionContext.kernelDisplayStatus;
    const seconds = Math.round((performance.now() - opened) / 1000);
    if (status === "idle" || status === "busy") started = true;
    if (started) bar.querySelector("[data-do=run]").disabled = false;
    if (status === "idle") say("ready", "Python is ready");
    else if (status === "busy") say("busy", "Running …");
    else if (/restart|start|initial|unknown|connect/.test(status)) {
      started = started && !/restart/.test(status);
      if (seconds > 120 && !started) say("failed", "Python did not start. Reload the page, or try another browser.");
      else say("loading", `Fetching and starting Python … ${seconds} s`);
    } else say("failed", `Python stopped (${status}). Choose Kernel → Restart.`);
  }, 300);
})();
