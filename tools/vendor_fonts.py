"""Make the fonts of the pages and of the printed book for tools/vendor.sh: python vendor_fonts.py SERIF SANS CODE ICONS PAGES PAPER.

SERIF, SANS and CODE are unpacked npm packages, ICONS is the theme's font of icons; PAGES and PAPER are folders. Each font
keeps the characters that the book can need. On the pages one file has the weights 400 to 700; on paper each weight has
its own, since Chromium puts a font of many weights into a PDF as drawings, which some readers show coarsely. Needs
fonttools and brotli. A modified font must not be named "Source", as Adobe's own are.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

# Latin with the accents of names, punctuation, minus and the like, raised and lowered signs, fractions.
# Greek letters, arrows and operators are those of MathJax: see fonts.css. In code, where all letters are equally wide,
# they are its own.
TEXT = [*range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2010, 0x2028), *range(0x2030, 0x203B), *range(0x2070, 0x20A0),
        *range(0x2150, 0x215F), 0x2044, 0x20AC, 0x2212, 0x2016, 0x1D40, 0x1D4F, 0x02E3, 0x0302, 0x0304, 0x1E91, 0x2122]
CODE = [*TEXT, *range(0x391, 0x3CA), 0x2032, 0x2033, *range(0x2190, 0x2194), 0x2202, 0x2206, 0x220F, 0x2211, 0x221A,
        0x221E, 0x2248, 0x2260, 0x2264, 0x2265, 0x25B2, 0x25BC, 0x2713]
# The icons of the theme's buttons and boxes. Another one would come from the theme's own font, ten times as large.
ICONS = [0xF002, 0xF00C, 0xF00D, 0xF010, 0xF019, 0xF03A, 0xF040, 0xF042, 0xF053, 0xF054, 0xF057, 0xF058, 0xF059, 0xF05A,
         0xF062, 0xF064, 0xF065, 0xF06A, 0xF071, 0xF077, 0xF078, 0xF0C9, 0xF0EB, 0xF0F3, 0xF104, 0xF105, 0xF106, 0xF107,
         0xF15B, 0xF185, 0xF186, 0xF1C1, 0xF303, 0xF35D]


def write(font: TTFont, characters: list[int], name: str, target: Path, **axes: float | tuple[float, float]) -> None:
    options = Options()
    options.layout_features = [*options.layout_features, "tnum", "lnum"]
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]
    options.hinting = False
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    if axes:
        font = instantiateVariableFont(font, axes)
    for record in font["name"].names:
        if record.nameID in (1, 4):
            record.string = name
        elif record.nameID == 6:
            record.string = name.replace(" ", "")
    font.flavor = "woff2"
    font["head"].modified = font["head"].created       # the same file at every run
    font.recalcTimestamp = False
    font.save(target)


def main(serif: Path, sans: Path, code: Path, icons: Path, pages: Path, paper: Path) -> None:
    def single(file: str, characters: list[int], name: str, target: Path) -> None:
        folder = {"Serif4": serif, "Sans3": sans, "CodePro": code}[file.partition("-")[0]]
        write(TTFont(folder / "WOFF2" / "TTF" / f"Source{file}.ttf.woff2"), characters, name, target)

    for folder in (pages, paper):
        folder.mkdir(parents=True, exist_ok=True)
    for style, weights in (("Roman", (400, 700)), ("Italic", 400)):
        font = TTFont(serif / "WOFF2" / "VAR" / f"SourceSerif4Variable-{style}.ttf.woff2")
        write(font, TEXT, "Lecture Serif", pages / f"serif-{style.lower()}.woff2", wght=weights, opsz=14)
    font = TTFont(sans / "WOFF2" / "VF" / "SourceSans3VF-Upright.ttf.woff2")
    write(font, TEXT, "Lecture Sans", pages / "sans.woff2", wght=(400, 700))
    single("CodePro-Regular", CODE, "Lecture Code", pages / "code.woff2")
    write(TTFont(icons), ICONS, "Lecture Icons", pages / "icons.woff2")

    for file, name in (("Serif4-Regular", "Serif"), ("Serif4-It", "Serif Italic"), ("Serif4-Bold", "Serif Bold"),
                       ("Sans3-Regular", "Sans"), ("Sans3-Semibold", "Sans Bold")):
        single(file, TEXT, f"Lecture {name}", paper / f"{name.lower().replace(' ', '-')}.woff2")
    for file, name in (("CodePro-It", "Code Italic"), ("CodePro-Semibold", "Code Bold")):
        single(file, CODE, f"Lecture {name}", paper / f"{name.lower().replace(' ', '-')}.woff2")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
