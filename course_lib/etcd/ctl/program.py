"""The commands and flags of `etcdctl`.

Source: `etcdctl/ctlv3/ctl.go` and `command/groups.go` (etcd 3.7). The descriptions are our own.
"""

from __future__ import annotations

from course_lib.command_line import CommandTree, Exit, Flag, Parsed, Program, Terminal, flag_usages
from course_lib.etcd.ctl import endpoints, keys, leases, members, transactions, upkeep, watching
from course_lib.etcd.ctl.session import ERROR, Typed

KEYS, UPKEEP, CONCURRENCY, LOGIN, UTILITIES = GROUPS = (
    "Key-value commands",
    "Cluster maintenance commands",
    "Concurrency commands",
    "Authentication commands",
    "Utility commands",
)
# Flags of all commands. Those of the connection are accepted: every endpoint answers here.
GLOBAL = (
    Flag("endpoints", "", "stringSlice", ["127.0.0.1:2379"], usage="Addresses of members"),
    Flag("debug", "", "bool", usage="Log what the client does"),
    Flag("write-out", "w", "string", "simple",
         usage="Output format (fields, json, protobuf, simple, table)"),
    Flag("hex", "", "bool", usage="Bytes of keys and values, and IDs, in hex"),
    Flag("dial-timeout", "", "duration", 2.0, usage="Time to connect"),
    Flag("command-timeout", "", "duration", 5.0, usage="Time for the command to end"),
    Flag("keepalive-time", "", "duration", 2.0, usage="Time between signs of life"),
    Flag("keepalive-timeout", "", "duration", 6.0, usage="Time to wait for a sign of life"),
    Flag("max-request-bytes", "", "int", usage="The largest request; 0: 2 MiB"),
    Flag("max-recv-bytes", "", "int", usage="The largest response; 0: 2 GiB"),
    Flag("insecure-transport", "", "bool", True, usage="Connect without TLS"),
    Flag("insecure-discovery", "", "bool", True, usage="Accept DNS records without TLS"),
    Flag("insecure-skip-tls-verify", "", "bool", usage="Do not check certificates"),
    Flag("cert", usage="The client's certificate"),
    Flag("key", usage="The client's key"),
    Flag("cacert", usage="Certificates of authorities that are trusted"),
    Flag("auth-jwt-token", usage="A token to log in with"),
    Flag("user", usage="name[:password] to log in with"),
    Flag("password", usage="The password to log in with"),
    Flag("discovery-srv", "d", usage="The domain of DNS records that name the endpoints"),
    Flag("discovery-srv-name", usage="The service in these records"),
)  # fmt: skip
SNAPSHOT_EXAMPLE = """\
  # Save a snapshot
  etcdctl snapshot save /backup/etcd.db

  # Save a snapshot of one member
  etcdctl --endpoints=https://etcd-1:2379 snapshot save /backup/etcd.db"""
Ctl = CommandTree[Typed]


