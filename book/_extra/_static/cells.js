// Run and Edit on each cell of a page (book/_ext/live_pages.py). Nothing of Python is loaded before a reader asks for it.
//
// `cells.list` has a Cell for each piece of code in the page, in its order. A Cell has
//     input, bar, note      its code, the line of buttons below it, and what that line says
//     source, original      its code as the reader has it, and as it is printed
//     run(), edit(), change(text), reset()
//     name, points          in exercises what nbgrader says of it; known after `await cells.placed()`, as id, solution
//                           and mayFail are (tools/run_in_page.py)
(() => {
  "use strict";
  const here = new URL(".", document.currentScript.src), { version } = document.currentScript.dataset;
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const memory = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value); } catch { /* for this page */ } },
  };
  // What is loaded later is of the build of this page, whatever the browser has kept. Files on disk need no version.
  const scripts = new Map();
  const addressOf = (name) => new URL(location.protocol === "file:" || !version ? name : `${name}?v=${version}`, here);
  const load = (name) => {
    if (!scripts.has(name))
      scripts.set(name, new Promise((resolve, reject) => {
        document.head.append(make("script", { src: addressOf(name), onload: resolve, onerror: () => {
          scripts.delete(name);                                // the next click tries again
          reject(new Error(`The site did not send ${name.split("/").at(-1)}. Are you connected to it?`));
        } }));
      }));
    return scripts.get(name);
  };
  const hash = (text) => [...text].reduce((sum, letter) => ((sum * 33) ^ letter.codePointAt(0)) >>> 0, 5381).toString(36);
  const seconds = (value) => value < 1 ? `${Math.max(1, Math.round(value * 1000))} ms` : `${value.toFixed(1)} s`;
  const ENDED = "Stopped. Python had to be ended for that, so what was computed is lost; the next run starts it again.";
  const WIDGET = " Its sliders now stop between the ticks, too.";
  const DIFFERS = "A check of the chapter does not hold here for what you changed.";
  // A reader's own function need not pass the chapter's checks: what is below runs nevertheless.
  const differs = (error) => error === "AssertionError" && list.some((cell) => cell.edited);
  const saidOf = (error) => differs(error) ? DIFFERS : "This cell has an error.";
  const page = new URL(location.href).pathname.slice(new URL("..", here).pathname.length);

  class Cell {
    ran = null;                  // the source with which it has run, if what it needs has not changed since
    #editor = null;
    #opening = null;             // the promise of the editor
    #printed;                    // the code as it is printed, which an editor hides
    #output = null;              // what its last run has put out, in the place of what is stored
    #failed = null;              // of a widget: what a run has put out that ended without a picture
    #growing = null;             // the part that still grows: printed text
    #undone = null;              // what Reset has thrown away
    follows = new Set();         // cells whose widget is drawn again when this one has run
    stopped = false;             // whether a slider that came alive by itself has failed: it does so once

    constructor(input, place, again) {
      Object.assign(this, { input, place });
      const code = input.querySelector("pre");
      this.#printed = code.closest("div.highlight").parentElement;
      this.source = this.original = code.textContent.replace(/\n$/, "");
      this.key = `cell ${page} ${hash(this.original)}${again ? ` ${again}` : ""}`;
      this.#placeBar();
      this.ranBefore = memory.get(`ran ${this.key}`) !== null;
      const saved = memory.get(this.key);
      if (saved !== null && saved !== this.original) {
        this.source = saved;
        this.edit({ focus: false }).catch((error) => this.say(error.message, true));
      }
      this.show();
    }

    get holder() { return this.input.closest("div.cell"); }
    get edited() { return this.source !== this.original; }
    get touched() { return this.edited || Boolean(this.#output ?? this.#failed); }
    get stored() {               // a cell may hold the code of earlier ones, which put nothing out: its last code is its own
      const codes = this.holder.querySelectorAll(".cell_input");
      return codes[codes.length - 1] === this.input ? this.holder.querySelector(".cell_output:not(.run-output)") : null;
    }

    // The line stands below the code; where the code is folded away under its picture, below that.
    #placeBar() {
      const button = (className, text, act, title) => make("button", { type: "button", className, textContent: text, title,
        onclick: async () => { try { await act(); } catch (error) { this.say(error.message, true); } } });
      this.runButton = button("run-button", "Run", () => this.run(), "Run this cell, and before it the cells above that have not run. All cells share their variables, as in Jupyter");
      this.editButton = this.widget
        ? button("edit-button", "Try your own", () => this.tryOwn(), "Put a function of your own in the place of one that draws this picture")
        : button("edit-button", "Edit", () => this.edit(), "Change this cell. What you change stays in this browser");
      this.closeButton = button("close-button", "Close", () => this.close(), "Close the editor");
      this.stopButton = button("stop-button", "Stop", () => python.stop(), "Stop Python");
      this.resetButton = button("reset-button", "Reset", () => this.reset(), "Bring back the printed cell and its printed output");
      this.undoButton = button("undo-button", "Undo", () => this.undo(), "Bring back what you had written");
      this.pictureButton = button("picture-button", "Show the picture", () => this.#showPicture(), "Go to the picture that is drawn with this cell");
      const all = [this.runButton, this.editButton, this.closeButton, this.stopButton, this.resetButton, this.undoButton, this.pictureButton];
      const about = this.original.split("\n").find((line) => line.trim()) ?? "";
      for (const each of all)
        each.setAttribute("aria-label", `${each.textContent}: ${about.slice(0, 60)}`);
      this.note = make("span", { className: "run-note", role: "status" });
      this.bar = make("div", { className: "run-bar" }, ...all, this.note);
      const fold = this.stored && this.input.closest("details.fold-drawing");
      (fold ?? this.input).after(this.bar);
    }

    get widget() { return this.stored?.querySelector("figure.explorer") ?? null; }

    // What can be done now.
    show() {
      this.runButton.hidden = this.running === true;
      this.stopButton.hidden = !this.running;
      this.editButton.hidden = Boolean(this.#editor);
      this.closeButton.hidden = !this.#editor || this.edited || this.running === true;
      this.undoButton.hidden = this.#undone === null || this.running === true;
      this.pictureButton.hidden = !this.follows.size || this.running === true;
      this.resetButton.hidden = this.running || !this.touched;
      this.bar.classList.toggle("run-touched", Boolean(this.#editor) || !this.resetButton.hidden || !this.undoButton.hidden || this.running === true);
      whole.show();
    }
    say(words, problem = false) {
      if (this.note.textContent !== words) this.note.textContent = words;
      this.note.classList.toggle("run-problem", problem);
    }
    #sayEdited() {
      const printed = this.#output ? "" : this.ranBefore ? " You had run it, too: run it again to see what it puts out."
        : this.stored ? " The output is still the printed one." : "";
      this.say(this.edited ? `You changed this cell. The change is kept in this browser.${printed}` : "");
    }

    // ---- editing

    async edit({ focus = true } = {}) {
      this.input.closest("details")?.setAttribute("open", "");
      const isOpen = this.#editor !== null;
      await (this.#opening ??= this.#open().finally(() => { this.#opening = null; }));
      if (focus) this.#editor.focus();
      if (focus && !isOpen) load("python.js").then(() => python.start()).catch(() => {});     // who edits will run
    }
    async #open() {
      if (this.#editor) return;
      await load("editor.js");
      const box = make("div", { className: "run-editor highlight" });
      this.#editor = await cellEditor(box, this.source, {
        label: `Code: ${this.original.split("\n")[0].slice(0, 60)}`,
        onChange: (text) => this.change(text),
        onRun: () => this.run(),
      });
      this.#printed.hidden = true;
      this.input.append(box);
      this.show();
      this.#sayEdited();
    }
    // Give the cell another text, as if it had been typed.
    change(text) {
      if (this.#editor && this.#editor.text !== text) { this.#editor.text = text; return; }
      this.source = text;
      this.#undone = null;
      this.#remember({ ran: false });
      this.show();
      this.#sayEdited();
    }

    #remember({ ran }) {
      this.ranBefore = ran && this.edited;
      memory.set(this.key, this.edited ? this.source : null);
      memory.set(`ran ${this.key}`, this.ranBefore ? "" : null);
    }
    close() {
      this.#removeEditor();
      this.say("");
      this.show();
      this.editButton.focus();
    }
    #removeEditor() {
      this.#editor?.remove();
      this.#editor = null;
      this.input.querySelectorAll(".run-editor, .run-prompt").forEach((each) => each.remove());
      this.#printed.hidden = false;
    }

    // ---- a widget: what draws it, and a reader's own in its place

    // The functions that draw it, as { name, cell }: those of its cell, of which the first one computes and the last one
    // draws, then those of cells above that it uses. What only puts something into words is none of them.
    #functions() {
      const code = this.source.replace(/#.*$|"[^"\n]*"|'[^'\n]*'/gm, ""), draws = /^explore\((\w+)/m.exec(code)?.[1], found = new Map();
      const uses = (name) => new RegExp(`(?<![.\\w])${name}\\b(?!\\s*=(?!=))`).test(code);
      const words = (name, whole) => new RegExp(`\\balt=${name}\\b`).test(code) || /^\s+return\s*\(?f?["']/m.test(whole);
      for (const cell of list.slice(0, list.indexOf(this) + 1).reverse())
        for (const [whole, name] of cell.source.matchAll(/^def (\w+)\(.*(?:\n(?:[ \t].*)?)*/gm))
          if (uses(name) && !found.has(name) && (name === draws || (!words(name, whole) && (cell === this || !/^draw_/.test(name))))) found.set(name, { name, cell });
      return [...found.values()].slice(0, 4);
    }
    async tryOwn() {
      const functions = this.#functions();
      await this.edit();
      const words = make("p", { className: "run-prompt", id: `prompt-${this.place}` });
      const names = functions.map(({ name, cell }) => make("button", { type: "button", textContent: name, onclick: () => cell.#editFunction(name, this) }));
      const listed = names.flatMap((button, place) => [place ? place === names.length - 1 ? " or " : ", " : "", button]);
      words.append(...names.length ? ["Your own function in this picture: change ", ...listed] : ["Your own picture: change what this cell draws"], `${names.length > 1 ? "," : ""} and press Run. The picture follows.`);
      this.input.querySelector(".run-editor").before(words);
      this.input.querySelector(".cm-content").setAttribute("aria-describedby", words.id);
      if (functions[0]?.cell === this) this.#editFunction(functions[0].name, this);
    }
    // Put the cursor into the first line of a function; the widget that it draws follows.
    async #editFunction(name, widget) {
      await this.edit();
      if (this !== widget) {
        this.follows.add(widget);
        this.say("Change it, and press Run. The picture follows.");
        this.show();
      }
      const inside = new RegExp(`^def ${name}\\(.*\\n\\s*`, "m").exec(this.source);
      if (inside) this.#editor.place(inside.index + inside[0].length);
    }
    #showPicture() {
      const [widget] = this.follows;
      widget.holder.scrollIntoView({ block: "start" });
      widget.runButton.focus({ preventScroll: true });
    }

    // Bring back what is printed.
    reset() {
      const written = this.edited ? this.source : null;
      if (this.edited) this.change(this.original);
      this.#removeEditor();
      discard(this.#output);
      discard(this.#failed);
      if (this.stored) this.stored.hidden = false;
      this.#output = this.#failed = null;
      this.#undone = written;
      this.say(written === null ? "" : "The cell is as it was printed.");
      this.show();
      this.runButton.focus({ preventScroll: true });
    }
    async undo() {
      const written = this.#undone;
      await this.edit();
      this.change(written);
    }

    // ---- running

    // Which of the steps above have to run before: all of them, unless somebody knows better.
    needs(above) { return above; }

    // Run this cell, and bring what a reader's own widget shows into sight; resolves to whether it ended well.
    async run({ scroll = true } = {}) {
      if (this.running) return;
      const pressed = document.activeElement === this.runButton;
      this.running = true;
      this.show();
      try {
        this.say("Python starts …");
        await Promise.all([load("python.js"), document.querySelector(".explorer") && load("live-widgets.js")]);
        await this.#whileStarting();
        const above = (await placed()).slice(0, steps.indexOf(this));
        const before = (await this.needs(above)).filter((step) => step.ran !== step.source);
        for (const [done, step] of before.entries()) {
          this.say(`Running the cells above: ${done + 1} of ${before.length} …`);
          const { ok, ended, error } = await step.execute(false, this);
          if (ended) return this.say(ENDED, true);
          if (!ok && step.ran === null) return this.say(error === "KeyboardInterrupt" ? "Stopped." : "A cell above has an error, so this one was not run.", true);
        }
        const { ok, ended, error, time } = await this.execute(true, this);
        if (ended) this.say(ENDED, true);
        else if (!ok) {
          this.say(error === "KeyboardInterrupt" ? "Stopped." : saidOf(error), true);
          if (scroll && this.#editor && this.fresh.isConnected) this.fresh.scrollIntoView({ block: "nearest" });
        } else {
          this.say(`Ran in ${seconds(time)}${this.edited ? ", as you changed it" : ""}.${this.fresh.querySelector(".explorer") ? WIDGET : ""}`);
          this.#remember({ ran: true });
          if (scroll && this.widget && this.#editor) this.fresh.scrollIntoView({ block: "nearest" });
        }
        if (this.ran !== null) this.follows.forEach((widget) => widget.run({ scroll: false }));
        return ok;
      } catch (error) {
        this.say(error.message, true);
      } finally {
        clearInterval(this.clock);
        this.running = false;
        this.show();
        if (pressed && document.activeElement === document.body) this.runButton.focus({ preventScroll: true });
      }
    }

    async #whileStarting() {
      const began = performance.now();
      const tell = () => this.say(python.state === "starting" ? `${python.words} … ${Math.round((performance.now() - began) / 1000)} s` : "");
      this.clock = setInterval(tell, 1000);
      python.addEventListener("state", tell);
      try { await python.start(); } finally { clearInterval(this.clock); python.removeEventListener("state", tell); }
    }

    // Run this cell alone. Its output is shown if `visible`, and an error in any case; `who` tells how it goes.
    async execute(visible, who) {
      const source = this.source;
      let begun = false, error = null, answer;
      const wait = setTimeout(() => { if (!begun) who.say("Python is still busy …"); }, 700);
      const onTurn = () => {
        begun = true;
        if (!visible) return;
        const start = performance.now();
        who.say("Running …");
        who.clock = setInterval(() => who.say(`Running … ${Math.round((performance.now() - start) / 1000)} s`), 1000);
      };
      const onOutput = (output) => {
        if (output.kind === "note") return who.say(`${output.words} …`);
        if (output.kind === "error") error = output.name;
        if (error === "KeyboardInterrupt") return;             // the line of buttons says so
        if (visible) return this.put(output);
        if (output.kind !== "error" || this.mayFail) return;
        this.begin();
        this.put(output);
        this.end(false);
        this.say(saidOf(error), true);
        this.show();
      };
      if (visible) this.begin();
      try {
        answer = await python.run(source, { name: `cell ${this.place + 1}`, onTurn, onOutput });
      } finally {
        clearTimeout(wait);
        clearInterval(who.clock);
      }
      if (visible) this.end(answer.ok);
      if (this.ran !== null && this.ran !== source) steps.slice(steps.indexOf(this) + 1).forEach((step) => { step.ran = null; });
      this.ran = answer.ok || differs(error) || (this.mayFail && error !== "KeyboardInterrupt") ? source : null;
      if (answer.ended) steps.forEach((step) => { step.ran = null; });
      return { ...answer, error, time: answer.seconds };
    }

    // ---- output: the old one stays until the new one begins

    begin() {
      this.#growing = null;
      this.before = this.#output;
      this.fresh = make("div", { className: "cell_output docutils container run-output" });
      this.fresh.setAttribute("aria-live", "polite");
    }
    // Only another picture takes the place of a widget, with what was printed before it. An error stands below the line
    // of buttons: the reader who has just pressed Run there may not have the picture in sight.
    #place(isPicture) {
      if (this.widget && !isPicture) {
        if (this.fresh.isConnected) return;
        discard(this.#failed);
        this.bar.after(this.#failed = this.fresh);
        return;
      }
      if (this.#output === this.fresh) return;
      const old = this.#output ?? this.stored;
      this.fresh.style.minHeight = old && !old.hidden ? `${old.offsetHeight}px` : "";      // what is below stays where it is
      (old ?? this.bar).after(this.fresh);
      if (this.stored) this.stored.hidden = true;
      discard(this.#output);
      if (this.#failed !== this.fresh) discard(this.#failed);
      this.#failed = null;
      this.#output = this.fresh;
    }
    end(ok) {
      if (ok) this.#place(true);
      this.fresh.style.minHeight = "";
      this.fresh.toggleAttribute("data-empty", !this.fresh.querySelector(":scope > :not([hidden])"));
    }
    put(output) {
      this.#place(output.kind === "widget");
      if (output.kind !== "text") this.#growing = null;
      shows[output.kind](this, output);
    }
    text(text, stream) {
      if (this.#growing?.dataset.stream !== stream) {
        this.#growing = make("pre");
        this.#growing.dataset.stream = stream;
        this.fresh.append(make("div", { className: "output stream highlight-myst-ansi notranslate" }, make("div", { className: "highlight" }, this.#growing)));
      }
      const all = this.#growing.textContent + text;        // a carriage return writes over its line, as a progress bar does
      this.#growing.textContent = all.includes("\r")
        ? all.split("\n").map((line) => line.replace(/\r$/, "").split("\r").at(-1).trimEnd()).join("\n") : all;
      this.#growing.closest(".output").hidden = !this.#growing.textContent;      // a progress bar that has gone leaves nothing
    }
  }

  // How each kind of output is shown; other scripts may add to it or replace one.
  const shows = {
    text: (cell, { text, stream }) => cell.text(text, stream),
    error: (cell, { text }) => cell.fresh.append(make("div", { className: "output run-error" }, make("pre", { textContent: text }))),
    markup: (cell, { markup }) => cell.fresh.append(make("div", { className: "output text_html", innerHTML: markup })),
    code: (cell, { markup }) => cell.fresh.append(make("div", { className: "output text_markdown highlight-python notranslate", innerHTML: markup })),
    picture: (cell, { type, data, width, height }) => {
      // The stored picture's words, and where a phone may cut it, are true of what the same code draws again.
      const { alt = "The picture that this code draws", className = "" } = (!cell.edited && cell.stored?.querySelector("img")) || {};
      const source = typeof data === "string" ? `data:${type},${encodeURIComponent(data)}` : URL.createObjectURL(new Blob([data], { type }));
      const box = make("span", { className: "image-reference" }, make("img", { alt, className, width, height, src: source }));
      cell.fresh.append(box);
      box.dispatchEvent(new Event("toggle"));              // scrollable.js fits it to a phone
    },
  };

  function discard(output) {
    output?.querySelectorAll("img[src^='blob:']").forEach(({ src }) => URL.revokeObjectURL(src));
    output?.remove();
  }

  // A step is a Cell, or code that the page does not show: it is run, too, and shows nothing.
  class Hidden {
    ran = null;
    constructor(source) { this.source = source; }
    async execute() {
      const answer = await python.run(this.source, { name: "cell 0" });
      this.ran = answer.ok ? this.source : null;
      return answer;
    }
  }
  let steps = [];
  async function placed() {
    if (steps.length) return steps;
    const { cells: code } = await python.notebook();
    const waiting = [...list];
    steps = code.map(({ source, ...about }) => Object.assign(waiting[0]?.original.trim() === source.trim() ? waiting.shift() : new Hidden(source), about));
    if (waiting.length) { steps = []; throw new Error("This page and its code belong to different builds of the site. Reload the page."); }
    return steps;
  }

  // Once Python has run something in this page, a slider that is moved comes alive by itself: its cell runs.
  document.addEventListener("change", ({ target }) => {
    const figure = target.closest?.(".cell_output:not(.run-output) figure.explorer");
    if (!figure || window.python?.state !== "ready" || python.busy) return;
    const cell = list.find((each) => each.stored?.contains(figure));
    if (cell && !cell.stopped) cell.run().then(() => { cell.stopped = cell.ran === null; });
  });

  // What was changed in this chapter, in the line under its title, and one button that brings all of it back.
  const whole = {
    line: location.pathname.includes("/exercises/") ? null : document.querySelector(".live-run"),
    words: make("p", { className: "run-whole", hidden: true }),
    written: [],                 // what it has thrown away
    show() {
      const touched = list.filter((cell) => cell.touched), changed = touched.filter((cell) => cell.edited).length;
      if (touched.length) this.written = [];
      const say = (text, name, act) => this.words.replaceChildren(`${text} `, make("button", { type: "button", textContent: name, onclick: act }));
      this.words.hidden = !touched.length && !this.written.length;
      if (touched.length) say(changed ? `You changed ${changed} cell${changed === 1 ? "" : "s"} of this page.` : "You ran cells of this page.", "Reset the page", () => this.reset());
      else if (this.written.length) say("The page is as it is printed.", "Undo", () => this.undo());
      if (this.line && !this.words.isConnected) this.line.append(this.words);
    },
    reset() {
      const written = list.filter((cell) => cell.edited).map((cell) => [cell, cell.source]);
      cells.reset();
      this.written = written;
      this.show();
      (this.words.querySelector("button") ?? list[0].runButton).focus({ preventScroll: true });
    },
    undo() { this.written.forEach(([cell, text]) => { cell.change(text); cell.edit({ focus: false }); }); },
  };

  const list = [];
  window.cells = { list, shows, load, make, memory, placed, reset: () => list.forEach((cell) => cell.reset()) };
  const seen = new Map();
  for (const input of document.querySelectorAll(".bd-article .cell_input")) {
    const text = input.querySelector("pre")?.textContent;
    if (!text) continue;
    seen.set(text, (seen.get(text) ?? -1) + 1);
    list.push(new Cell(input, list.length, seen.get(text)));
  }
  whole.show();
})();
