"""Arguments of commands: what argparse is to accept, and how it says no."""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
import threading
from collections.abc import Callable

LARGEST_PORT = 65535


def whole_number(lowest: int, highest: int | None = None) -> Callable[[str], int]:
    """A reader of whole numbers from `lowest` to `highest`.

    The reader raises `ArgumentTypeError` for anything else.

    >>> whole_number(0, LARGEST_PORT)("8080")
    8080
    """

    def read(text: str) -> int:
        digits = text.strip().lstrip("+-")
        good = digits.isascii() and digits.isdecimal() and len(digits) < 19
        number = int(text) if good and len(text.strip()) - len(digits) < 2 else None
        if number is None or number < lowest or (highest is not None and number > highest):
            bounds = f"from {lowest} to {highest}" if highest is not None else f"{lowest} or more"
            raise argparse.ArgumentTypeError(
                f"expected a whole number, {bounds}; found {text[:40]!r}"
            )
        return number

    return read


def speed(text: str) -> float:
    """A reader of speeds: simulated seconds in each real one.

    Raises `ArgumentTypeError` for what is no number above zero.

    >>> speed("2.5")
    2.5
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(
            f"expected a number greater than 0 (simulated seconds in each real one); "
            f"found {text[:40]!r}"
        )
    return number


def path(text: str) -> str:
    """A reader of paths: not empty, and such as a file system can have.

    Raises `ArgumentTypeError` for anything else.
    """
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"expected a path; found {text[:40]!r}")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(f"expected a path; found {text[:40]!r}") from None
    return text


def announce(text: str) -> None:
    """Print a line at once; a closed output does not end the command."""
    try:
        print(text, flush=True)
    except OSError:  # a pipe that the reader has closed, a full disk
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def until_interrupted() -> threading.Event:
    """An event that SIGINT, SIGTERM or a closed terminal sets, in place of what they else do."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    return stop
