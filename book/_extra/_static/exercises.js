// Exercises in the page: an editor for each task, Check, written answers, how far one is, and the whole as a notebook.
//
// It stands on cells.js. What the page needs to know of its notebook comes from the live part of the site
// (tools/run_in_page.py); without that the page stays as it is printed. All that a reader writes is kept in the browser:
//     cell …                the code of a cell (cells.js)
//     ran cell …            that it has run as it is (cells.js)
//     check PAGE NAME       the last message of a check, and on which code it was given
//     answer PAGE NAME      a written answer
(() => {
  "use strict";
  const { make, memory, load } = cells;
  const STUB = "Write your answer here.";
  const tasks = [], answers = [];
  let steps = [];
  const plural = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const listed = (words) => words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

  // The task that a place in the page belongs to, as messages call it: by the heading above it and the letter of the part.
  function partOf(place) {
    const [, number, heading] = /^(Task \d+): (.*)/.exec(place.closest("section")?.querySelector("h2")?.firstChild.textContent) ?? [];
    if (!number) return null;
    const letters = [...place.closest("section").querySelectorAll("p > strong:first-child")].flatMap((strong) =>
      strong.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING ? /^\d+([a-z])\b/.exec(strong.textContent)?.[1] ?? [] : []);
    const name = number + (letters.at(-1) ?? "");
    return { name, title: `${name}: ${heading}` };
  }

  // ---- a task: a cell that the student writes, and the check below it, whose code the button stands for

  class Task {
    constructor(cell, check) {
      Object.assign(this, { cell, check, name: cell.name, points: check?.points ?? 0 });
      this.key = `check ${python.page} ${cell.name}`;
      this.called = /^def (\w+)/m.exec(cell.original)?.[1] ?? "your code";
      this.part = partOf(cell.holder)?.name ?? this.called;
      const { change, run, reset, undo } = cell;                  // those of every cell
      this.reset = () => { this.undone = this.verdict; reset.call(cell); this.judge(null); };
      cell.undoButton.onclick = async () => { await undo.call(cell); this.judge(this.undone); };
      cell.change = (text) => { change.call(cell, text); this.source.value = cell.source; this.source.rows = cell.source.split("\n").length; this.show(); };
      if (check) cell.run = () => this.run(() => run.call(cell));
      cell.resetButton.onclick = () => this.reset();
      this.#placeEditor();
      this.verdict = JSON.parse(memory.get(this.key));
      cell.holder.classList.add("task");
      if (check) this.#placeCheck();
      cell.resetButton.textContent = "Reset this task";
      cell.resetButton.title = "Bring back what was handed out";
      cell.resetButton.setAttribute("aria-label", `Reset this task: ${this.called}`);
      cell.undoButton.setAttribute("aria-label", `Undo: ${this.called}`);
      this.show();
    }

    // Until it is touched, the editor is a plain field: it costs nothing, and the Tab key leads through it.
    #placeEditor() {
      const { cell } = this;
      this.source = make("textarea", {
        className: "task-source", value: cell.source, rows: cell.source.split("\n").length, spellcheck: false, autocapitalize: "off",
        onclick: () => this.open(), oninput: () => { cell.change(this.source.value); this.open(); },
        onkeydown: (event) => { if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) { event.preventDefault(); cell.run(); } },
      });
      this.source.setAttribute("aria-label", `Your code: ${this.called}`);
      cell.input.append(this.source);
    }
    async open() {
      if (this.opening) return;
      this.opening = true;
      try {
        await this.cell.edit();
        this.cell.change(this.source.value);                      // with what was typed while it was loaded
        const view = CodeMirror.EditorView.findFromDOM(this.cell.input.querySelector(".cm-editor"));
        view.dispatch({ selection: { anchor: Math.min(this.source.selectionStart, view.state.doc.length) } });
      } catch { /* offline, say: the field stays, and can be typed in */ }
      this.opening = false;
    }

    #placeCheck() {
      const { cell, check } = this;
      cell.runButton.textContent = "Check";
      cell.runButton.title = "Run your code and check it (Shift + Enter)";
      cell.runButton.setAttribute("aria-label", `Check: ${this.called}`);
      check.holder.classList.add("task-check");
      this.hints = hintsOf(cell);
      if (this.hints.length) {
        this.hint = make("button", { type: "button", className: "hint-button", onclick: () => this.#showHint() });
        cell.resetButton.before(this.hint);
        this.hints.forEach((hint) => {
          hint.classList.add("task-hint");
          hint.addEventListener("toggle", () => {
            if (!hint.open && hint.contains(document.activeElement)) this.hint.focus({ preventScroll: true });
            this.show();
          });
        });
      }
      this.message = make("div", { className: "task-message" });
      this.message.setAttribute("role", "status");
      cell.bar.after(this.message);
    }
    #showHint() {
      const hint = this.hints.find(({ open }) => !open) ?? this.hints.at(-1);
      hint.open = true;
      hint.querySelector("summary").focus({ preventScroll: true });
      hint.scrollIntoView({ block: "nearest" });
    }

    judge(verdict) {
      this.verdict = verdict;
      memory.set(this.key, verdict && JSON.stringify(verdict));
      this.shown = null;                                          // said again, if it is the same
      this.show();
    }
    get right() { return this.verdict?.right === true && this.verdict.source === this.cell.source; }

    show() {
      if (this.hint) {
        const next = this.hints.findIndex(({ open }) => !open);
        this.hint.textContent = this.hints.length === 1 ? "Hint" : `Hint ${(next < 0 ? this.hints.length : next + 1)} of ${this.hints.length}`;
        this.hint.hidden = next < 0;                                // all of them are open
        this.hint.setAttribute("aria-label", `${this.hint.textContent}: ${this.called}`);
      }
      if (this.check) {
        const outdated = this.verdict?.right && !this.right, again = this.verdict && this.cell.running;
        const state = again ? "checking" : !this.verdict || outdated ? "" : this.verdict.right ? "right" : "wrong";
        const lines = again ? ["Being checked again …"] : outdated ? ["Changed since it was right: check it again."] : this.verdict?.lines ?? [];
        this.message.style.minHeight = again ? `${this.message.offsetHeight}px` : "";       // nothing below it moves
        if (this.shown !== lines.join("\n")) this.message.replaceChildren(...lines.map(line));
        this.shown = lines.join("\n");
        this.message.dataset.state = state;
      }
      bar?.show();
    }

    // Run the student's cell, with what it needs above, then the check.
    async run(runCell) {
      const { cell, check } = this;
      if (cell.running) return;
      const pressed = document.activeElement === cell.runButton, source = cell.source, lines = [];
      const running = runCell();
      this.show();
      let right = await running;
      if (right) {
        cell.running = true;
        cell.show();
        cell.say("Checking …");
        const answer = await python.run(check.source, { name: "the check", onOutput: ({ kind, text, name, message }) => {
          if (kind === "text" || kind === "error") lines.push(...(name === "NotRight" ? message : text).trimEnd().split("\n"));
        } });
        right = answer.ok;
        cell.say(answer.ended ? "Python did not listen and was ended. The next check starts it again." : "", answer.ended);
        cell.running = false;
        cell.show();
      }
      this.judge(lines.length ? { right: right === true, source, lines } : null);
      if (lines.length) bar.settle();
      if (pressed && document.activeElement === document.body) cell.runButton.focus({ preventScroll: true });
      return right;
    }
  }

  // Sentences as sentences, and what is code or numbers as it stands.
  const line = (text) => /^\s|^in line /.test(text) ? make("pre", { textContent: text })
    : make("p", {}, ...text.split("`").map((part, place) => place % 2 ? make("code", { textContent: part }) : part));

  // The folds with hints in the statement above a cell: back to what was handed out before it.
  function hintsOf(cell) {
    const found = [];
    for (let above = cell.holder.previousElementSibling; above && !above.matches(".cell, .task-answer"); above = above.previousElementSibling)
      if (above.matches("details") && /^Hint/.test(above.querySelector("summary")?.textContent)) found.unshift(above);
    return found;
  }

  // ---- a written answer, in the place of the words that ask for it

  class Answer {
    constructor(place, { name, id, points }) {
      Object.assign(this, { name, id, points: points ?? 0, solution: true, key: `answer ${python.page} ${name}` });
      const { name: part, title } = partOf(place) ?? {};
      this.part = part ? `the answer to ${part}` : name;
      const label = make("label", { textContent: part ? `Your answer to ${part}` : "Your answer" });
      this.field = make("textarea", { rows: 4, placeholder: "Markdown, with formulas as $x^2$", oninput: () => this.keep() });
      this.field.setAttribute("aria-label", title ? `Your answer to ${title}` : "Your answer");
      label.append(make("span", { textContent: ` · read by whoever marks your notebook${points ? `, for ${plural(points, "point")}` : ""}` }));
      label.append(this.field);
      this.previewButton = make("button", { type: "button", onclick: () => { this.previewed = !this.previewed; this.#showPreview(); } });
      this.preview = make("div", { className: "task-preview" });
      place.replaceWith(make("div", { className: "task-answer" }, label, this.previewButton, this.preview));
      this.text = memory.get(this.key) ?? "";
    }
    get text() { return this.field.value; }
    set text(wanted) { this.field.value = wanted; this.keep(); }
    keep() {
      memory.set(this.key, this.text.trim() ? this.text : null);
      this.field.style.height = "auto";                          // as high as what is in it
      if (this.field.scrollHeight > this.field.clientHeight) this.field.style.height = `${this.field.scrollHeight + 4}px`;
      this.#showPreview();
      bar?.show();
    }
    // How it reads, with its formulas typeset. What typesets them is fetched when a reader asks for it, not before.
    async #showPreview() {
      const { text } = this, wanted = this.previewed === true && text.includes("$");
      this.previewButton.hidden = !text.includes("$");
      this.previewButton.textContent = wanted ? "Hide the preview" : "Preview the formulas";
      this.preview.hidden = !wanted;
      if (!wanted) return;
      let shown;
      try {
        await load("typeset.js");
        shown = await typeset(text);
      } catch (error) {
        shown = [make("p", { textContent: error.message })];
      }
      if (text === this.text) this.preview.replaceChildren(...shown);        // nothing was typed meanwhile
    }
  }

  // ---- the bar: how far one is, and the notebook

  class Bar {
    constructor() {
      const button = (text, more, end, act) => make("button", { type: "button", onclick: act }, text, make("span", { className: "task-more", textContent: more }), end);
      this.words = make("span", { className: "task-progress" });
      this.file = make("input", { type: "file", accept: ".ipynb,application/json", hidden: true, onchange: () => this.#open() });
      this.news = make("div", { className: "task-news" });
      this.news.setAttribute("role", "status");
      this.element = make("div", { className: "task-bar" }, this.words,
        button("Download", " as notebook", "", () => download().then(() => this.settle(), (error) => this.refuse(error.message))),
        button("Open", " a notebook again", " …", () => this.file.click()), this.file, this.news);
      this.element.setAttribute("role", "region");
      this.element.setAttribute("aria-label", "How far you are");
    }
    show() {
      const checked = tasks.filter(({ check }) => check), right = checked.filter((task) => task.right);
      const points = (some) => some.reduce((sum, task) => sum + task.points, 0);
      const written = answers.filter(({ text }) => text.trim()).length, read = points(answers);
      this.element.style.setProperty("--done", (right.length + written) / (checked.length + answers.length));      // a line below says it, too
      this.words.replaceChildren(`${right.length} of ${plural(checked.length, "task")}, ${points(right)} of ${plural(points(checked), "point")}`);
      if (answers.length) this.words.append(` · ${written} of ${plural(answers.length, "answer")}`, make("span", { className: "task-more", textContent: ` written${read ? ` (${plural(read, "point")})` : ""}` }));
    }
    refuse(words) { this.tell(words); this.refused = true; }
    // What was refused is of no interest once something else has been done.
    settle() { if (this.refused) { this.refused = false; this.news.replaceChildren(); } }
    tell(...words) {
      this.refused = false;
      this.news.replaceChildren(...words, make("button", { type: "button", textContent: "Close", onclick: () => this.news.replaceChildren() }));
    }
    async #open() {
      const [file] = this.file.files;
      this.file.value = "";                                      // the same file may be opened again
      if (!file) return;
      try {
        const before = everything(), told = fill(JSON.parse(await file.text()));
        this.tell(make("p", { textContent: `${file.name}: ${told}` }),
          make("button", { type: "button", textContent: "Check all tasks", onclick: () => checkAll() }),
          make("button", { type: "button", textContent: "Undo", onclick: () => { restore(before); this.tell("All is as it was before."); } }));
      } catch (error) {
        this.refuse(`${file.name}: ${error instanceof SyntaxError ? "this is no notebook, or a damaged one." : error.message} Nothing was changed.`);
      }
    }
  }
  let bar = null;

  async function checkAll() {
    for (const { check, cell } of tasks) if (check) await cell.run();
  }

  // ---- the notebook: as the download button gives it, with what stands in the page

  let taken = null;
  window.exercise = { take: (notebook) => { taken = notebook; } };         // called by the script of the notebook
  async function notebook() {
    await load(`../live/run/notebooks/${python.page}.js`);
    return structuredClone(taken);
  }
  const nameOf = (cell) => cell.metadata?.nbgrader?.grade_id;
  const sourceOf = ({ source }) => Array.isArray(source) ? source.join("") : String(source ?? "");
  const lines = (text) => text.match(/[^\n]*\n|[^\n]+/g) ?? [];             // as Jupyter stores a text

  async function download() {
    const made = await notebook();
    const code = made.cells.filter((cell) => cell.cell_type === "code" && sourceOf(cell).trim());
    const [install] = code.splice(0, 1);                          // put before the cells of the exercise (tools/download.py)
    const wheels = new URL("_downloads/", python.root);
    if (location.protocol.startsWith("http")) install.source = sourceOf(install).replace('SITE = ""', `SITE = "${wheels}"`);
    code.forEach((cell, place) => {
      if (steps[place].edited) cell.source = lines(steps[place].source);
      [cell.outputs, cell.execution_count] = [[], null];
    });
    for (const { name, text } of answers)
      if (text.trim()) made.cells.find((cell) => nameOf(cell) === name).source = lines(text);
    const link = make("a", { download: `${python.page.split("/").at(-1)}.ipynb` });
    link.href = URL.createObjectURL(new Blob([JSON.stringify(made, null, 1), "\n"], { type: "application/x-ipynb+json" }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  function startAgain() {
    const before = everything(), verdicts = tasks.map(({ verdict }) => verdict);
    tasks.forEach((task) => task.reset());
    cells.reset();
    answers.forEach((answer) => { answer.text = ""; });
    bar.tell(make("p", { textContent: "All tasks and answers are as they were handed out." }), make("button", { type: "button", textContent: "Undo", onclick: () => {
      restore(before);
      tasks.forEach((task, place) => task.judge(verdicts[place]));
      bar.tell("All is as it was before.");
    } }));
    bar.news.querySelector("button").focus({ preventScroll: true });
  }

  const everything = () => [...cells.list.map((cell) => [cell, cell.source]), ...answers.map((answer) => [answer, answer.text])];
  function restore(all) {
    for (const [where, text] of all) where instanceof Answer ? where.text = text : write(where, text);
  }
  function write(cell, text) {
    if (text === cell.source) return;
    cell.change(text);
    if (cell.edited && !cell.input.querySelector(".run-editor, .task-source")) cell.edit({ focus: false });
  }

  // Put what a student wrote into the page, and say what. A cell is known by nbgrader's name, or where that is lost by its
  // id. What was handed out complete stays as it is printed: it may have changed with an edition of the book.
  function fill(notebook) {
    if (!Array.isArray(notebook?.cells)) throw new Error("this is no notebook.");
    const known = new Map(), own = [], changed = [];
    const places = [...cells.list, ...answers];
    const complete = ({ name, solution }) => name && solution === undefined;
    for (const cell of notebook.cells) {
      const place = places.find(({ name }) => name && name === nameOf(cell)) ?? (nameOf(cell) ? null : places.find(({ id }) => id && id === cell.id));
      if (place && complete(place)) place.original.trim() === sourceOf(cell).trim() || changed.push(place.name);
      else if (place) known.set(place, sourceOf(cell));
      else if (cell.cell_type === "code" && cell.id !== "install" && sourceOf(cell).trim() && !nameOf(cell)
        && !cells.list.some(({ original }) => original.trim() === sourceOf(cell).trim())) own.push(sourceOf(cell).trim());
    }
    if (!tasks.some(({ cell }) => known.has(cell))) throw new Error("it belongs to another set: none of the tasks of this page is in it.");
    for (const [place, text] of known)
      place instanceof Answer ? place.text = text.includes(STUB) && text.trim().length <= STUB.length + 2 ? "" : text : write(place, text);
    const functions = tasks.filter(({ cell }) => known.has(cell) && cell.edited).length;
    const written = answers.filter((answer) => known.has(answer) && answer.text.trim()).length;
    const missing = [...tasks, ...answers].filter((each) => !known.has(each.cell ?? each)).map(({ part }) => part);
    return [`put into the page: ${listed([plural(functions, "task"), ...answers.length ? [plural(written, "written answer")] : []])}. Points come with a check.`,
      missing.length ? `Not in the file: ${listed(missing)}, which stay as they are.` : "",
      changed.length ? `Not taken: changes to what was handed out complete (${listed(changed)}).` : "",
      own.length ? `Not taken: ${plural(own.length, "cell")} of your own, which the page has no place for (${listed(own.map((text) => `“${text.split("\n")[0].slice(0, 40)}”`))}).` : "",
    ].filter(Boolean).join(" ");
  }

  // ---- the page

  async function begin() {
    let about;
    try {
      await load("python.js");
      about = await python.notebook();
      steps = await cells.placed();
    } catch {
      return;                                                     // no live part: the page is for reading
    }
    const fields = [...document.querySelectorAll(".bd-article p > em:only-child")].filter((words) => words.textContent === STUB && words.parentElement.textContent === STUB);
    if (fields.length !== (about.answers ?? []).length) return;
    for (const cell of cells.list) {
      const at = steps.indexOf(cell), check = cell.solution && steps[at + 1]?.points && !steps[at + 1].solution ? steps[at + 1] : null;
      cell.needs = async (above) => {                             // a task is run for its check
        const needed = await python.call("runner:needed", [steps.map(({ source }) => source), check ? at + 1 : at]);
        return needed.filter((place) => place < at).map((place) => above[place]);
      };
      if (cell.solution) tasks.push(new Task(cell, check));
    }
    fields.forEach((words, place) => answers.push(new Answer(words.parentElement, about.answers[place])));
    bar = new Bar();
    const title = document.querySelector(".bd-article h1"), under = title.parentElement.querySelector(":scope > .live-run") ?? title;
    under.after(make("p", { className: "task-how" }, "Write your code below each task and press ", make("em", { textContent: "Check" }),
      ". What you write is kept in this browser, also when you close the page; nothing is sent anywhere. ",
      make("button", { type: "button", textContent: "Start again", title: "Bring back the whole set as it was handed out", onclick: startAgain })), bar.element);
    bar.show();
    const last = cells.list.find(({ original }) => /^progress\(/.test(original));
    if (last) {
      const { run } = last;
      last.runButton.textContent = "Check all tasks";
      last.runButton.setAttribute("aria-label", "Check all tasks");
      last.run = async () => { await checkAll(); return run.call(last); };
    }
  }
  begin();
})();
