"""`etcdctl watch`: what has happened to keys since a revision.

The real one then waits for more until it is interrupted; here it ends with what there is.
Each command gets what is `typed` and where, the flags and arguments `asked`, and the `terminal`.
Source: `etcdctl/ctlv3/command/watch_command.go` (etcd 3.7).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from course_lib.command_line import Exit, Flag, Parsed, Terminal
from course_lib.etcd.ctl.printing import Answer, KeyPrinter
from course_lib.etcd.ctl.session import BAD_ARGUMENTS, ERROR, INTERRUPTED, Session, Typed
from course_lib.etcd.mvcc import MVCCStore
from course_lib.etcd.requests import EtcdError, KeyEvent, KeyValue

FLAGS = (
    Flag("interactive", "i", "bool", usage="Read what to watch from standard input"),
    Flag("prefix", "", "bool", usage="All keys that begin so"),
    Flag("rev", "", "int64", usage="From this revision on"),
    Flag("prev-kv", "", "bool", usage="Show what was there before each change"),
    Flag("progress-notify", "", "bool", usage="Show the revision at times when nothing happens"),
)


def watch(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Print the changes of a key, or of a range of keys, from `--rev` on; raises `Exit`."""
    if asked.dash >= 0 and len(asked.args) == asked.dash:
        why = "bad number of arguments (found separator --, but no commands)"
        raise Exit(BAD_ARGUMENTS, why)
    if not asked.args:
        raise Exit(BAD_ARGUMENTS, "bad number of arguments")
    for flag in ("interactive", "progress-notify"):
        if asked.on(flag):
            raise Exit(ERROR, f"etcdctl watch --{flag} is not simulated by the course")
    if asked.dash >= 0:
        raise Exit(ERROR, "etcdctl watch with a command is not simulated by the course")
    session = Session(typed, asked, terminal)
    if len(asked.args) == 2 and asked.on("prefix"):
        raise Exit(BAD_ARGUMENTS, "`range_end` and `--prefix` are mutually exclusive")
    if asked.number("rev") <= 0:
        return  # only what happens from now on
    store, inside = session.answering().machine, _inside(asked)
    try:
        events = store.events("", asked.number("rev"))
    except EtcdError as error:
        terminal.error(f"watch was canceled ({error})\n")
        raise Exit(INTERRUPTED, "watch is canceled by the server") from None
    shown = [event for event in events if inside(event.key.encode())]
    if shown:
        session.show(_shown(session, store, shown))


def _inside(asked: Parsed) -> Callable[[bytes], bool]:
    first = asked.args[0].encode()
    if asked.on("prefix"):
        return lambda key: key.startswith(first)
    if len(asked.args) == 2:
        end = asked.args[1].encode()
        return lambda key: first <= key < end
    return lambda key: key == first


def _shown(session: Session, store: MVCCStore, events: Sequence[KeyEvent]) -> Answer:
    printer, header = KeyPrinter(session.hex), session.header()
    simple, told, fields = "", [], header.fields(session.hex)
    for event in events:
        now = store.get(event.key, event.revision) or KeyValue(event.key, "", 0, event.revision, 0)
        before = _before(store, event) if session.asked.on("prev-kv") else None
        simple += f"{event.type}\n{printer.simple(before) if before else ''}{printer.simple(now)}"
        one: dict[str, object] = {"type": 1} if event.type == "DELETE" else {}
        one["kv"] = printer.json(now)
        told.append(one | ({"prev_kv": printer.json(before)} if before else {}))
        fields.append(f'"Type" : {event.type}')
        fields += [*(printer.fields(before, "Prev") if before else []), *printer.fields(now)]
    document = {"Header": header.json(), "Events": told, "CompactRevision": 0}
    document |= {"Canceled": False, "Created": False, "CancelReason": ""}
    return Answer(simple, document, fields=fields)


def _before(store: MVCCStore, event: KeyEvent) -> KeyValue | None:
    try:
        return store.get(event.key, event.revision - 1)
    except EtcdError:
        return None  # compacted
