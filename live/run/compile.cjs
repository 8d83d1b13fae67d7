// node compile.cjs PYODIDE FOLDER: byte code beside the sources of the packages in FOLDER, by the Python that will load it.
const [pyodide, folder] = process.argv.slice(2).map((path) => require("path").resolve(path));
(async () => {
  const { loadPyodide } = require(`${pyodide}/pyodide.js`);
  const python = await loadPyodide({ indexURL: `${pyodide}/` });
  python.FS.mkdir("/packages");
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, "/packages");
  python.runPython(`
from compileall import compile_dir
from pathlib import Path
from py_compile import PycInvalidationMode
for package in Path("/packages").iterdir():
    compile_dir(package, maxlevels=50, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
                stripdir=str(package), prependdir="/lib/python3.12/site-packages")
`);
})();
