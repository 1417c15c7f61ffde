"""The grammar of CEL: a text becomes a tree, or the first fault of the text is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_TOKENS = re.compile(
    r"""(?P<space>[\t\n\f\r ]+|//[^\n]*)
      | (?P<bytes>[bB][rR]?(?P<q1>\"\"\"|'''|"|')(?:\\.|(?!(?P=q1)).)*?(?P=q1))
      | (?P<raw>[rR](?P<q2>\"\"\"|'''|"|').*?(?P=q2))
      | (?P<string>(?P<q3>\"\"\"|'''|"|')(?:\\.|(?!(?P=q3)).)*?(?P=q3))
      | (?P<double>(?:[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+))
      | (?P<uint>(?:0x[0-9a-fA-F]+|[0-9]+)[uU])
      | (?P<int>0x[0-9a-fA-F]+|[0-9]+)
      | (?P<name>[_a-zA-Z][_a-zA-Z0-9]*|`[^`\n]+`)
      | (?P<mark>&&|\|\||[<>=!]=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
END = "<EOF>"
OPERAND = (
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, "
    "BYTES, IDENTIFIER}"
)
_LEVELS = (("||",), ("&&",), ("<", "<=", ">=", ">", "==", "!=", "in"), ("+", "-"), ("*", "/", "%"))
DEEPEST = 50  # parentheses and the like in one another


class Token(msgspec.Struct, frozen=True):
    """A word of an expression, its sort, and where it begins."""

    sort: str
    text: str
    at: int


class Expr(msgspec.Struct, frozen=True):
    """A part of an expression: its `sort`, what it is called or stands for, its parts, its place.

    `name`, `literal` (of a type), `select`, `index`, `call`, `list`, `map`, `object`, `if`.
    """

    sort: str
    text: str
    parts: tuple[Expr, ...]
    at: int


class CompileFault(Exception):
    """An expression that cannot be compiled; `at` is the place in its text."""

    def __init__(self, what: str, at: int) -> None:
        super().__init__(what)
        self.what, self.at = what, at


def told(text: str, fault: CompileFault) -> str:
    """A fault as CEL's compiler tells it: the line, the column, and a mark below it.

    >>> print(told("self >", CompileFault("Syntax error", 6)))
    ERROR: <input>:1:7: Syntax error
     | self >
     | ......^
    """
    before = text[: fault.at]
    line, column = before.count("\n") + 1, fault.at - (before.rfind("\n") + 1)
    shown = text.split("\n")[line - 1]
    return f"ERROR: <input>:{line}:{column + 1}: {fault.what}\n | {shown}\n | {'.' * column}^"


def parse(text: str) -> Expr:
    """The tree of an expression; raises `CompileFault`."""
    return _Parser(list(_tokens(text))).whole()


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None:
            said = f"Syntax error: token recognition error at: '{text[at]}'"
            raise CompileFault(said, at)
        if match.lastgroup != "space":
            sort = next(name for name in match.groupdict() if match[name] and name[0] != "q")
            yield Token(sort, match[0], at)
        at = match.end()
    yield Token("end", END, len(text))


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._place, self._depth = tokens, 0, 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _takes(self, *texts: str) -> Token | None:
        token = self._next
        if token.text in texts and token.sort in ("mark", "name"):
            self._place += 1
            return token
        return None

    def _wants(self, text: str) -> Token:
        found = self._takes(text)
        if found is None:
            raise self._unexpected(f"'{text}'")
        return found

    def _unexpected(self, wanted: str) -> CompileFault:
        token = self._next
        return CompileFault(
            f"Syntax error: mismatched input '{token.text}' expecting {wanted}", token.at
        )

    def whole(self) -> Expr:
        found = self._expression()
        if self._next.sort != "end":
            raise self._unexpected(END)
        return found

    def _expression(self) -> Expr:
        self._depth += 1
        if self._depth > DEEPEST:
            raise CompileFault("expression recursion limit exceeded", self._next.at)
        found = self._binary(0)
        if mark := self._takes("?"):
            yes = self._binary(0)
            self._wants(":")
            found = Expr("if", "_?_:_", (found, yes, self._expression()), mark.at)
        self._depth -= 1
        return found

    def _binary(self, level: int) -> Expr:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while mark := self._takes(*_LEVELS[level]):
            name = "@in" if mark.text == "in" else f"_{mark.text}_"
            left = Expr("call", name, (left, self._binary(level + 1)), mark.at)
        return left

    def _unary(self) -> Expr:
        if mark := self._takes("!", "-"):
            return Expr("call", f"{mark.text}_", (self._unary(),), mark.at)
        return self._member()

    def _member(self) -> Expr:
        found = self._primary()
        while True:
            if mark := self._takes("."):
                self._takes("?")
                name = self._name()
                if self._takes("("):
                    inside = (found, *self._list(")"))
                    found = Expr("call", name.text, inside, name.at - 1)
                else:
                    found = Expr("select", name.text.strip("`"), (found,), mark.at)
            elif mark := self._takes("["):
                self._takes("?")
                found = Expr("index", "_[_]", (found, self._expression()), mark.at)
                self._wants("]")
            else:
                return found

    def _name(self) -> Token:
        token = self._next
        if token.sort != "name" or token.text == "in":
            raise self._unexpected("IDENTIFIER")
        self._place += 1
        return token

    def _list(self, end: str) -> tuple[Expr, ...]:
        found: list[Expr] = []
        while not self._takes(end):
            self._takes("?")
            found.append(self._expression())
            if not self._takes(","):
                self._wants(end)
                break
        return tuple(found)

    def _primary(self) -> Expr:
        token = self._next
        if token.sort in ("string", "raw", "bytes", "int", "uint", "double"):
            self._place += 1
            sort = "string" if token.sort == "raw" else token.sort
            return Expr("literal", sort, (), token.at)
        if self._takes("("):
            found = self._expression()
            self._wants(")")
            return found
        if self._takes("["):
            return Expr("list", "", self._list("]"), token.at)
        if self._takes("{"):
            return Expr("map", "", self._entries(), token.at)
        self._takes(".")
        if self._next.sort != "name" or self._next.text == "in":
            raise self._unexpected(OPERAND)
        name = self._name()
        if name.text in ("true", "false", "null"):
            return Expr("literal", "null" if name.text == "null" else "bool", (), name.at)
        if self._takes("("):
            return Expr("call", name.text, self._list(")"), name.at)
        if self._takes("{"):
            return Expr("object", name.text, self._entries(), name.at)
        return Expr("name", name.text, (), name.at)

    def _entries(self) -> tuple[Expr, ...]:
        found: list[Expr] = []
        while not self._takes("}"):
            self._takes("?")
            found.append(self._expression())
            self._wants(":")
            found.append(self._expression())
            if not self._takes(","):
                self._wants("}")
                break
        return tuple(found)
