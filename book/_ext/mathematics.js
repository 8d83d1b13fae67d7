// node mathematics.js FOLDER: typeset formulas with the MathJax in FOLDER, the one that pages load.
// In: JSON {tex: options, formulas: [[TeX, displayed], …]}. Out: JSON {html: […], style: a style sheet for all of them}.
"use strict";
const path = require("path"), Module = require("module"), fs = require("fs");
const folder = path.resolve(process.argv[2]);
const { tex, formulas } = JSON.parse(fs.readFileSync(0, "utf8"));

// The file for browsers has a menu, whose speech needs three Node packages as soon as it is loaded. No formula does.
const UNUSED = {
  "xmldom-sre": { DOMImplementation: class { createDocument() { return {}; } } },
  "wicked-good-xpath": { install() {} },
  "commander": {},
};
const load = Module._load;
Module._load = (name, ...others) => UNUSED[name] ?? load(name, ...others);

global.MathJax = {
  loader: { paths: { mathjax: folder }, require, load: ["adaptors/liteDOM"] },
  tex: { ...tex, packages: { "[-]": ["noundefined"] } },      // an unknown command is an error, not red letters
  chtml: { adaptiveCSS: true, fontURL: "vendor/mathjax/output/chtml/fonts/woff-v2" },   // seen from _static
  startup: { typeset: false },
};
require(path.join(folder, "tex-chtml.js"));
global.MathJax.startup.promise.then(async () => {
  const { MathJax } = global, { adaptor } = MathJax.startup, html = [];
  for (const [source, display] of formulas) {      // one after the other: an extension may have to be loaded first
    html.push(adaptor.outerHTML(await MathJax.tex2chtmlPromise(source, { display, containerWidth: 1e6 })));
  }
  process.stdout.write(JSON.stringify({ html, style: adaptor.textContent(MathJax.chtmlStylesheet()) }));
}).catch((fault) => {
  console.error(fault);
  process.exit(1);
});
