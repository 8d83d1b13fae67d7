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

rm -rf "$target"
mkdir -p "$target/widgets" "$target/mathjax/output/chtml/fonts" "$target/mathjax/input/tex"

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

# MathJax: TeX in, HTML out, its fonts, and the TeX extensions it loads on demand.
cp "$work/mathjax/es5/tex-chtml.js" "$work/mathjax/LICENSE" "$target/mathjax/"
cp -r "$work/mathjax/es5/output/chtml/fonts/woff-v2" "$target/mathjax/output/chtml/fonts/"
cp -r "$work/mathjax/es5/input/tex/extensions" "$target/mathjax/input/tex/"
rm "$target/mathjax/input/tex/extensions/all-packages.js"  # the others once more, in one file

# The text of the printed book. Pages of the site do not load these fonts.
fonts=tools/print/fonts
rm -rf "$fonts"; mkdir -p "$fonts"
for font in stix-two-text@5.3.0 source-sans-3@5.3.1 source-code-pro@5.3.1; do
    unpack "@fontsource/$font" "$font"
    cp "$work/$font/LICENSE" "$fonts/LICENSE-${font%@*}"
done
for file in stix-two-text-{latin-{400,700},greek-400}-{normal,italic} source-sans-3-{latin-{400,600},greek-600}-normal \
            source-code-pro-{latin-{400-normal,400-italic,600-normal},greek-400-normal}; do
    cp "$work"/*/files/"$file.woff2" "$fonts"
done
find "$fonts" -type f -exec chmod 644 {} +

find "$target" -type f -exec chmod 644 {} +
(cd "$target" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum) > "$work/sums"
mv "$work/sums" "$target/SHA256SUMS"
cat > "$target/README.md" <<'MARKDOWN'
`widgets`: `@jupyter-widgets/html-manager` 1.0.15, BSD 3-Clause, with the fonts of Font Awesome Free 5.15.4, SIL OFL 1.1. `mathjax`: MathJax 3.2.2, Apache 2.0.
Unchanged files of the npm packages, copied by `tools/vendor.sh`; the sha256 of each is in `SHA256SUMS`.
MARKDOWN
du -sh "$target"
