"""The keys of etcd on the command line: `etcdctl get`, `put`, `del`.

Source: `etcdctl/ctlv3/command` (`get_command.go`, `put_command.go`, `del_command.go`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from course_lib.cluster.etcdctl_flags import CommandLine
from course_lib.cluster.etcdctl_print import (
    Printed,
    header_fields,
    key_value,
    key_value_fields,
    key_value_json,
)
from course_lib.cluster.etcdctl_session import Session
from course_lib.errors import CourseError
from course_lib.etcd import Delete, EtcdError, Get, Put, Txn
from course_lib.etcd.requests import EtcdResponse, KeyValue, Range
from course_lib.objects.manifests import Document

REGISTRY = "/registry/"
SORTS: dict[str, Callable[[KeyValue], Any]] = {
    "CREATE": lambda kv: kv.create_revision,
    "KEY": lambda kv: kv.key,
    "MODIFY": lambda kv: kv.mod_revision,
    "VALUE": lambda kv: kv.value,
    "VERSION": lambda kv: kv.version,
}


def get(session: Session, asked: CommandLine) -> Printed:
    """The value of a key, or of a range of keys.

    Raises `EtcdError` for arguments that etcdctl refuses.
    """
    many = "get command needs one argument as key and an optional argument as range_end"
    answer, found = _range(session, asked, many)
    for flag, table in (("order", ("ASCEND", "DESCEND", "")), ("sort-by", (*SORTS, ""))):
        if asked.text(flag).upper() not in table:
            raise EtcdError(f"bad sort {flag.replace('-by', '')} {asked.text(flag)}")
    if asked.on("keys-only") and asked.on("count-only"):
        both = "`--keys-only` and `--count-only`"
        raise EtcdError(f"{both} cannot be set at the same time, choose one")
    if asked.on("count-only") and asked.format != "fields":
        raise EtcdError("--count-only is only for `--write-out=fields`")
    if asked.on("print-value-only") and asked.format != "simple":
        raise EtcdError("print-value-only is only for `--write-out=simple`")
    sort = SORTS[asked.text("sort-by").upper() or "KEY"]
    if asked.text("sort-by") or asked.text("order"):
        found.sort(key=sort, reverse=asked.text("order").upper() == "DESCEND")
    count, limit = len(found), asked.number("limit")
    shown = [] if asked.on("count-only") else found[: limit or None]
    if asked.on("keys-only"):
        shown = [_without_value(kv) for kv in shown]
    header = session.header(session.answering(), answer.revision)
    document: Document = {"header": header}
    if shown:
        document["kvs"] = [key_value_json(kv) for kv in shown]
    more = 0 < limit < count
    document |= {"more": True} if more else {}
    document |= {"count": count} if count else {}
    fields = [*header_fields(header), *(line for kv in shown for line in key_value_fields(kv))]
    fields += [f'"More" : {str(more).lower()}', f'"Count" : {count}']
    simple = [key_value(kv, asked.on("print-value-only")) for kv in shown]
    return Printed("\n".join(simple), document, fields="\n".join(fields))


def put(session: Session, asked: CommandLine) -> Printed:
    """Write a key.

    Raises `EtcdError` for arguments that etcdctl refuses.
    """
    if len(asked.arguments) != 2 - asked.on("ignore-value"):
        raise EtcdError("put command needs 1 argument and input from stdin or 2 arguments")
    key = asked.arguments[0]
    before: KeyValue | None = session.read(Get(key)).result
    if asked.on("ignore-value") and before is None:
        raise EtcdError("etcdserver: key not found")
    value = before.value if asked.on("ignore-value") and before else asked.arguments[-1]
    if key.startswith(REGISTRY):
        _must_be_an_object(key, value)
    answer = session.propose(Put(key, value))
    header = session.header(session.answering(), answer.revision)
    shown = before if asked.on("prev-kv") else None
    lines = ["OK", *([key_value(shown)] if shown else [])]
    document = {"header": header} | ({"prev_kv": key_value_json(shown)} if shown else {})
    return Printed("\n".join(lines), document, fields="\n".join(header_fields(header)))


def delete(session: Session, asked: CommandLine) -> Printed:
    """Delete a key, or a range of keys."""
    many = "del command needs one argument as key and an optional argument as range_end"
    _, found = _range(session, asked, many)
    answer = session.propose(Txn((), tuple(Delete(kv.key) for kv in found)))
    header = session.header(session.answering(), answer.revision)
    shown = found if asked.on("prev-kv") else []
    lines = [str(len(found)), *(key_value(kv) for kv in shown)]
    document: Document = {"header": header} | ({"deleted": len(found)} if found else {})
    document |= {"prev_kvs": [key_value_json(kv) for kv in shown]} if shown else {}
    fields = [*header_fields(header), f'"Deleted" : {len(found)}']
    return Printed("\n".join(lines), document, fields="\n".join(fields))


def _range(session: Session, asked: CommandLine, usage: str) -> tuple[EtcdResponse, list[KeyValue]]:
    """The keys that arguments and flags mean, by name."""
    if len(asked.arguments) not in (1, 2):
        raise EtcdError(usage)
    if asked.on("prefix") and asked.on("from-key"):
        both = "`--prefix` and `--from-key`"
        raise EtcdError(f"{both} cannot be set at the same time, choose one")
    key, *rest = asked.arguments
    if rest and (asked.on("prefix") or asked.on("from-key")):
        few = "too many arguments, only accept one argument when"
        raise EtcdError(f"{few} `--prefix` or `--from-key` is set")
    revision = asked.number("rev") if "rev" in asked.flags else 0
    if not (rest or asked.on("prefix") or asked.on("from-key")):
        answer = session.read(Get(key, revision))
        return answer, [answer.result] if answer.result else []
    answer = session.read(Range(key if asked.on("prefix") else "", revision))
    end = rest[0] if rest else ""
    return answer, [kv for kv in answer.result if kv.key >= key and (not end or kv.key < end)]


def _without_value(kv: KeyValue) -> KeyValue:
    return KeyValue(kv.key, "", kv.create_revision, kv.mod_revision, kv.version, kv.lease)


def _must_be_an_object(key: str, value: str) -> None:
    """Refuse what no API server could read: below `/registry/` are its objects."""
    try:
        document = json.loads(value)
        good = isinstance(document, dict) and isinstance(document.get("metadata"), dict)
    except ValueError:
        good = False
    if not good or not document.get("kind"):
        raise CourseError(
            "the API server could not read this",
            where=key,
            expected="an object in JSON, with kind and metadata",
            found=value[:60],
            do="write below another prefix, or write objects through the API server",
        )
