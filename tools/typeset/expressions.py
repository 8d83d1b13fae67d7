r"""Parse values: sums, products, indices, derivatives, brackets, by recursive descent.

What ``c_0``, ``a(1 - a)`` or ``|`` mean depends on what the symbols stand for, so the parser is told which
names are bound and which of them are functions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .tokens import Reader, Token, name_of
from .tree import (At, Big, Binary, Call, Cases, Chain, Conditioned, Count, Derivative, Expectation, Index, Matrix, Node, Number,
                   Runs, Sentence, Several, Symbol, names_in)

INEQUALITIES = {"<", ">", r"\le", r"\ge"}
RELATIONS = INEQUALITIES | {"=", r"\ne", r"\approx", r"\in", r"\leftarrow", r"\longrightarrow", r"\downarrow"}
CONDITIONALS = {rf"\text{{{word}}}" for word in ("for", "if", "whenever")}
SEPARATORS = {",", ".", ";", r"\qquad", r"\Longrightarrow", r"\Longleftrightarrow", r"\\", *CONDITIONALS,
              *(rf"\text{{{word}}}" for word in ("and", "so that", "for instance"))}
# Juxtaposition and / bind tighter than \cdot and \odot, so that σ' ⊙ Wᵀ δ is σ' ⊙ (Wᵀ δ).
PRODUCTS = {r"\cdot": 1, r"\times": 1, r"\odot": 1, "*": 1, r"\circledast": 1, "/": 2, "": 2}
CLOSE = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", "|": "|", r"\|": r"\|", r"\lceil": r"\rceil", r"\lfloor": r"\rfloor"}
NO_FACTOR = RELATIONS | SEPARATORS | {*PRODUCTS, *"+-:^_'!&)]}", r"\}", r"\rceil", r"\rfloor", r"\end"}
BIG = {r"\sum", r"\prod", r"\max", r"\min", r"\argmin", r"\lim"}
ACCENTS = {r"\bar", r"\hat", r"\tilde", r"\mathbf", r"\mathbb", r"\mathcal", r"\mathrm"}
UNBRACKETED = re.compile(r"\\(log|exp|sin|cos|tanh|operatorname\{.*\})$")  # log x, vec X
NAMED_SUBSCRIPT = re.compile(r"\\text|\\(max|min|infty)$")
QUANTIFIER = re.compile(r"\\text\{(?:for (?:all|every)(?: (?P<noun>[^}]+))?|with equality if and only if)\}$")
NAMED_SUPERSCRIPT = {"*", "+", r"\circ"}


class Expressions(Reader):
    """The rules for values. Behind a function, a bracket is its arguments; behind anything else, a factor."""

    def group(self, source: Sequence[Token] | None = None) -> Node:
        source = self.raw() if source is None else source
        items = self.within(source, type(self).items)
        return items[0] if len(items) == 1 else Several(items, at=source[0].at)

    def index(self, source: Sequence[Token]) -> Node:
        """Letters side by side, as in F_{mn}, are several indices."""
        if len(source) > 1 and all(re.fullmatch("[a-zA-Z]", token.text) for token in source):
            return Several(tuple(Symbol(token.text, at=token.at) for token in source), at=source[0].at)
        return self.group(source)

    # -- sums and products

    def items(self, separators: Sequence[str] = ()) -> tuple[Node, ...]:
        """a, b, …; dots stand for nothing, so a formula with them is bound for so many."""
        found: list[Node] = []
        while not found or self.take(",", ";", *separators):
            if not self.take(r"\dots"):
                found.append(self.expression())
        return tuple(found)

    def expression(self) -> Node:
        minus, at = self.take("-", "+") == "-", self.at
        left = self.product()
        if minus:
            left = Binary("", Number("-1", at=at), left, at=at)
        while True:
            if isinstance(left, Derivative) and (self.peek(), self.peek(1)) == ("|", "_"):  # d/dt … |_{t=0}
                left = self.restricted(left)
            elif self.peek() in ("+", "-"):
                sign = self.next()
                left = Binary(sign.text, left, self.product(), at=sign.at)
            else:
                return left

    def restricted(self, derivative: Derivative) -> Node:
        self.i += 2
        place = self.within(self.raw(), type(self).chain)
        if not isinstance(place, Chain) or len(place.parts) != 2 or place.parts[0] != derivative.variable:
            self.fail("the bar names another variable than the derivative")
        return At(derivative, derivative.variable, place.parts[1], at=place.at)

    def signed(self) -> Node:
        at, minus = self.at, self.take("-")
        return Binary("", Number("-1", at=at), self.product(), at=at) if minus else self.product()

    def product(self, least: int = 1) -> Node:
        left = self.factor()
        while True:
            operator, at = self.peek() if self.peek() in PRODUCTS else "", self.at
            if PRODUCTS[operator] < least or not operator and not self.starts_factor():
                return left
            self.take(operator)
            left = Binary(operator, left, self.product(PRODUCTS[operator] + 1), at=at)

    def starts_factor(self) -> bool:
        token = self.peek()
        words = token.startswith(r"\text{") and token[6:-1] not in self.names
        return not (words or token in NO_FACTOR or token == self.stop[-1] or token == "|" and self.peek(1) == "_")

    def factor(self) -> Node:
        """A primary and what is behind it: indices, powers, transposes, a factorial."""
        node = self.primary()
        while self.peek() in ("^", "_", "!"):
            mark = self.next()
            if mark.text == "!":
                node = Call(Symbol("!", at=mark.at), (node,), at=mark.at)
                continue
            group = self.raw()
            texts = [token.text for token in group if token.text not in "{}"]
            if mark.text == "^" and texts == [r"\mathsf", "T"]:
                node = Call(Symbol("^T", at=mark.at), (node,), at=mark.at)
            elif mark.text == "^":
                node = Binary("^", node, self.group(group), at=mark.at)
            elif texts == ["F"] and isinstance(node, Call) and node.function.name == r"\|":
                node = Call(Symbol(r"\|F", at=node.at), node.arguments, at=node.at)
            else:
                node = Index(node, self.index(group), at=mark.at)
        return node

    # -- primaries

    def bracket(self, opening: str, separators: Sequence[str] = ()) -> tuple[Node, ...]:
        """Take what is inside a bracket, and the bracket that closes it."""
        self.stop.append("".join(separators) or {"|": "|", r"\|": r"\|", "[": "|"}.get(opening, ""))
        inside = (self.chain(),) if opening == "[" else self.items(separators)
        self.stop.pop()
        if opening == "[" and self.take("|"):  # what an expectation is conditioned on
            if not self.take(r"\text{past}"):
                inside = (Conditioned(inside[0], self.expression(), at=inside[0].at),)
        self.next(CLOSE[opening])
        return inside

    def primary(self) -> Node:
        token, at = self.next().text, self.tokens[self.i - 1].at
        if token[0].isdigit():
            while token.isdigit() and re.fullmatch(r"\d", self.peek()):
                token += self.next().text
            return Number(token + ("…" if "." in token and self.take(r"\dots") else ""), at=at)
        if token == r"\dots":
            return Number("1", at=at)  # A B ⋯ C: bound so that the dots are nothing
        if token == r"\frac":
            return self.fraction(self.raw(), self.raw(), at)
        if token == r"\binom":
            return Call(Symbol(token, at=at), (self.group(), self.group()), at=at)
        if token == r"\sqrt":
            return Call(Symbol(token, at=at), (self.group(),), at=at)
        if token in ("(", "[", "{"):
            inside = self.bracket(token)
            return inside[0] if len(inside) == 1 else Several(inside, at=at)
        if token in ("|", r"\|", r"\lceil", r"\lfloor"):
            return Call(Symbol(token, at=at), self.bracket(token), at=at)
        if token in BIG and self.peek() == "_":
            return self.big(token, at)
        if token == r"\nabla":
            return self.nabla(at)
        if token == r"\begin":
            return self.environment("".join(part.text for part in self.raw()), at)
        if token == r"\mathbb" and re.match(r"\{?[EP]", self.peek() + self.peek(1)):
            self.raw()
            return Expectation("E", self.factor() if self.peek() == "[" else self.product(2), at=at)
        if token == r"\operatorname" and re.match(r"\{Var\}", "".join(self.peek(k) for k in range(5))):
            self.raw()
            return Expectation("Var", self.factor(), at=at)
        if token == r"\#":
            return self.count(at)
        return self.symbol(token, at)

    def fraction(self, above: Sequence[Token], below: Sequence[Token], at: int) -> Node:
        """A quotient, ∂a/∂b, or d/dx and d²/dx² before what they derive."""
        if above and above[0].text == r"\partial":
            if not below or below[0].text != r"\partial":
                self.fail(r"\partial above and not below", at)
            return Derivative("", self.group(below[1:]), self.group(above[1:]), at=at)
        upper = [token.text for token in above if token.text not in "{}"]
        if upper in ([r"\mathrm", "d"], [r"\mathrm", "d", "^", "2"]):
            lower = [token for token in below if token.text not in "{}"]
            wanted = [r"\mathrm", "d", lower[2].text if len(lower) > 2 else "x", *upper[2:]]
            if [token.text for token in lower] != wanted:
                self.fail("not of the form d/dx", at)
            return Derivative("".join(upper[3:]), Symbol(lower[2].text, at=lower[2].at), self.product(), at=at)
        return Binary("/", self.group(above), self.group(below), at=at)

    def nabla(self, at: int) -> Node:
        """∇_z …; ∇C and ∇C(θ) are bound under their name, or derived from C."""
        order = self.next().text and self.next("2").text if self.peek() == "^" else ""
        if self.take("_"):
            return Derivative(order, self.group(), self.product(), at=at)
        name = r"\nabla^2 " if order else r"\nabla "
        token = self.next()
        return self.symbol(token.text, at, name) if name_of(name + token.text) in self.names else \
            Derivative(order, None, self.symbol(token.text, token.at), at=at)

    def big(self, operator: str, at: int) -> Node:
        def under(inner: Expressions) -> tuple[tuple[str, ...], str, Node | None]:
            names = [inner.symbol(inner.next().text, inner.at).name]
            while inner.take(","):
                names.append(inner.symbol(inner.next().text, inner.at).name)
            relation = inner.take(":", *RELATIONS)
            return tuple(names), relation, \
                inner.chain() if relation == ":" else inner.expression() if relation else None

        self.next("_")
        names, relation, low = self.within(self.raw(), under)
        node = Big(operator, names, relation, low, self.group() if self.take("^") else None, self.signed(), at=at)
        if operator != r"\lim" and not {*names} <= names_in(node.body):
            self.fail(f"the index {', '.join(names)} of {operator} is not in what follows it", at)
        return node

    def count(self, at: int) -> Node:
        """#{k < K : …}."""
        self.next(r"\{")
        first = self.chain()
        self.next(":")
        then = self.chain()
        self.next(r"\}")
        if not isinstance(first, Chain) or not isinstance(first.parts[0], Symbol):
            self.fail("a set whose first condition does not begin with its index", at)
        return Count(first.parts[0].name, (first, then), at=at)

    def environment(self, kind: str, at: int) -> Node:
        """cases or pmatrix."""
        rows: list[list] = [[]]
        while not self.take(r"\end"):
            if self.take(r"\\"):
                rows.append([])
            elif self.take("&"):
                self.take(r"\text{if}")
                rows[-1].append(() if self.take(r"\text{otherwise}", r"\text{otherwise.}") else
                                self.conditions() if kind == "cases" else self.expression())
            elif not self.take(",", "."):
                rows[-1].append(self.expression())
        if "".join(part.text for part in self.raw()) != kind:
            self.fail(rf"\end of another environment than {kind}", at)
        if kind == "cases" and all(len(row) == 2 for row in rows):
            return Cases(tuple((value, conditions) for value, conditions in rows), at=at)
        return Matrix(tuple(map(tuple, rows)), at=at) if kind == "pmatrix" else self.fail(f"{kind} is not understood", at)

    def symbol(self, token: str, at: int, name: str = "") -> Node:
        """A name with its accents, primes and stars, and its indices; behind a function, the arguments."""
        if token == r"\operatorname":
            name += token + "{" + "".join(part.text for part in self.raw()) + "}"
        elif token in ACCENTS:
            name = name_of(f"{name}{token} {''.join(part.text for part in self.raw())}")
        elif token.startswith(r"\text{") and token[6:-1] in self.names:
            name += token[6:-1]
        elif token not in NO_FACTOR and re.fullmatch(r"[a-zA-Z]|\\(?!text|cup)[a-zA-Z]+", token):
            name += token
        else:
            self.fail(f"{token} is not understood here", at)
        indices: list[Node] = []
        while mark := self.take("'", "_", "^"):
            start, group = self.i, [] if mark == "'" else self.raw()
            text = re.sub(r"\\text\{(.*?)\}", r"\1", "".join(part.text for part in group))
            if mark == "'" or mark == "^" and text in NAMED_SUPERSCRIPT:
                name += mark + text
            elif mark == "_" and (f"{name}_{text}" in self.names or NAMED_SUBSCRIPT.match(group[0].text)):
                name += "_" + text
            elif mark == "_":
                indices.append(self.index(group))
            elif re.fullmatch(r"\[.*\]|\([^()]*\)", text) and name != r"\mathbb R":  # layer, number of a sample
                indices.insert(0, self.group(group[1:-1]))
            else:
                self.i = start - 1
                break
        node = Symbol(name, tuple(indices), at=at)
        if name in self.functions and self.take("("):
            return Call(node, self.bracket("(", [r"\|"]), at=at)
        if name in self.functions and UNBRACKETED.match(name) and self.starts_factor():
            return Call(node, (self.factor() if self.peek() != r"\begin" else self.primary(),), at=at)
        return node

    # -- conditions, which also stand inside values

    def chain(self) -> Chain | Runs | Sentence:
        """a = b ≤ c, or k = 0, …, K − 1, or words with values between them."""
        at = self.at
        if self.peek().startswith(r"\text{") and self.peek()[6:-1] not in self.names:
            return self.sentence((), at)
        parts, relations, places = [self.expression()], [], []
        while self.peek() in RELATIONS:
            relation = self.next()
            if self.take(r"\dots"):  # … < \cdots
                break
            relations.append(relation.text)
            places.append(relation.at)
            parts.append(self.expression())
        if relations == ["="] and [self.peek(n) for n in range(3)] == [",", r"\dots", ","]:
            self.i += 3
            return Runs(parts[0].name if isinstance(parts[0], Symbol) else self.fail("only an index runs", at),
                        parts[1], self.expression(), at=at)
        if not relations and self.peek().startswith(r"\text{") and not self.ends_clause():
            return self.sentence(tuple(parts), at)
        return Chain(tuple(parts), tuple(relations), tuple(places), at=at)

    def ends_clause(self, ahead: int = 0) -> bool:
        """Does a token begin another clause than the words of a sentence?"""
        return self.peek(ahead) in SEPARATORS | {"", r"\end"} or bool(QUANTIFIER.match(self.peek(ahead)))

    def sentence(self, parts: tuple[Node, ...], at: int) -> Sentence:
        words = ["_"] * len(parts)
        while self.peek() and self.peek() not in ("]", ":") and not self.ends_clause():
            if self.peek().startswith(r"\text{"):
                words.append(self.next().text[6:-1])
            else:
                parts = (*parts, self.expression())
                words.append("_")
        text = " ".join(words)
        if text not in self.names:
            self.fail(f"the words '{text}' are not bound (bind them to a function, or move them into the text)", at)
        return Sentence(text, parts, at=at)

    def conditions(self) -> tuple[Node, ...]:
        """Chains between commas; one without a relation is a name, and shares the relation behind it."""
        found: list[Node] = []
        while not found or self.peek() == "," and self.peek(1) != r"\dots" and not self.ends_clause(1) and self.take(","):
            found.append(self.chain())
            if isinstance(found[-1], Chain) and not found[-1].relations and not isinstance(found[-1].parts[0], Symbol):
                self.fail("a relation is missing", found[-1].at)
        *others, last = found
        if isinstance(last, Chain) and last.relations:  # "a, b > 0" says it of both
            others = [Chain((*each.parts, *last.parts[1:]), last.relations, last.places, at=each.at)
                      if isinstance(each, Chain) and not each.relations else each for each in others]
        return (*others, last)
