// Python in a worker: one for all pages of the book where the browser keeps a shared worker alive, else one a page.
//
// THE PROTOCOL. The page (book/_extra/_static/python.js) sends
//   { id, tab, do: "run",  source, name, stop }        run a cell; `name` is what tracebacks call it
//   { id, tab, do: "call", function, values, stop }    call "module:name", or a name of the page, with plain values
//   { id, tab, do: "draw", explorer, values, moving }  a picture of a widget that a cell has made
//   { tab, do: "leave" }                               forget what the cells of this page have computed
// `tab` names a load of a page, whose cells share one namespace. `stop` is the address of a blob of the page: Python
// looks now and then whether the page has withdrawn it, which ends a loop without shared memory; a page that is left
// withdraws all of its addresses. From disk a worker cannot ask; there the page ends it. What is asked is done one after the other. Answers to the page that asked:
//   { kind: "turn", id }                               it begins: until then Python was busy with something else
//   { kind: "output", id, output }                     one of runner.py: text, picture, markup, code, widget, error
//   { kind: "done", id, ok, value, seconds }           it has ended; `ok` is false if it raised or was stopped
// and to all pages, while Python starts:
//   { kind: "state", state: "starting" | "ready" | "failed", words }
// A worker of a page from disk may fetch nothing. It asks the page, { kind: "file", name }, which sends back
//   { do: "file", name, bytes }
"use strict";
const FROM_DISK = self.location.protocol === "blob:";
const HERE = new URL(FROM_DISK ? "https://disk.invalid/live/run/" : ".", self.location.href);
const VERSION = new URL(self.location.href).searchParams.get("version");
const RUNTIME = new URL("runtime/", HERE).href;
const LOOK = 150;        // milliseconds between two looks whether to stop
const STREAM = 50;       // milliseconds for which printed text is collected
const AT_ONCE = ["numpy", "lecture-code", "matplotlib", "tqdm"];
// Modules that are in the snapshot, because what is loaded later imports them.
const USUAL = `ast, asyncio, base64, collections.abc, contextlib, copy, csv, ctypes, dataclasses, datetime, decimal, enum,
    fractions, functools, hashlib, html, importlib.metadata, importlib.resources, inspect, io, itertools, json, linecache,
    locale, logging, numbers, operator, pathlib, pickle, platform, pyodide.code, re, secrets, shutil, string, struct,
    subprocess, tempfile, textwrap, threading, time, tokenize, traceback, typing, unicodedata, urllib.parse,
    urllib.request, uuid, warnings, weakref, xml.etree`.replace(/\s+/g, " ");

let python, runner;
const ports = new Set();
let asking = null, id = null;    // the page whose request is being worked on, and which one
// Of a traceback the line that says what it is.
const lastLine = (error) => String(error?.message ?? error).trim().split("\n").at(-1);
const tell = (message) => asking?.postMessage(message);

// ---- what is printed

let text = "", stream = "", sent = 0;
function flush() {
  if (text) tell({ kind: "output", id, output: { kind: "text", stream, text } });
  text = "";
  sent = performance.now();
}
function printer(name) {
  const decoder = new TextDecoder();
  return { isatty: false, write(bytes) {
    if (stream !== name) flush();
    stream = name;
    text += decoder.decode(bytes, { stream: true });
    if (performance.now() - sent > STREAM) flush();
    return bytes.length;
  } };
}
self.put = (output) => { flush(); tell({ kind: "output", id, output }); };

// ---- what ends a loop: Pyodide reads the first entry of a buffer every few thousand instructions

let stop = null, looked = 0;
function withdrawn(address) {
  const ask = new XMLHttpRequest();
  try {
    ask.open("GET", address, false);
    ask.send();
    return false;
  } catch {
    return true;
  }
}
const interrupts = {
  get 0() {
    const now = performance.now();
    if (!stop || now - looked < LOOK) return 0;
    if (text) flush();
    const ends = withdrawn(stop);
    looked = performance.now();
    if (ends) stop = null;
    return ends ? 2 : 0;                 // SIGINT
  },
  set 0(answered) {},
};

// ---- files, for a page from disk