def _refused(name: str, short: str, group: str, below: tuple[str, ...] = ()) -> Ctl:
    """A command that the course does not simulate: it says so."""

    def refuse(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
        raise Exit(ERROR, f"etcdctl {name} is not simulated by the course")

    return Ctl(name, short, refuse, group=group)


def _options(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    terminal.out("The following options can be passed to any command:\n\n")
    terminal.out(flag_usages(GLOBAL))


_ENDPOINT = Ctl(
    "endpoint <subcommand>",
    "The state of each member",
    persistent=(endpoints.CLUSTER,),
    commands=(
        Ctl("health", "Whether members answer", endpoints.endpoint_health),
        Ctl("status", "Sizes, roles, terms of members", endpoints.endpoint_status),
        Ctl("hashkv", "Hashes of the keys", endpoints.endpoint_hashkv, persistent=(endpoints.REV,)),
    ),
    group=UPKEEP,
)
_LEASE = Ctl(
    "lease <subcommand>",
    "Leases: keys for a time",
    commands=(
        Ctl("grant <ttl>", "Make a lease", leases.lease_grant),
        Ctl("revoke <leaseID>", "End a lease", leases.lease_revoke),
        Ctl("timetolive <leaseID> [options]", "How long it lasts", leases.lease_timetolive,
            (leases.KEYS,)),
        Ctl("list", "All leases", leases.lease_list),
        Ctl("keep-alive [options] <leaseID>", "Renew a lease", leases.lease_keep_alive,
            (leases.ONCE,)),
    ),
    group=KEYS,
)  # fmt: skip
_MEMBER = Ctl(
    "member <subcommand>",
    "Members come, go and change",
    commands=(
        Ctl("add <memberName> [options]", "Add a member", members.member_add, members.ADD_FLAGS),
        Ctl("remove <memberID>", "Remove a member", members.member_remove),
        Ctl("update <memberID> [options]", "Change a member's peer URLs", members.member_update,
            (members.PEER_URLS,)),
        Ctl("list", "All members", members.member_list, (members.CONSISTENCY,)),
        Ctl("promote <memberID>", "Give a learner its vote", members.member_promote),
    ),
    group=UPKEEP,
)  # fmt: skip
_SNAPSHOT = Ctl(
    "snapshot <subcommand>",
    "Save the store",
    commands=(
        Ctl("save <filename>", "Save the store in a file", upkeep.snapshot_save,
            example=SNAPSHOT_EXAMPLE),
    ),
    example=SNAPSHOT_EXAMPLE,
    group=UPKEEP,
)  # fmt: skip
_WATCH = "watch [options] [key or prefix] [range_end] [--] [exec-command arg1 arg2 ...]"
_COMMANDS = (
    Ctl("get [options] <key> [range_end]", "Read keys", keys.get, keys.GET_FLAGS, group=KEYS),
    Ctl("put [options] <key> <value> (<value> can also be given from stdin)", "Write a key",
        keys.put, keys.PUT_FLAGS, group=KEYS),
    Ctl("del [options] <key> [range_end]", "Delete keys", keys.delete, keys.DEL_FLAGS, group=KEYS),
    Ctl("txn [options]", "Several requests as one", transactions.txn,
        (transactions.INTERACTIVE,), group=KEYS),
    Ctl("compaction [options] <revision>", "Forget old revisions", upkeep.compaction,
        (upkeep.PHYSICAL,), group=KEYS),
    Ctl("alarm <subcommand>", "Alarms of the members", group=UPKEEP, commands=(
        Ctl("disarm", "End all alarms", upkeep.alarm_disarm),
        Ctl("list", "All alarms", upkeep.alarm_list))),
    Ctl("defrag", "Give back free space", upkeep.defrag, persistent=(endpoints.CLUSTER,),
        group=UPKEEP),
    _ENDPOINT,
    Ctl("move-leader <transferee-member-id>", "Let another member lead", members.move_leader,
        group=UPKEEP),
    Ctl(_WATCH, "Changes of keys", watching.watch, watching.FLAGS, group=KEYS),
    Ctl("version", "The release", upkeep.version, group=UTILITIES),
    _LEASE,
    _MEMBER,
    _SNAPSHOT,
    _refused("make-mirror", "Copy keys to another cluster", UTILITIES),
    _refused("lock", "A lock of many programs", CONCURRENCY),
    _refused("elect", "An election among programs", CONCURRENCY),
    _refused("auth", "Switch authentication on and off", LOGIN),
    _refused("user", "Users", LOGIN),
    _refused("role", "Roles", LOGIN),
    _refused("check", "Measure a cluster", UTILITIES),
    _refused("completion", "A script for a shell", UTILITIES),
    _refused("downgrade", "Go back to an older release", UPKEEP),
    Ctl("options", "The flags of all commands", _options, group=UTILITIES),
)  # fmt: skip
_HIDDEN = tuple(
    Flag(f.name, f.shorthand, f.kind, f.default, usage=f.usage, hidden=True) for f in GLOBAL
)
ETCDCTL = Program(
    Ctl("etcdctl", "A client of etcd.", persistent=_HIDDEN, commands=_COMMANDS),
    groups=GROUPS,
    footer='Use "etcdctl options" for a list of global command-line options (applies to all '
    "commands).\n",
    no_help_flag=True,
)
