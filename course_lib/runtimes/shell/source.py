"""The text of a script, read from left to right: blanks, reserved words, what is unexpected.

Source: POSIX.1-2017, Shell Command Language, 2.3 Token Recognition, 2.4 Reserved Words.
"""

from __future__ import annotations

import re

from course_lib.runtimes.shell.syntax import SyntaxFault

CLOSING = ("then", "else", "elif", "fi", "do", "done", "esac", "}")


class ScriptSource:
    """The text of a script, and the place up to which it has been read."""

    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0

    def peek(self, length: int = 1) -> str:
        """The next characters."""
        return self.text[self.place : self.place + length]

    def at(self, text: str) -> bool:
        """Whether this comes next."""
        return self.text.startswith(text, self.place)

    def take(self, text: str) -> bool:
        """Skip this, if it comes next."""
        found = self.at(text)
        self.place += len(text) if found else 0
        return found

    @property
    def line(self) -> int:
        """The number of the line."""
        return self.text.count("\n", 0, self.place) + 1

    @property
    def over(self) -> bool:
        """Whether all has been read."""
        return self.place >= len(self.text)

    def unexpected(self) -> SyntaxFault:
        """What is wrong with what comes next, in dash's words."""
        if self.over:
            return SyntaxFault("end of file unexpected")
        operator = re.match(r";;|&&|\|\||[;&|()<>]|\n", self.text[self.place :])
        if operator is not None:
            return SyntaxFault(f'"{operator[0]}" unexpected' if operator[0] != "\n" else
                               "newline unexpected")  # fmt: skip
        name = self.name()
        return SyntaxFault(f'"{name}" unexpected' if name in CLOSING else "word unexpected")

    def blanks(self) -> None:
        """Skip spaces, comments and continued lines."""
        while not self.over:
            if self.peek() in " \t\r":
                self.place += 1
            elif self.at("\\\n"):
                self.place += 2
            elif self.peek() == "#":
                end = self.text.find("\n", self.place)
                self.place = len(self.text) if end < 0 else end
            else:
                return

    def newlines(self) -> None:
        """Skip ends of line, and what `blanks` skips."""
        self.blanks()
        while self.take("\n"):
            self.blanks()

    def name(self) -> str:
        """The bare word that comes next, without taking it."""
        match = re.match(r"[^\s;&|<>()'\"\\$`]+", self.text[self.place :])
        return match[0] if match else ""

    def keyword(self, *words: str) -> str:
        """Take one of these reserved words, if it comes next."""
        self.blanks()
        found = self.name()
        if found not in words:
            return ""
        after = self.text[self.place + len(found) :][:1]
        if after and after not in " \t\r\n;&|<>()":
            return ""
        self.place += len(found)
        return found

    def expect(self, word: str) -> None:
        """Take a reserved word; raises `SyntaxFault` where another stands."""
        self.newlines()
        if not self.keyword(word):
            fault = self.unexpected()
            raise SyntaxFault(f'{fault} (expecting "{word}")')