const files = new Map();     // name ↦ the promise of its bytes, and what keeps it
function file(name) {
  if (!files.has(name)) {
    let arrived;
    files.set(name, Object.assign(new Promise((resolve) => { arrived = resolve; }), { arrived }));
    self.postMessage({ kind: "file", name });
  }
  return files.get(name);
}
if (FROM_DISK) {
  const nameOf = (address) => String(address.url ?? address).split(/[?#]/)[0].split("/").at(-1);
  self.fetch = async (address) => {
    const name = nameOf(address);
    return new Response(await file(name), { headers: { "content-type": name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream" } });
  };
  const plain = self.importScripts;
  self.importScripts = (address) => plain.call(self, scripts.get(nameOf(address)));
}
const scripts = new Map();
async function readScripts() {
  for (const name of ["pyodide.js", "pyodide.asm.js"])
    scripts.set(name, URL.createObjectURL(new Blob([await file(name)], { type: "text/javascript" })));
}

// ---- the start

let news = null;
function say(state, words) {
  news = { kind: "state", state, words };
  ports.forEach((port) => port.postMessage(news));
}

// Python after its own start, as this browser has kept it: it is read back in a third of the time. The names of these
// options begin with _: they are made for this version of Pyodide, and without them it starts plainly.
async function started() {
  const options = { indexURL: RUNTIME, lockFileURL: `${RUNTIME}pyodide-lock.json?version=${VERSION}`, env: { HOME: "/home/pyodide", LECTURE_CODE_RUN: "short", MPLBACKEND: "agg", PYTHONHASHSEED: "0" } };
  const store = FROM_DISK ? null : await self.caches?.open("python-of-the-book").catch(() => null);
  const key = new URL(`snapshot-${VERSION}`, RUNTIME).href;
  // One that is damaged may never start: a mark that has stayed from the last attempt says so, and its length.
  const trial = new URL("trial", RUNTIME).href;
  const kept = await store?.match(key), bytes = await kept?.arrayBuffer();
  if (bytes && Number(kept.headers.get("length")) === bytes.byteLength && !await store.match(trial))
    try {
      await store.put(trial, new Response());
      const restored = await loadPyodide({ ...options, _loadSnapshot: bytes });
      await store.delete(trial);
      return restored;
    } catch { /* a plain start */ }
  await store?.delete(trial);
  const fresh = await loadPyodide({ ...options, _makeSnapshot: Boolean(store) });
  if (store) {
    fresh.runPython(`import ${USUAL}`);
    const snapshot = new Blob([fresh.makeMemorySnapshot()]);
    for (const old of await store.keys()) if (old.url !== key) await store.delete(old);
    setTimeout(() => store.put(key, new Response(snapshot, { headers: { length: snapshot.size } })).catch(() => {}), 3000);     // not while somebody waits
  }
  return fresh;
}

const fetched = new Set();
async function fetchPackages(names) {
  const missing = names.filter((name) => !fetched.has(name));
  if (missing.length) await python.loadPackage(missing, { messageCallback() {}, checkIntegrity: false });
  missing.forEach((name) => fetched.add(name));
}
// MNIST, which the library fetches from the site when it is asked for it: from disk it comes before the cell that asks.
async function fetchMnist(source) {
  if (!FROM_DISK || files.has("mnist.npz") || !/\b(load_mnist|mnist_images)\(/.test(source)) return;
  tell({ kind: "output", id, output: { kind: "note", words: "Fetching MNIST" } });
  runner.keep_data("mnist.npz", await file("mnist.npz"));
}
self.fetchPackage = (name) => fetchPackages([name]);          // for runner.py, in the middle of an import

async function boot() {
  say("starting", "Fetching Python");
  if (FROM_DISK) await readScripts();
  importScripts(`${RUNTIME}pyodide.js`);
  const source = fetch(new URL(`runner.py?version=${VERSION}`, HERE)).then((answer) => answer.text());
  say("starting", "Starting Python");
  python = await started();
  python.setStdout(printer("stdout"));
  python.setStderr(printer("stderr"));
  say("starting", "Loading NumPy and Matplotlib");
  await fetchPackages(AT_ONCE);
  python.FS.writeFile("/home/pyodide/runner.py", await source);
  python.runPython("import sys; sys.path.insert(0, '/home/pyodide')");
  runner = python.pyimport("runner");
  python.setInterruptBuffer(interrupts);
}

// ---- what pages ask

async function act({ do: what, tab, ...asked }) {
  if (what === "leave") return runner.forget(tab);
  runner.use(tab);
  if (what === "draw") return runner.draw(asked.explorer, asked.values, asked.moving);
  if (what === "call") return JSON.parse(await runner.call(asked.function, JSON.stringify(asked.values)));
  const missing = runner.packages(asked.source);
  if (missing.some((name) => !fetched.has(name))) {
    tell({ kind: "output", id, output: { kind: "note", words: `Fetching ${missing.join(" and ")}` } });
    await fetchPackages(missing);
  }
  await fetchMnist(asked.source);
  return (await runner.run(asked.source, asked.name)) || Promise.reject();
}

const ready = boot().then(() => say("ready", "Python is ready"), (error) => { say("failed", lastLine(error)); throw error; });
let queue = ready;
function listen(port) {
  ports.add(port);
  port.onmessage = ({ data }) => {
    if (data.do === "file") return file(data.name).arrived(data.bytes);
    queue = queue.catch(() => {}).then(() => ready).then(async () => {
      [asking, id, stop, looked] = [port, data.id, FROM_DISK ? null : data.stop ?? null, 0];
      const began = performance.now();
      tell({ kind: "turn", id });
      let ok = true, value;
      try {
        value = await act(data);
      } catch (error) {
        ok = false;
        value = error && lastLine(error);
      }
      stop = null;
      flush();
      tell({ kind: "done", id, ok, value, seconds: (performance.now() - began) / 1000 });
      [asking, id] = [null, null];
    }).catch((error) => port.postMessage({ kind: "done", id: data.id, ok: false, value: lastLine(error) }));
  };
  if (news) port.postMessage(news);
}
if ("onconnect" in self) self.onconnect = ({ ports: [port] }) => listen(port);
else listen(self);
