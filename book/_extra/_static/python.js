// Python for the pages of the book: one object, `python`, loaded at the first click that needs it (cells.js).
//
//     await python.start()                                         // the state changes: python.state, python.words
//     const { ok, seconds } = await python.run("1 + 1", { name: "cell 1", onOutput: console.log })
//     const value = await python.call("lecture_code.runs:run_length", [100, 3])   // plain values in and out
//     python.stop()                                                // whatever this page has asked for
//     python.addEventListener("state", …)                          // off, starting, ready, failed; and with `busy`
//
// Python itself is a worker, live/run/worker.js, where the protocol is described. All cells of a load of a page share
// one namespace. What fails for a reason that a reader can understand rejects with that reason.
(() => {
  "use strict";
  // A browser may keep pages from storing anything.
  const memory = (key, value) => {
    try { return value === undefined ? localStorage.getItem(key) : localStorage.setItem(key, value); } catch { return null; }
  };

  const DISK = "You opened this page from disk, and this copy of the book has no Python for that: build it with "
    + "“make live DISK=yes”, or run “make serve” in the folder of the book and open the address it prints.";

  window.python = new (class extends EventTarget {
    root = new URL("..", document.currentScript.src);
    #version = new URL(document.currentScript.src).search;        // of the build of the page
    page = decodeURIComponent(location.pathname.slice(this.root.pathname.length)).replace(/\.html$/, "");
    state = "off";
    words = "";
    #tab = crypto.getRandomValues(new Uint32Array(2)).join("-");
    #asked = new Map();          // id ↦ what a request waits for
    #next = 0;
    #port = null;
    #end = null;                 // makes an end to the worker
    #notebook = null;
    #take = null;
    #ready = null;

    constructor() {
      super();
      window.addEventListener("pagehide", ({ persisted }) => {
        this.stop();
        if (!persisted) this.#port?.postMessage({ do: "leave", tab: this.#tab });
      });
    }

    // ---- the code of this page, in the order in which it is run

    notebook() {
      return this.#notebook ??= new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = new URL(`live/run/cells/${this.page}.js${this.#version}`, this.root);
        script.onerror = () => {
          this.#notebook = null;
          reject(new Error(location.protocol === "file:"
            ? DISK
            : navigator.onLine === false ? "Python has to be fetched from the site, and you are offline."
              : "This copy of the site was built without its live part: build it with “make live”."));
        };
        this.#take = resolve;
        document.head.append(script);
      });
    }
    take(notebook) { this.#take(notebook); }     // called by the script of the page's code

    // ---- files for the worker of a page from disk, which scripts hold as text

    #files = new Map();
    async #file(name) {
      await new Promise((resolve, reject) => {
        const script = Object.assign(document.createElement("script"), { src: new URL(`live/run/disk/${name}.js`, this.root) });
        script.onload = resolve;
        script.onerror = () => reject(new Error(DISK));
        document.head.append(script);
      });
      const bytes = this.#files.get(name);
      this.#files.delete(name);
      return (await fetch(`data:application/octet-stream;base64,${bytes}`)).arrayBuffer();
    }
    have(name, bytes) { this.#files.set(name, bytes); }     // called by these scripts

    // ---- the worker

    start() {
      return this.#ready ??= this.#connect().catch((error) => {
        this.#ready = null;
        this.#set("failed", error.message);
        throw error;
      });
    }

    async #connect() {
      this.#set("starting", "Python starts");
      if (typeof WebAssembly === "undefined" || typeof Worker === "undefined")
        throw new Error("This browser cannot run Python: it needs WebAssembly and workers.");
      const { version } = await this.notebook();
      const address = new URL(`live/run/worker.js?version=${version}`, this.root);
      await new Promise((resolve, reject) => {
        const listen = (port) => {
          this.#port = port;
          port.onmessage = async ({ data }) => {
            if (data.kind === "file") return port.postMessage({ do: "file", name: data.name, bytes: await this.#file(data.name) });
            if (data.kind !== "state") return this.#hear(data);
            if (data.state === "starting") this.#set("starting", data.words);
            if (data.state === "ready") { this.#set("ready", data.words); resolve(); }
            if (data.state === "failed") { this.#forget(); reject(new Error(`Python did not start: ${data.words}`)); }
          };
        };
        const own = (from = address) => {
          const worker = new Worker(from);
          worker.onerror = (event) => reject(new Error(`Python did not start: ${event.message || "the browser refused it"}`));
          this.#end = () => worker.terminate();
          listen(worker);
        };
        if (location.protocol === "file:")
          return this.#file("worker.js").then((text) => own(URL.createObjectURL(new Blob([text], { type: "text/javascript" }))), reject);
        if (typeof SharedWorker === "undefined") return own();
        try {
          // With this option it outlives a change of page. A shared worker cannot be ended: the next one has another name.
          const worker = new SharedWorker(address, { name: `python ${version} ${memory("python-ended") ?? 0}`, extendedLifetime: true });
          worker.onerror = () => own();
          this.#end = () => { memory("python-ended", 1 + Number(memory("python-ended") ?? 0)); worker.port.close(); };
          listen(worker.port);
        } catch {
          own();
        }
      });
    }

    #set(state, words) {
      this.state = state;
      this.words = words;
      this.dispatchEvent(new Event("state"));
    }

    #forget() {
      this.#port = this.#end = this.#ready = null;
      const asked = [...this.#asked.values()];
      this.#asked.clear();
      asked.forEach(({ done }) => done({ ok: false, ended: true, seconds: 0 }));
    }

    // ---- requests

    get busy() { return this.#asked.size > 0; }

    async #ask(request, { onOutput, onTurn } = {}) {
      await this.start();
      const id = `${this.#tab}/${this.#next++}`, stop = URL.createObjectURL(new Blob(["go on"]));
      const answer = await new Promise((done) => {
        this.#asked.set(id, { done, stop, onOutput, onTurn });
        this.#port.postMessage({ ...request, id, tab: this.#tab, stop });
      });
      URL.revokeObjectURL(stop);
      return answer;
    }
    #hear({ kind, id, ...content }) {
      const asked = this.#asked.get(id);
      if (!asked) return;
      if (kind === "turn") asked.onTurn?.();
      if (kind === "output") asked.onOutput?.(content.output);
      if (kind === "done") { this.#asked.delete(id); asked.done(content); }
    }

    // Run a cell: resolves to { ok, seconds }, and to { ok: false, ended: true } where Python had to be ended.
    run(source, { name = "cell", ...listeners } = {}) { return this.#ask({ do: "run", source, name }, listeners); }

    // The value of a function of Python, "module:name" or a name of this page; an error of it rejects.
    async call(name, values = [], listeners) {
      const { ok, value } = await this.#ask({ do: "call", function: name, values }, listeners);
      if (!ok) throw new Error(value);
      return value;
    }

    // A picture of a widget that a cell of this page has made.
    async draw(explorer, values, moving = false) {
      const { ok, value } = await this.#ask({ do: "draw", explorer, values, moving });
      if (!ok) throw new Error(value);
      return value;
    }

    // Withdraw what Python looks for. In one long call of compiled code it does not look: then it is ended.
    stop() {
      const running = [...this.#asked.keys()];
      this.#asked.forEach(({ stop }) => URL.revokeObjectURL(stop));
      setTimeout(() => { if (running.some((id) => this.#asked.has(id))) this.restart(); }, location.protocol === "file:" ? 0 : 3000);
    }

    // End Python. All that cells of this page have computed is lost.
    restart() {
      this.#end?.();
      this.#forget();
      this.#set("off", "");
    }

    // Begin with empty hands, as a new load of the page does; Python goes on.
    clear() {
      this.stop();
      this.#port?.postMessage({ do: "leave", tab: this.#tab });
      this.#tab = crypto.getRandomValues(new Uint32Array(2)).join("-");
    }
  })();
})();
