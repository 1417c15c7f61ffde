"""The upkeep of etcd on the command line: `etcdctl compaction`, `defrag`, `alarm`, `snapshot save`.

Each command gets what is `typed` and where, the flags and arguments `asked`, and the `terminal`.
Source: `etcdctl/ctlv3/command` (`alarm_command.go`, `compaction_command.go`, `defrag_command.go`,
`snapshot_command.go`, `version_command.go`); etcd.io "Maintenance".
"""

from __future__ import annotations

from course_lib.command_line import Exit, Flag, Parsed, Terminal, duration_text
from course_lib.etcd.ctl.endpoints import alarmed
from course_lib.etcd.ctl.printing import Answer
from course_lib.etcd.ctl.session import (
    BAD_ARGUMENTS,
    DEADLINE,
    ERROR,
    INTERRUPTED,
    Session,
    Typed,
    need,
    whole_number,
)
from course_lib.etcd.requests import Alarm, Compact
from course_lib.objects.release import ETCD as VERSION

PHYSICAL = Flag("physical", "", "bool", usage="Wait until the old revisions are gone")


def compaction(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Forget what was before a revision; raises `Exit`."""
    (written,) = need(1, asked, "compaction command needs 1 argument")
    try:
        revision = whole_number(written)
    except Exit as bad:
        raise Exit(ERROR, bad.why) from None
    Session(typed, asked, terminal).propose(Compact(revision))
    terminal.out(f"compacted revision {revision}\n")


def defrag(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Give back the space that compaction has freed, member by member; raises `Exit`."""
    session, failures = Session(typed, asked, terminal), 0
    for endpoint in session.endpoints:
        member = session.member(endpoint)
        if member is not None:
            member.machine.defragment()
            terminal.out(f"Finished defragmenting etcd member[{endpoint}]. took 0s\n")
        else:
            failures += 1
            took = f"took {duration_text(session.patience)}. ({DEADLINE})"
            terminal.error(f"Failed to defragment etcd member[{endpoint}]. {took}\n")
    if failures:
        raise Exit(ERROR)


def alarm_list(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """The alarms that are raised; raises `Exit`."""
    _no_arguments("list", asked)
    session = Session(typed, asked, terminal)
    session.show(_alarms(session))


def alarm_disarm(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """End the alarms, and show them; one comes back if there is still no space. Raises `Exit`."""
    _no_arguments("disarm", asked)
    session = Session(typed, asked, terminal)
    answer = _alarms(session)
    session.propose(Alarm(False))
    session.show(answer)


def _no_arguments(what: str, asked: Parsed) -> None:
    if asked.args:
        raise Exit(BAD_ARGUMENTS, f"alarm {what} command accepts no arguments")


def _alarms(session: Session) -> Answer:
    session.need_quorum()  # it is a proposal to all members
    header = session.header()
    if not session.answering().machine.alarm:
        return Answer("", {"header": header.json()}, fields=header.fields(session.hex))
    member = alarmed(session)
    alarms = [{"memberID": member, "alarm": 1}]
    fields = [f'"MemberID" : {member}', '"AlarmType" : NOSPACE', ""]
    return Answer(
        f"memberID:{member} alarm:NOSPACE\n",
        {"header": header.json(), "alarms": alarms},
        fields=[*header.fields(session.hex), *fields],
    )


def snapshot_save(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Save the store in a file outside the cluster; raises `Exit`.

    Without `--endpoints` any member gives it; the real one asks for a choice.
    """
    (path,) = need(1, asked, "snapshot save expects one argument <filename>")
    session = Session(typed, asked, terminal)
    if "endpoints" in asked.given and len(session.endpoints) > 1:
        several = f"[{' '.join(session.endpoints)}]"
        why = f"snapshot must be requested to one selected node, not multiple {several}"
        raise Exit(INTERRUPTED, why)
    session.need_quorum()
    session.etcd.files[path] = session.etcd.save()
    terminal.out(f"Snapshot saved at {path}\nServer version {VERSION}\n")


def version(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """The version of etcdctl and of etcd's API."""
    write_version("etcdctl", terminal)


def write_version(program: str, terminal: Terminal) -> None:
    """Write the version of a program of etcd, and that of the API."""
    api = VERSION.rpartition(".")[0]
    terminal.out(f"{program} version: {VERSION}\nAPI version: {api}\n")
