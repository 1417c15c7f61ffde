"""Taints on the command line: `key=value:effect`, `key:effect`, and `key-` or `key:effect-`.

Source: kubectl `pkg/cmd/taint/utils.go`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from course_lib.kubectl.failures import CommandError, raise_all
from course_lib.objects.manifests import Document
from course_lib.objects.validation.formats import label_key, label_value

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


class TaintWords(msgspec.Struct):
    """The taints to add, and those to remove; one without an effect means all of its key."""

    added: list[Document]
    removed: list[Document]

    def conflicts(self) -> list[str]:
        """Taints that are both added and removed."""
        return [
            f"{gone['key']}={gone.get('effect', '')}"
            for new in self.added
            for gone in self.removed
            if new["key"] == gone["key"] and gone.get("effect", new["effect"]) == new["effect"]
        ]

    def known_in(self, existing: Sequence[Document]) -> str:
        """The keys of those that are added and exist already."""
        return ",".join(new["key"] for new in self.added for old in existing if _same(new, old))


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words that name nodes, and those about taints; raises `CommandError`."""
    resources: list[str] = []
    taints: list[str] = []
    for word in words:
        if "=" in word or ":" in word or word.endswith("-"):
            taints.append(word)
        elif taints:
            raise CommandError(f"all resources must be specified before taint changes: {word}")
        else:
            resources.append(word)
    return resources, taints


def parse(words: Sequence[str]) -> TaintWords:
    """The taints that words mean; raises `CommandError`."""
    found = TaintWords([], [])
    for word in words:
        if word.endswith("-"):
            gone = _parse_one(word.removesuffix("-"))
            found.removed.append({key: gone[key] for key in ("key", "effect") if key in gone})
            continue
        new = _parse_one(word)
        if "effect" not in new:
            raise CommandError(f"invalid taint spec: {word}")
        if any(_same(new, each) for each in found.added):
            shown = f"{{{new['key']} {new.get('value', '')} {new['effect']} <nil>}}"
            raise CommandError(f"duplicated taints with the same key and effect: {shown}")
        found.added.append(new)
    return found


def _parse_one(word: str) -> Document:
    key, *effects = word.split(":")
    if len(effects) > 1:
        raise CommandError(f"invalid taint spec: {word}")
    value = ""
    if effects:
        if effects[0] not in EFFECTS:
            said = f"invalid taint effect: {effects[0]}, unsupported taint effect"
            raise CommandError(said)
        key, *values = key.split("=")
        if len(values) > 1:
            raise CommandError(f"invalid taint spec: {word}")
        value = values[0] if values else ""
        if problems := label_value(value):
            raise CommandError(f"invalid taint spec: {word}, {'; '.join(problems)}")
    if problems := label_key(key):
        raise CommandError(f"invalid taint spec: {word}, {'; '.join(problems)}")
    effect = {"effect": effects[0]} if effects else {}
    return {"key": key} | ({"value": value} if value else {}) | effect


def _same(one: Document, other: Document) -> bool:
    return bool(one["key"] == other["key"] and one.get("effect") == other.get("effect"))


def reorganized(
    existing: Sequence[Document], taints: TaintWords, overwrite: bool
) -> tuple[str, list[Document]]:
    """What is done to the `existing` taints, in a word, and the new ones (`reorganizeTaints`).

    `taints` are what changes, `overwrite` is the flag. Raises `CommandError` for taints to remove
    that are not there.
    """
    new = list(taints.added)
    new += [old for old in existing if not any(_same(each, old) for each in new)]
    added, deleted = len(existing) != len(new), False
    missing: list[CommandError] = []
    for gone in taints.removed:
        kept = [each for each in new if not _removes(gone, each)]
        deleted = len(kept) != len(new)
        if not deleted:
            missing.append(CommandError(f'taint "{_text(gone)}" not found'))
        new = kept
    raise_all(missing)
    if overwrite or (added and deleted):
        return "modified", new
    return "tainted" if added else "untainted", new


def _removes(gone: Document, taint: Document) -> bool:
    return bool(
        gone["key"] == taint["key"] and gone.get("effect", taint["effect"]) == taint["effect"]
    )


def _text(taint: Document) -> str:
    return f"{taint['key']}:{taint['effect']}" if "effect" in taint else str(taint["key"])
