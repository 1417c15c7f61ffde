"""`etcdutl`: snapshots and data folders of etcd, without its members.

Each command gets what is `typed` and where, the flags and arguments `asked`, and the `terminal`.
Source: `etcdutl/etcdutl/*.go` and `etcdutl/snapshot/v3_snapshot.go` (etcd 3.7).
"""

from __future__ import annotations

from course_lib.command_line import CommandTree, Exit, Flag, Parsed, Program, Terminal
from course_lib.etcd.ctl.endpoints import STORAGE_VERSION, hash_of
from course_lib.etcd.ctl.printing import Answer, check_format, human_bytes
from course_lib.etcd.ctl.session import BAD_ARGUMENTS, ERROR, Typed, need
from course_lib.etcd.ctl.upkeep import write_version
from course_lib.etcd.mvcc import MVCCStore
from course_lib.etcd.requests import EtcdError

GLOBAL = (
    Flag("timeout", "", "duration", 10.0, usage="Time to wait for a lock of the file"),
    Flag("write-out", "w", "string", "simple",
         usage="Output format (fields, json, protobuf, simple, table)"),
)  # fmt: skip
DATA_DIR = Flag("data-dir", usage="The data folder of a member that does not run")
RESTORE = (
    Flag("data-dir", usage="The new data folder"),
    Flag("wal-dir", usage="The folder of the log; else in the data folder"),
    Flag("initial-cluster", "", "string", "default=http://localhost:2380", usage="All members"),
    Flag("initial-cluster-token", "", "string", "etcd-cluster", usage="The new cluster's token"),
    Flag("initial-advertise-peer-urls", "", "string", "http://localhost:2380",
         usage="Where the others reach this member"),
    Flag("name", "", "string", "default", usage="This member's name"),
    Flag("skip-hash-check", "", "bool", usage="Do not check that the file is whole"),
    Flag("initial-memory-map-size", "", "uint64", 10737418240, usage="Bytes of memory to map"),
    Flag("bump-revision", "", "uint64", usage="Raise the revision by so much"),
    Flag("mark-compacted", "", "bool", usage="Forget what was before the revision that is raised"),
)  # fmt: skip
NO_FILE = "no such file or directory"
Utl = CommandTree[Typed]


