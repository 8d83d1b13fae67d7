#!/usr/bin/env bash
# Rebuild book/_extra/_static/vendor: the JavaScript and the fonts that the pages
# need beyond the theme, so that a page loads nothing from the network.
# Needs npm. A run changes nothing unless a version here does.
set -euo pipefail
cd "$(dirname "$0")/.."

target=book/_extra/_static/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-.venv/bin/python}

unpack() {  # unpack NAME@VERSION FOLDER
    local archive
    archive=$(cd "$work" && npm pack --silent "$1" | tail -1)
    mkdir -p "$work/$2"
    tar -xzf "$work/$archive" -C "$work/$2" --strip-components=1
}
unpack mathjax@3.2.2 mathjax
unpack @fortawesome/fontawesome-free@5.15.4 fontawesome   # its licence; the icons are those of the theme
unpack reveal.js@6.0.2 reveal
unpack source-serif@4.5.1 serif
unpack source-sans@3.52.0 sans
unpack source-code-pro@2.42.0 code

# The editor of cells: CodeMirror and all that it needs, of which this takes what editor.js uses.
mkdir "$work/codemirror"
(cd "$work/codemirror" && npm install --silent --no-save --prefix . \
    @codemirror/{autocomplete@6.20.4,commands@6.11.1,lang-python@6.2.1,language@6.13.1,state@6.7.6,streamparser@6.0.0,view@6.43.15} \
    @lezer/{common@1.5.5,highlight@1.2.5,lr@1.4.12,python@1.1.19} @marijn/find-cluster-break@1.0.4 \
    crelt@1.0.7 style-mod@4.1.5 w3c-keyname@2.2.8 esbuild@0.28.2)
cat > "$work/codemirror/editor.js" <<'JAVASCRIPT'
export { EditorState } from "@codemirror/state";
export { EditorView, keymap } from "@codemirror/view";
export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
export { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
export { python } from "@codemirror/lang-python";
export { tagHighlighter, tags } from "@lezer/highlight";
JAVASCRIPT
"$work/codemirror/node_modules/.bin/esbuild" "$work/codemirror/editor.js" --bundle --minify --format=iife --global-name=CodeMirror \
    --target=es2021 --log-level=error --outfile="$work/codemirror/codemirror.js"

rm -rf "$target" tools/print/fonts
mkdir -p "$target/codemirror" "$target/mathjax/output/chtml/fonts" "$target/mathjax/input/tex" "$target/mathjax/adaptors"

# MathJax: TeX in, HTML out, its fonts, the TeX extensions it loads on demand,
# and what it writes to where there is no browser (book/_ext/mathematics.js).
cp "$work/mathjax/es5/tex-chtml.js" "$work/mathjax/LICENSE" "$target/mathjax/"
cp "$work/mathjax/es5/adaptors/liteDOM.js" "$target/mathjax/adaptors/"
cp -r "$work/mathjax/es5/output/chtml/fonts/woff-v2" "$target/mathjax/output/chtml/fonts/"
cp -r "$work/mathjax/es5/input/tex/extensions" "$target/mathjax/input/tex/"
rm "$target/mathjax/input/tex/extensions/all-packages.js"  # the others once more, in one file

# What turns the slides (tools/slides.py); pages of the book do not load it.
mkdir "$target/reveal"
cp "$work/reveal/dist/reveal.js" "$work/reveal/dist/reveal.css" "$work/reveal/LICENSE" "$target/reveal/"
cp "$work/codemirror/codemirror.js" "$work/codemirror/node_modules/@codemirror/view/LICENSE" "$target/codemirror/"

# The letters of the text and of code, and the theme's icons: what the book needs of each font. Pages of the site do not
# load those of the printed book.
icons=$("$python" -c 'import pydata_sphinx_theme as t; print(t.__path__[0])')/theme/pydata_sphinx_theme/static/vendor/fontawesome/webfonts/fa-solid-900.woff2
"$python" -m venv "$work/fonttools"
"$work/fonttools/bin/pip" install --quiet fonttools==4.68.0 brotli==1.2.1
"$work/fonttools/bin/python" tools/vendor_fonts.py "$work/serif" "$work/sans" "$work/code" "$icons" "$target/fonts" tools/print/fonts
# One licence, under three copyrights.
{ head -qn 1 "$work"/{serif,sans,code}/LICENSE.md; tail -n +2 "$work/serif/LICENSE.md"; } | tr -d '\r' | tee tools/print/fonts/LICENSE > "$target/fonts/LICENSE-source.md"
cp "$work/fontawesome/LICENSE.txt" "$target/fonts/LICENSE-fontawesome.txt"

find "$target" -type f -exec chmod 644 {} +
(cd "$target" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum) > "$work/sums"
mv "$work/sums" "$target/SHA256SUMS"
cat > "$target/README.md" <<'MARKDOWN'
`mathjax`: MathJax 3.2.2, Apache 2.0.
`reveal`: reveal.js 6.0.2, MIT.
`fonts`: Source Serif 4.5.1, Source Sans 3.52 and Source Code Pro 2.42 of Adobe, and icons of Font Awesome Free 6, all SIL OFL 1.1, reduced to what the book needs and renamed (`tools/vendor_fonts.py`).
`codemirror`: CodeMirror 6 with its language Python, MIT, bundled by esbuild.
All others are unchanged files of the npm packages, copied by `tools/vendor.sh`; the sha256 of each is in `SHA256SUMS`.
MARKDOWN
du -sh "$target"
