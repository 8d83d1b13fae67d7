#!/usr/bin/env bash
# Rebuild book/_extra/_static/vendor: the JavaScript and the fonts that the pages
# need beyond the theme, so that a page loads nothing from the network.
# Needs npm and the project's .venv. A run changes nothing unless a version here does.
set -euo pipefail
cd "$(dirname "$0")/.."

target=book/_extra/_static/vendor
python=${PYTHON:-.venv/bin/python}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

unpack() {  # unpack NAME@VERSION FOLDER
    local archive
    archive=$(cd "$work" && npm pack --silent "$1" | tail -1)
    mkdir -p "$work/$2"
    tar -xzf "$work/$archive" -C "$work/$2" --strip-components=1
}
unpack @jupyter-widgets/html-manager@1.0.15 widgets
unpack @fortawesome/fontawesome-free@5.15.4 fontawesome   # its fonts are inside html-manager
unpack mathjax@3.2.2 mathjax
unpack source-serif@4.5.1 serif
unpack source-sans@3.52.0 sans

rm -rf "$target"
mkdir -p "$target/widgets" "$target/mathjax/output/chtml/fonts" "$target/mathjax/input/tex" "$target/mathjax/adaptors"

# Widgets: embed.js needs no module loader, and therefore has nowhere to load from.
# Of each font it names in five formats, every browser since 2016 takes the woff2.
cp "$work"/widgets/dist/embed.js "$work"/widgets/dist/embed.js.LICENSE.txt \
   "$work"/widgets/dist/*.woff2 "$target/widgets/"
cp "$work/fontawesome/LICENSE.txt" "$target/widgets/LICENSE-fontawesome.txt"
"$python" - > "$target/widgets/LICENSE" <<'PYTHON'
from importlib.metadata import files
licence, = [f for f in files("ipywidgets") if f.name == "LICENSE"]
print(licence.read_text().rstrip())      # html-manager comes from the same repository
PYTHON

# MathJax: TeX in, HTML out, its fonts, the TeX extensions it loads on demand,
# and what it writes to where there is no browser (book/_ext/mathematics.js).
cp "$work/mathjax/es5/tex-chtml.js" "$work/mathjax/LICENSE" "$target/mathjax/"
cp "$work/mathjax/es5/adaptors/liteDOM.js" "$target/mathjax/adaptors/"
cp -r "$work/mathjax/es5/output/chtml/fonts/woff-v2" "$target/mathjax/output/chtml/fonts/"
cp -r "$work/mathjax/es5/input/tex/extensions" "$target/mathjax/input/tex/"
rm "$target/mathjax/input/tex/extensions/all-packages.js"  # the others once more, in one file

# The letters of the text, and the theme's icons: what the book needs of each font.
icons=$("$python" -c 'import pydata_sphinx_theme as t; print(t.__path__[0])')/theme/pydata_sphinx_theme/static/vendor/fontawesome/webfonts/fa-solid-900.woff2
"$python" -m venv "$work/fonttools"
"$work/fonttools/bin/pip" install --quiet fonttools==4.68.0 brotli==1.2.1
"$work/fonttools/bin/python" tools/vendor_fonts.py "$work/serif" "$work/sans" "$icons" "$target/fonts"
cp "$work/serif/LICENSE.md" "$target/fonts/LICENSE-source.md"
cp "$target/widgets/LICENSE-fontawesome.txt" "$target/fonts/"

find "$target" -type f -exec chmod 644 {} +
(cd "$target" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum) > "$work/sums"
mv "$work/sums" "$target/SHA256SUMS"
cat > "$target/README.md" <<'MARKDOWN'
`widgets`: `@jupyter-widgets/html-manager` 1.0.15, BSD 3-Clause, with the fonts of Font Awesome Free 5.15.4, SIL OFL 1.1. `mathjax`: MathJax 3.2.2, Apache 2.0.
`fonts`: Source Serif 4.5.1 and Source Sans 3.52 of Adobe, and icons of Font Awesome Free 6, all SIL OFL 1.1, reduced to what the book needs and renamed (`tools/vendor_fonts.py`).
All others are unchanged files of the npm packages, copied by `tools/vendor.sh`; the sha256 of each is in `SHA256SUMS`.
MARKDOWN
du -sh "$target"
