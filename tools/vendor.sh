#!/usr/bin/env bash
# Rebuild book/_extra/_static/vendor: the JavaScript and the fonts that the pages
# need beyond the theme, so that a page loads nothing from the network.
# Needs npm. A run changes nothing unless a version here does.
set -euo pipefail
cd "$(dirname "$0")/.."

target=book/_extra/_static/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

unpack() {  # unpack NAME@VERSION FOLDER
    local archive
    archive=$(cd "$work" && npm pack --silent "$1" | tail -1)
    mkdir -p "$work/$2"
    tar -xzf "$work/$archive" -C "$work/$2" --strip-components=1
}
unpack mathjax@3.2.2 mathjax

rm -rf "$target"
mkdir -p "$target/mathjax/output/chtml/fonts" "$target/mathjax/input/tex"

# MathJax: TeX in, HTML out, its fonts, and the TeX extensions it loads on demand.
cp "$work/mathjax/es5/tex-chtml.js" "$work/mathjax/LICENSE" "$target/mathjax/"
cp -r "$work/mathjax/es5/output/chtml/fonts/woff-v2" "$target/mathjax/output/chtml/fonts/"
cp -r "$work/mathjax/es5/input/tex/extensions" "$target/mathjax/input/tex/"
rm "$target/mathjax/input/tex/extensions/all-packages.js"  # the others once more, in one file

find "$target" -type f -exec chmod 644 {} +
(cd "$target" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum) > "$work/sums"
mv "$work/sums" "$target/SHA256SUMS"
cat > "$target/README.md" <<'MARKDOWN'
`mathjax`: MathJax 3.2.2, Apache 2.0.
Unchanged files of the npm packages, copied by `tools/vendor.sh`; the sha256 of each is in `SHA256SUMS`.
MARKDOWN
du -sh "$target"
