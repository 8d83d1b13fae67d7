"""The displayed formula itself, executed: LaTeX and the values of its symbols in, "it holds" or a fault out.

`tokens` cuts LaTeX, `parser` makes a `tree` of it, `evaluator` computes the tree, `statements` tests its
relations, `guards` refuses values that would hide an error, `bindings` is what a chapter writes, and
`mutants` breaks a formula one token at a time. How to write bindings: ``book/contributing.md``.
"""

from .bindings import Case, Chapter, case, check, labels_of, load
from .evaluator import Given, Interval
from .tokens import LatexError

__all__ = ["Case", "Chapter", "Given", "Interval", "LatexError", "case", "check", "labels_of", "load"]
