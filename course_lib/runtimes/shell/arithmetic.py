"""`$(( ))`: integers as C has them.

Source: POSIX.1-2017, Shell Command Language, 2.6.4 Arithmetic Expansion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping

_TOKEN = re.compile(r"\s*(0[xX][\da-fA-F]+|\d+|[A-Za-z_]\w*|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%]=|.)")
_LEVELS = (
    ("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<=", ">=", "<", ">"),
    ("<<", ">>"), ("+", "-"), ("*", "/", "%"),
)  # fmt: skip


def _divided(a: int, b: int) -> int:
    """Rounded towards zero."""
    if b == 0:
        raise ArithmeticError("divide by zero")
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


_DO: dict[str, Callable[[int, int], int]] = {
    "||": lambda a, b: int(bool(a or b)),
    "&&": lambda a, b: int(bool(a and b)),
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "&": lambda a, b: a & b,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<=": lambda a, b: int(a <= b),
    ">=": lambda a, b: int(a >= b),
    "<": lambda a, b: int(a < b),
    ">": lambda a, b: int(a > b),
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divided,
    "%": lambda a, b: a - b * _divided(a, b),
}


def evaluate(text: str, variables: MutableMapping[str, str]) -> int:
    """The value of an expression; raises `ArithmeticError`.

    >>> evaluate("1 + 2 * (x - 1) > 4 && 7 / -2 == -3", {"x": "3"})
    1
    """
    return _Expression(text, variables).value()


class _Expression:
    def __init__(self, text: str, variables: MutableMapping[str, str]) -> None:
        self._tokens = [match for match in _TOKEN.findall(text.strip()) if match.strip()]
        self._variables = variables

    def value(self) -> int:
        found = self._assigned() if self._tokens else 0
        if self._tokens:
            raise ArithmeticError(f'arithmetic expression: expecting EOF: "{self._tokens[0]}"')
        return found

    def _assigned(self) -> int:
        tokens = self._tokens
        operator = tokens[1] if len(tokens) > 1 else ""
        if re.fullmatch(r"[-+*/%]?=", operator) and re.match(r"[A-Za-z_]", tokens[0]):
            name = tokens[0]
            del tokens[:2]
            right = self._assigned()
            found = right if operator == "=" else _DO[operator[0]](self._variable(name), right)
            self._variables[name] = str(found)
            return found
        return self._chosen()

    def _chosen(self) -> int:
        found = self._level(0)
        if self._tokens[:1] == ["?"]:
            self._tokens.pop(0)
            yes = self._assigned()
            self._expect(":")
            no = self._assigned()
            return yes if found else no
        return found

    def _level(self, level: int) -> int:
        if level == len(_LEVELS):
            return self._single()
        found = self._level(level + 1)
        while self._tokens and self._tokens[0] in _LEVELS[level]:
            operator = self._tokens.pop(0)
            found = _DO[operator](found, self._level(level + 1))
        return found

    def _single(self) -> int:
        if not self._tokens:
            raise ArithmeticError('arithmetic expression: expecting primary: ""')
        token = self._tokens.pop(0)
        match token:
            case "(":
                found = self._assigned()
                self._expect(")")
                return found
            case "-":
                return -self._single()
            case "+":
                return self._single()
            case "!":
                return int(not self._single())
            case "~":
                return ~self._single()
        if token[0].isdigit():
            octal = token[0] == "0" and token.isdecimal()
            return int(token, 8) if octal else int(token, 0)
        if re.match(r"[A-Za-z_]", token):
            return self._variable(token)
        raise ArithmeticError(f'arithmetic expression: expecting primary: "{token}"')

    def _variable(self, name: str) -> int:
        text = self._variables.get(name, "") or "0"
        if not re.fullmatch(r"-?\d+", text):
            raise ArithmeticError(f"Illegal number: {text}")
        return int(text)

    def _expect(self, token: str) -> None:
        if self._tokens[:1] != [token]:
            raise ArithmeticError(f'arithmetic expression: expecting "{token}"')
        self._tokens.pop(0)
