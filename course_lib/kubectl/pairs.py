"""Words such as `key=value` and `key-` behind the names of resources.

Source: `GetResourcesAndPairs` and `ParsePairs` of kubectl `pkg/cmd/util/helpers.go`.
"""

from __future__ import annotations

from collections.abc import Sequence

from course_lib.kubectl.failures import CommandError


def resources_and_pairs(words: Sequence[str], kind: str) -> tuple[list[str], list[str]]:
    """The words that name resources, and those behind them that are pairs.

    `kind` is what the pairs are, as in `label`. Raises `CommandError` for a word in the wrong
    place.
    """
    resources: list[str] = []
    pairs: list[str] = []
    for word in words:
        if ("=" in word and word[0] != "=") or (word.endswith("-") and word != "-"):
            pairs.append(word)
        elif pairs:
            raise CommandError(f"all resources must be specified before {kind} changes: {word}")
        else:
            resources.append(word)
    return resources, pairs


def parse_pairs(
    words: Sequence[str], kind: str, removes: bool = False
) -> tuple[dict[str, str], list[str]]:
    """What pairs set, and what they remove, where the command `removes`.

    `words` are pairs of a `kind`. Raises `CommandError` for words of another form.
    """
    new: dict[str, str] = {}
    removed: list[str] = []
    wrong: list[str] = []
    for word in words:
        if "=" in word and word[0] != "=":
            key, _, value = word.partition("=")
            new[key] = value
        elif removes and word.endswith("-") and word != "-":
            removed.append(word[:-1])
        else:
            wrong.append(word)
    if wrong:
        raise CommandError(f"invalid {kind} format: {', '.join(wrong)}")
    return new, removed