def snapshot_status(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """What is in a snapshot; raises `Exit`."""
    (path,) = need(1, asked, "snapshot status requires exactly one argument")
    store = _stored(typed, path)
    check_format(asked.text("write-out"))
    digest, revision = hash_of(store)
    # A store that was saved has its keys as they were changed, one entry a change.
    keys, size = sum(len(changes) for _, changes in store.save().history), store.size
    header = ["hash", "revision", "total keys", "total size", "version"]
    row = [f"{digest:x}", str(revision), str(keys), human_bytes(size), STORAGE_VERSION]
    document: dict[str, object] = {"hash": digest, "revision": revision, "totalKey": keys}
    document |= {"totalSize": size, "version": STORAGE_VERSION}
    labels = ("Hash", "Revision", "Keys", "Size", "Version")
    fields = [f'"{n}" : {v}' for n, v in zip(labels, document.values(), strict=True)]
    _show(Answer(f"{', '.join(row)}\n", document, (header, [row]), fields), asked, terminal)


def snapshot_restore(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Make the data folder of a new member from a snapshot; raises `Exit`."""
    (path,) = need(1, asked, "snapshot restore requires exactly one argument")
    if (asked.number("bump-revision") > 0) != asked.on("mark-compacted"):
        raise Exit(BAD_ARGUMENTS, "--mark-compacted required if --revision-bump > 0")
    if asked.number("bump-revision"):
        raise Exit(ERROR, "--bump-revision is not simulated by the course")
    etcd, folder = typed.site.etcd, asked.text("data-dir") or f"{asked.text('name')}.etcd"
    if path not in etcd.files:
        raise Exit(ERROR, f"open {path}: {NO_FILE}")
    pair = f"{asked.text('name')}={asked.text('initial-advertise-peer-urls')}"
    if pair not in asked.text("initial-cluster").split(","):
        raise Exit(ERROR, _not_in_cluster(asked))
    if folder in etcd.data_dirs:
        raise Exit(ERROR, f'data-dir "{folder}" not empty or could not be read')
    etcd.data_dirs[folder] = etcd.files[path]


def _not_in_cluster(asked: Parsed) -> str:
    """Why a member's name or URL does not fit `--initial-cluster` (`server/config/config.go`)."""
    name, cluster = asked.text("name"), asked.text("initial-cluster")
    pairs = dict(pair.partition("=")[::2] for pair in cluster.split(","))
    if name not in pairs:
        return f'couldn\'t find local name "{name}" in the initial cluster configuration'
    wanted = asked.text("initial-advertise-peer-urls")
    return (
        f"--initial-cluster has {name}={pairs[name]} but missing from "
        f"--initial-advertise-peer-urls={wanted} "
        f'(failed to resolve "{wanted}" to match --initial-cluster={name}={pairs[name]} '
        f'("{wanted}"(resolved from "{wanted}") != "{pairs[name]}"(resolved from '
        f'"{pairs[name]}")))'
    )


def defrag(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """Give back free space of a data folder; raises `Exit`."""
    folder = asked.text("data-dir")
    if folder not in typed.site.etcd.data_dirs:
        why = f"stat {folder}/member/snap/db: {NO_FILE}"
        raise Exit(ERROR, f"Failed to defragment etcd data[{folder}] ({why})")


def hashkv(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    """A hash of the keys in a snapshot; raises `Exit`."""
    check_format(asked.text("write-out"))
    store = _stored(typed, asked.args[0])
    try:
        digest, revision = hash_of(store, asked.number("rev"))
    except EtcdError as error:
        raise Exit(ERROR, str(error).removeprefix("etcdserver: ")) from None
    compacted = store.compacted or -1
    row = [str(digest), str(revision), str(compacted)]
    document = {"hash": digest, "hashRevision": revision, "compactRevision": compacted}
    labels = ("Hash", "Hash revision", "Compact revision")
    fields = [f'"{n}" : {v}' for n, v in zip(labels, row, strict=True)]
    table = ["hash", "hash revision", "compact revision"], [row]
    _show(Answer(f"{', '.join(row)}\n", document, table, fields), asked, terminal)


def _version(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    write_version("etcdutl", terminal)


def _refuse(typed: Typed, asked: Parsed, terminal: Terminal) -> None:
    raise Exit(ERROR, "this command of etcdutl is not simulated by the course")


def _show(answer: Answer, asked: Parsed, terminal: Terminal) -> None:
    answer.write(asked.text("write-out"), terminal)


def _stored(typed: Typed, path: str) -> MVCCStore:
    """The store in a snapshot's file; raises `Exit`."""
    if path not in typed.site.etcd.files:
        raise Exit(ERROR, f"stat {path}: {NO_FILE}")
    store = MVCCStore()
    store.load(typed.site.etcd.files[path].state)
    return store


_SNAPSHOT = Utl(
    "snapshot <subcommand>",
    "Files of etcdctl snapshot save",
    commands=(
        Utl("restore <filename> --data-dir {output dir} [options]", "Make a data folder",
            snapshot_restore, RESTORE),
        Utl("status <filename>", "What is in a file", snapshot_status),
    ),
)  # fmt: skip
_REV = Flag("rev", "", "int64", usage="Up to this revision; without it up to the latest")
ETCDUTL = Program(
    Utl(
        "etcdutl",
        "For files of etcd.",
        persistent=GLOBAL,
        commands=(
            Utl("defrag", "Give back free space", defrag, (DATA_DIR,), required=("data-dir",)),
            _SNAPSHOT,
            Utl("hashkv <filename>", "A hash of the keys", hashkv, (_REV,), exactly=1),
            Utl("version", "The release", _version),
            Utl("completion", "A script for a shell", _refuse),
            Utl("migrate", "Another format of the data folder", _refuse),
        ),
    ),
    only_usage=True,
    twice=True,
)
