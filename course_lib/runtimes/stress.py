"""`stress`: a program that uses as much CPU and memory as its command line says.

Source: `stress.c` of stress 1.0.4 (the manual stress(1)): `--cpu`, `--vm`, `--vm-bytes`,
`--vm-hang`, `--timeout`. Workers for the disk use no CPU here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from course_lib.runtimes.behaviour import Behaviour

VM_BYTES = 256 * 2**20  # of each worker for memory, unless told
OWN = 2**20  # bytes of the program itself
_LETTERS = {"-c": "--cpu", "-m": "--vm", "-t": "--timeout"}
_SIZES = {"B": 1, "K": 2**10, "M": 2**20, "G": 2**30}
_TIMES = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "y": 31_556_952}


def stress_load(argv: Sequence[str]) -> Behaviour:
    """What `stress` does with a command line; with `--timeout` it ends by itself.

    >>> load = stress_load(["stress", "--cpu", "2", "--vm", "1", "--vm-bytes", "250M"])
    >>> load.cpu.highest, load.memory.highest / 2**20
    (3.0, 251.0)
    """
    given = _options(argv)
    processors, workers = (_amount(given.get(name, "0"), {}) for name in ("--cpu", "--vm"))
    each = _amount(given["--vm-bytes"], _SIZES) if "--vm-bytes" in given else VM_BYTES
    busy = processors + (0 if "--vm-hang" in given else workers)
    seconds = _amount(given.get("--timeout", "0"), _TIMES)
    return Behaviour.make(
        startup=0.0,
        runs_for=seconds or None,
        cpu=float(busy),
        memory=float(OWN + workers * each),
    )


def _options(argv: Sequence[str]) -> dict[str, str]:
    """The options with their values, by their long names."""
    words = [part for word in argv[1:] for part in word.split("=", 1)]
    names = [_LETTERS.get(word, word) for word in words]
    return dict(pairwise([*names, ""]))


def _amount(text: str, units: dict[str, int]) -> int:
    """A number with the sign of a unit behind it; 0 for what is none."""
    unit = units.get(text[-1:])
    digits = text[:-1] if unit else text
    return int(digits) * (unit or 1) if digits.isdecimal() else 0
