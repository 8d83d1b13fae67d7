r"""Parse the statements of a displayed formula: relations, quantifiers, conditions."""

from __future__ import annotations

from .expressions import CONDITIONALS, QUANTIFIER, SEPARATORS, Expressions
from .tokens import tokens
from .tree import Chain, Conditional, Equality, ForAll, Node, Sentence


class Parser(Expressions):
    """The rules for statements."""

    def statements(self) -> list[Node]:
        found: list[Node] = []
        while self.peek():
            at, word = self.at, self.peek()
            if quantifier := QUANTIFIER.match(word):
                self.next()
                if not found:
                    self.fail("nothing stands before it", at)
                conditions = self.conditions()
                if "if and only if" in word:
                    found.append(Equality(found.pop(), conditions[0], at=at))
                else:
                    found.append(ForAll(found[-1], self.named(quantifier["noun"], conditions, at), at=at))
            elif word in CONDITIONALS:
                self.next()
                if not found:
                    self.fail("nothing stands before it", at)
                found.append(Conditional(found.pop(), self.conditions(), at=at))
            elif self.take(r"\Longrightarrow", r"\Longleftrightarrow"):
                premise = next((i for i in reversed(range(len(found))) if not isinstance(found[i], ForAll)), None)
                if premise is None:
                    self.fail("nothing stands before it", at)
                self.take(*SEPARATORS)
                premises = (found.pop(premise),)
                found += [Conditional(each, premises, at=at) for each in self.clauses()]
            elif not self.take(*SEPARATORS):
                found += self.clauses()
        return found

    def clauses(self) -> tuple[Node, ...]:
        found = self.conditions()
        for each in found:
            if isinstance(each, Chain) and not each.relations:
                self.fail("a relation is missing", each.at)
        return found

    def named(self, noun: str | None, conditions: tuple[Node, ...], at: int) -> tuple[Node, ...]:
        """Return conditions; "for every permutation π" also says that π is a permutation."""
        if noun is None:
            return conditions
        words = f"{noun} _"
        if words not in self.names:
            self.fail(f"the words '{words}' are not bound", at)
        values = tuple(each.parts[0] for each in conditions if isinstance(each, Chain))
        return (*conditions, Sentence(words, values, at=at))


def parse(latex: str, names: set[str], functions: set[str]) -> list[Node]:
    """Return the statements of a formula.

    Parameters
    ----------
    latex
        What stands between the dollar signs.
    names, functions
        The names that are bound, and those of them that are functions.

    Raises
    ------
    LatexError
        Where the formula is not understood.
    """
    functions = functions | {name + "'" for name in functions}
    return Parser(tokens(latex), names, functions).statements()
