"""Ask the real control plane every question, and store its answers.

`python -m tests.peers.plane [group ...]`

Groups: creates, updates, columns, stories, kubelet; without a name all of them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from course_lib.objects.release import RELEASE
from tests.oracles.plane.asking import ASK
from tests.oracles.plane.differences import unsteady
from tests.oracles.plane.files import GROUPS, write
from tests.peers.plane.asking import answered
from tests.peers.plane.questions import questions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="group")
    parser.add_argument("--keep", type=Path, help="a folder for the programs' files and logs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        for group in given.groups or GROUPS:
            began = time.monotonic()
            cases = questions(group)
            answers = answered(group, cases, folder / group)
            told = [case | {"answer": answer} for case, answer in zip(cases, answers, strict=True)]
            if group not in ASK:  # a story tells a fact where it goes the same way twice
                again = answered(group, cases, folder / f"{group}-again")
                for case, second in zip(told, again, strict=True):
                    kinds = unsteady(case["answer"], second)
                    case |= {"unsteady": kinds} if kinds else {}
            write(group, RELEASE, told)
            print(f"{group}: {len(told)} cases in {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
