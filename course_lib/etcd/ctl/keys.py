"""The keys of etcd on the command line: `etcdctl get`, `put`, `del`.

Each command gets what is `typed` and where, the flags and arguments `asked`, and the `terminal`.
Source: `etcdctl/ctlv3/command` (`get_command.go`, `put_command.go`, `del_command.go`); the order of
what `get` finds and leaves out: `server/etcdserver/txn/range.go`.
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.command_line import Exit, Flag, Parsed, Terminal, quoted
from course_lib.errors import CourseError
from course_lib.etcd.ctl.printing import BAD_FEATURE, Answer, KeyPrinter
from course_lib.etcd.ctl.session import BAD_ARGUMENTS, ERROR, Session, Typed, hex_id
from course_lib.etcd.requests import Delete, Get, KeyValue, Put, Range, Txn

SORTS: dict[str, Callable[[KeyValue], int | bytes]] = {
    "CREATE": lambda kv: kv.create_revision,
    "KEY": lambda kv: kv.key.encode(),
    "MODIFY": lambda kv: kv.mod_revision,
    "VALUE": lambda kv: kv.value.encode(),
    "VERSION": lambda kv: kv.version,
}
RANGE_FLAGS = (
    Flag("prefix", "", "bool", usage="All keys that begin so"),
    Flag("from-key", "", "bool", usage="All keys from this one on, in the order of their bytes"),
)
GET_FLAGS = (
    *RANGE_FLAGS,
    Flag("consistency", "", "string", "l", usage="Linearizable (l) or serializable (s)"),
    Flag("order", usage="Order of the keys: ASCEND or DESCEND"),
    Flag("sort-by", usage="What the order is of: CREATE, KEY, MODIFY, VALUE or VERSION"),
    Flag("limit", "", "int64", usage="At most so many keys"),
    Flag("rev", "", "int64", usage="As it was at this revision"),
    Flag("keys-only", "", "bool", usage="Keys without values"),
    Flag("count-only", "", "bool", usage="Only how many there are"),
    Flag("print-value-only", "", "bool", usage="Values without keys, in the simple format"),
    Flag("min-create-rev", "", "int64", usage="Made at this revision or later"),
    Flag("max-create-rev", "", "int64", usage="Made at this revision or before"),
    Flag("min-mod-rev", "", "int64", usage="Changed last at this revision or later"),
    Flag("max-mod-rev", "", "int64", usage="Changed last at this revision or before"),
    Flag("stream", "", "bool", usage="Get the keys in several parts; the result is the same"),
)
PUT_FLAGS = (
    Flag("lease", "", "string", "0", usage="The ID of a lease, in hex, for the key"),
    Flag("prev-kv", "", "bool", usage="Show what was there before"),
    Flag("ignore-value", "", "bool", usage="Keep the value that is there"),
    Flag("ignore-lease", "", "bool", usage="Keep the lease that is there"),
)
DEL_FLAGS = (
    *RANGE_FLAGS,
    Flag("prev-kv", "", "bool", usage="Show what is deleted"),
    Flag("range", "", "bool", usage="Delete up to a second key, without a warning"),
)


def get(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """The value of a key, or of a range of keys; raises `Exit`."""
    if not asked.args:
        _refuse("get command needs one argument as key and an optional argument as range_end")
    both = "`--{}` and `--{}` cannot be set at the same time, choose one"
    for one, other in (("prefix", "from-key"), ("keys-only", "count-only")):
        if asked.on(one) and asked.on(other):
            _refuse(both.format(one, other))
    serializable = is_serializable(asked.text("consistency"))
    _check_range(asked)
    _check_order(asked)
    _check_revisions(asked)
    session = Session(typed, asked, terminal)
    revision, found = _in_range(session, asked, max(asked.number("rev"), 0), serializable)
    format = asked.text("write-out")
    if asked.on("count-only") and format != "fields":
        _refuse("--count-only is only for `--write-out=fields`")
    if asked.on("print-value-only") and format != "simple":
        _refuse("print-value-only is only for `--write-out=simple`")
    count, kept = len(found), [kv for kv in found if _is_between(kv, asked)]
    if asked.text("sort-by") or asked.text("order"):
        kept.sort(
            key=SORTS[asked.text("sort-by").upper() or "KEY"],
            reverse=asked.text("order").upper() == "DESCEND",
        )
    limit = asked.number("limit")
    shown = [] if asked.on("count-only") else kept[: limit if limit > 0 else None]
    if asked.on("keys-only"):
        shown = [_without_value(kv) for kv in shown]
    more = 0 < limit < len(kept) and not asked.on("count-only")
    session.show(_found(session, asked, revision, shown, count, more))


def _found(
    session: Session, asked: Parsed, revision: int, shown: list[KeyValue], count: int, more: bool
) -> Answer:
    printer = KeyPrinter(session.hex, asked.on("print-value-only"))
    header = session.header(revision)
    document: dict[str, object] = {"header": header.json()}
    document |= {"kvs": [printer.json(kv) for kv in shown]} if shown else {}
    document |= ({"more": True} if more else {}) | ({"count": count} if count else {})
    fields = [*header.fields(session.hex), *(line for kv in shown for line in printer.fields(kv))]
    fields += [f'"More" : {str(more).lower()}', f'"Count" : {count}']
    return Answer("".join(map(printer.simple, shown)), document, fields=fields)


def put(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Write a key; the value may come from standard input. Raises `Exit`."""
    usage = "put command needs 1 argument and input from stdin or 2 arguments"
    if not asked.args:
        _refuse(usage)
    if asked.on("ignore-value") and len(asked.args) > 1:
        _refuse("put command needs only 1 argument when 'ignore-value' is set")
    value = asked.args[1] if len(asked.args) > 1 else typed.stdin
    if not asked.on("ignore-value") and len(asked.args) < 2 and not typed.stdin:
        _refuse(usage)
    lease = hex_id(asked.text("lease"), "bad lease ID ({}), expecting ID in Hex", signed=True)
    session, key = Session(typed, asked, terminal), asked.args[0]
    before: KeyValue | None = session.read(Get(key)).result
    for flag, given in (("ignore-value", False), ("ignore-lease", lease != 0)):
        if asked.on(flag) and given:
            raise Exit(ERROR, "etcdserver: lease is provided")
        if asked.on(flag) and before is None:
            raise Exit(ERROR, "etcdserver: key not found")
    if before is not None:
        value = before.value if asked.on("ignore-value") else value
        lease = before.lease if asked.on("ignore-lease") else lease
    try:
        session.site.check(key, value)
    except CourseError as error:
        raise Exit(ERROR, str(error)) from None
    answer = session.propose(Put(key, value, lease))
    header, printer = session.header(answer.revision), KeyPrinter(session.hex)
    simple, document, fields = "OK\n", {"header": header.json()}, header.fields(session.hex)
    if asked.on("prev-kv") and before is not None:
        simple += printer.simple(before)
        document["prev_kv"] = printer.json(before)
        fields += printer.fields(before, "Prev")
    session.show(Answer(simple, document, fields=fields))


