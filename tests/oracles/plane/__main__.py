"""`python -m tests.oracles.plane`: how the course's answers compare with the stored real ones.

Prints a table for each group. `--show NAME` prints both answers of the cases whose name contains
NAME; `--renew` writes `differences.yaml` again, with the reasons that it has.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from tests.oracles.plane.course import answers
from tests.oracles.plane.differences import LIST, compared, renewed, table
from tests.oracles.plane.files import FOLDER, GROUPS, read
from tests.oracles.plane.normal import leaves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="group")
    parser.add_argument("--show", default="")
    parser.add_argument("--renew", action="store_true")
    given = parser.parse_args()
    if given.renew and given.show:
        parser.error("--renew looks at all cases of a group, --show at some")
    found = {}
    stored = [group for group in GROUPS if (FOLDER / f"{group}.jsonl").exists()]
    for group in given.groups or stored:
        cases = [case for case in read(group)[1] if given.show in case["name"]]
        told = answers(group, cases)
        found[group] = compared(
            group, {case["name"]: answer for case, answer in zip(cases, told, strict=True)}
        )
        print(table(group, found[group]).to_string(index=False), end="\n\n")
        for case, answer in zip(cases, told, strict=True):
            if given.show and case["answer"] != answer:
                show(case["name"], case["answer"], answer)
    if given.renew:
        LIST.write_text(renewed(found))


def show(name: str, real: Any, ours: Any) -> None:
    """The leaves in which two answers differ."""
    print(name)
    left, right = dict(leaves(real)), dict(leaves(ours))
    for path in [*left, *(path for path in right if path not in left)]:
        if left.get(path) != right.get(path):
            print(f"  {path}\n    real:   {json.dumps(left.get(path), ensure_ascii=False)}")
            print(f"    course: {json.dumps(right.get(path), ensure_ascii=False)}")


if __name__ == "__main__":
    main()