def delete(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Delete a key, or a range of keys; raises `Exit`."""
    if len(asked.args) not in (1, 2):
        _refuse("del command needs one argument as key and an optional argument as range_end")
    if asked.on("prefix") and asked.on("from-key"):
        _refuse("`--prefix` and `--from-key` cannot be set at the same time, choose one")
    _check_range(asked)
    if len(asked.args) == 2 and not asked.on("range"):
        first, end = map(quoted, asked.args)
        terminal.error(
            f"Warning: Keys between {first} and {end} will be deleted. Please interrupt the "
            "command within next 2 seconds to cancel. You can provide `--range` flag to avoid "
            "the delay.\n"
        )
    session = Session(typed, asked, terminal)
    _, found = _in_range(session, asked, 0)
    answer = session.propose(Txn((), tuple(Delete(kv.key) for kv in found)))
    header, printer = session.header(answer.revision), KeyPrinter(session.hex)
    shown = found if asked.on("prev-kv") else []
    document: dict[str, object] = {"header": header.json()}
    document |= {"deleted": len(found)} if found else {}
    document |= {"prev_kvs": [printer.json(kv) for kv in shown]} if shown else {}
    fields = [*header.fields(session.hex), f'"Deleted" : {len(found)}']
    fields += [line for kv in shown for line in printer.fields(kv, "Prev")]
    simple = f"{len(found)}\n" + "".join(map(printer.simple, shown))
    session.show(Answer(simple, document, fields=fields))


def _check_range(asked: Parsed) -> None:
    if len(asked.args) > 1 and (asked.on("prefix") or asked.on("from-key")):
        which = "`--prefix` or `--from-key`"
        _refuse(f"too many arguments, only accept one argument when {which} is set")


def _check_order(asked: Parsed) -> None:
    for flag, known in (("order", ("ASCEND", "DESCEND", "")), ("sort-by", (*SORTS, ""))):
        if asked.text(flag).upper() not in known:
            what = "order" if flag == "order" else "target"
            raise Exit(BAD_FEATURE, f"bad sort {what} {asked.text(flag)}")


def _check_revisions(asked: Parsed) -> None:
    for kind, name in (("create", "Create"), ("mod", "Mod")):
        least, most = asked.number(f"min-{kind}-rev"), asked.number(f"max-{kind}-rev")
        if 0 < most < least:
            ends = f"getMin{name}Rev(={least}) > getMax{name}Rev(={most})"
            raise Exit(BAD_FEATURE, ends)


def is_serializable(consistency: str, shown: str = "") -> bool:
    """What `--consistency` asks for; raises `Exit`, which names `shown` in its place if given."""
    if consistency not in ("l", "s"):
        raise Exit(BAD_FEATURE, f"unknown consistency flag {quoted(shown or consistency)}")
    return consistency == "s"


def _in_range(
    session: Session, asked: Parsed, revision: int, here: bool = False
) -> tuple[int, list[KeyValue]]:
    """The store's revision, and the keys that arguments and flags mean, in their order."""
    key, end = asked.args[0], asked.args[1] if len(asked.args) > 1 else ""
    ask = session.read_here if here else session.read
    if not (asked.on("prefix") or asked.on("from-key") or end):
        if not key:
            raise Exit(ERROR, "etcdserver: key is not provided")
        answer = ask(Get(key, revision))
        return answer.revision, [] if answer.result is None else [answer.result]
    answer = ask(Range(key if asked.on("prefix") else "", revision))
    found: tuple[KeyValue, ...] = answer.result
    first, last = key.encode(), end.encode()
    inside = [
        kv
        for kv in found
        if asked.on("prefix") or (first <= kv.key.encode() and (not end or kv.key.encode() < last))
    ]
    return answer.revision, inside


def _is_between(kv: KeyValue, asked: Parsed) -> bool:
    """Whether a key was made and changed within the revisions that are asked for."""
    for kind, revision in (("create", kv.create_revision), ("mod", kv.mod_revision)):
        least, most = asked.number(f"min-{kind}-rev"), asked.number(f"max-{kind}-rev")
        if revision < least or 0 < most < revision:
            return False
    return True


def _without_value(kv: KeyValue) -> KeyValue:
    return KeyValue(kv.key, "", kv.create_revision, kv.mod_revision, kv.version, kv.lease)


def _refuse(why: str) -> None:
    raise Exit(BAD_ARGUMENTS, why)
