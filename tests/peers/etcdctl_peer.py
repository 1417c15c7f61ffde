"""The real etcdctl and etcdutl on real members, and ours on simulated ones with the same URLs.

What is truly a member's own is replaced on both sides before the answers are compared (`RULES`).
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

from course_lib.command_line import Result
from course_lib.engine import Simulation
from course_lib.etcd import EtcdCluster
from course_lib.etcd.ctl import Bare, run_etcdctl, run_etcdutl
from course_lib.etcd.roster import Roster
from tests.peers import golang
from tests.peers.etcd_peer import Members, wait_for_leader

TOOLS = {name: golang.BUILT / name for name in ("etcdctl", "etcdutl")}
PATIENCE = 1.0  # s to wait for the end of what ends only when it is interrupted
FIRST = "etcd-1"  # it leads at first
DEAD, NEW = "http://127.0.0.1:1", "http://127.0.0.1:2"


def build() -> None:
    """Build both; the first time this fetches their modules."""
    for name in TOOLS:
        golang.build(name, f"go.etcd.io/etcd/{name}/v3")


class Story:
    """A line for both: with the placeholders of `etcdctl_cases` filled in for each."""

    def __init__(self, members: Members, folder: Path) -> None:
        self.folder = folder
        self.leases = {"real": "0", "ours": "0"}
        self.added = {"real": "0", "ours": "0"}  # the ID of the member that was added last
        client = {name: f"http://127.0.0.1:{each.client_port}" for name, each in members.items()}
        peer = {name: f"http://127.0.0.1:{p.port}" for name, p in members.proxies.items()}
        roster = Roster(
            lambda name: peer.get(name, f"http://{name}:2380"),
            lambda name: client.get(name, f"http://{name}:2379"),
        )
        self.etcd = EtcdCluster(Simulation(1), list(members), roster=roster)
        self.etcd.elect()
        self.site = Bare(self.etcd, ["etcd-4"])
        self.words = {
            "all": ",".join(client.values()),
            "dead": DEAD,
            "new": NEW,
            "leader": client[FIRST],
        }
        for name in members:
            self.words |= {f"url:{name}": client[name], f"peer:{name}": peer[name]}
            self.words[f"ID:{name}"] = f"{roster.member_id(name):x}"

        self.both("move-leader {ID:etcd-1} --endpoints={all}")
        wait_for_leader(members)

    def lose(self, name: str, members: Members) -> None:
        """A member ends, real and simulated."""
        members[name].kill()
        self.etcd.members[name].crash()

    def both(self, line: str) -> tuple[Result, Result]:
        """What the real one and ours answer."""
        real, ours = (self._run(side, line) for side in ("real", "ours"))
        return real, ours

    def _run(self, side: str, line: str) -> Result:
        typed, _, stdin = line.partition("<<")
        filled = self._filled(side, typed)
        program = "etcdctl"
        if filled[:1] == ["etcdutl"]:
            program, filled = filled[0], filled[1:]
        elif "--endpoints" not in typed:
            filled += ["--endpoints", self.words["leader"]] if filled else []
        text = stdin.strip(" ").replace("\\n", "\n")
        if side == "real":
            result = _real(program, filled, text, "watch" in typed)
        elif program == "etcdutl":
            result = run_etcdutl(self.site, filled)
        else:
            result = run_etcdctl(self.site, filled, text)
            self.etcd.sim.run(1)  # all members have applied it
        if found := re.search(r"lease ([0-9a-f]{16}) granted with", result.stdout):
            self.leases[side] = found[1]
        if found := re.search(r"Member +([0-9a-f]+) added", result.stdout):
            self.added[side] = found[1]
        if found := re.search(r'"ID":(\d+),"TTL":\d+,"Error"', result.stdout):
            self.leases[side] = f"{int(found[1]):016x}"
        return result

    def _filled(self, side: str, line: str) -> list[str]:
        words = self.words | {"lease": self.leases[side], "file": str(self.folder / "saved.db")}
        words |= {"dir": str(self.folder / "restored"), "added": self.added[side]}
        return shlex.split(re.sub(r"\{([\w:-]+)\}", lambda found: words[found[1]], line))


def _real(program: str, words: list[str], stdin: str, endless: bool) -> Result:
    process = subprocess.Popen(
        [str(TOOLS[program]), *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        out, err = process.communicate(stdin, timeout=PATIENCE if endless else 60)
    except subprocess.TimeoutExpired:
        process.terminate()
        out, err = process.communicate()
        return Result(out, err, 0)  # it would go on
    return Result(out, err, process.returncode)


def _no_logs(text: str) -> str:
    """Lines in which the client's or the server's library logs what it does."""
    logged = r'^(?:\{"level":.*\}|\d{4}-\d\d-\d\dT\S+\t\w+\t.*)\n'
    return re.sub(logged, "", text, flags=re.M)


def _sorted_health(text: str) -> str:
    """The order in which members answer a question for their health."""
    if '"health":' in text:
        return "\n".join(sorted(re.findall(r"\{[^}]*\}", text)))
    lines = text.splitlines(keepends=True)
    healthy = [line for line in lines if "healthy: " in line or re.search(r"│ +(true|false)", line)]
    rest = [line for line in lines if line not in healthy]
    return "".join([*rest, *sorted(healthy)]) if healthy else text


def _no_descriptions(text: str) -> str:
    """Descriptions in a help: ours are in our own words."""
    if "Usage:" not in text and "passed to any command" not in text:
        return text
    flag = r"^( +(?:-\w, )?--\S+(?: \w+)?) {3}.*?((?: \(default .*\))?)$"
    text = re.sub(flag, r"\1   …\2", text, flags=re.M)
    text = re.sub(r"^(  [a-z-]+) {1,9}(?! )\S.*$", r"\1 …", text, flags=re.M)
    text = re.sub(r"\nExamples:\n(?:(?:  .*)?\n)*", "\nExamples: …\n", text)
    return re.sub(r"\A(?!Error|Unknown|The foll).*?(?=^Usage:)", "…\n", text, flags=re.S | re.M)


def _own_numbers(text: str) -> str:
    """Raft's terms and indices, sizes, hashes and times."""
    for pattern in (
        r'("(?:raft_term|raftTerm|raftIndex|raftAppliedIndex|dbSize|dbSizeInUse|hash)":)\d+',
        r'("(?:RaftTerm|RaftIndex|RaftAppliedIndex|DBSize|DBSizeInUse|Hash|Size)" : )\d+',
        r'("took":)"[^"]*"',
        r'("Took" : )\S+',
        r"(took(?: =)? )[\d.]+[nµm]?s",
        r'("(?:totalSize|totalKey)":)\d+',
        r'("(?:Keys)" : )\d+',
        r"(remaining\()\d+",
        r'("ttl":)\d+',
        r'("(?:hash)":)\d+',
    ):
        text = re.sub(pattern, r"\1#", text)
    size = r"[\d.]+ [kMG]?B"
    row = rf"^(http\S+, \w+, \S+, \S+), {size}, {size}, \d+%(, {size}, \w+, \w+), \d+, \d+, \d+"
    text = re.sub(row, r"\1, #\2, #, #, #", text, flags=re.M)
    text = re.sub(r"^(http\S+), \d{2,}, (\d+)$", r"\1, #, \2", text, flags=re.M)
    text = re.sub(rf"^[0-9a-f]+, (\d+), \d+, {size}, ", r"#, \1, #, #, ", text, flags=re.M)
    return re.sub(r"^\d{3,}, (-?\d+), (-?\d+)$", r"#, \1, \2", text, flags=re.M)


OWN_COLUMNS = ("DB SIZE", "IN USE", "PERCENTAGE NOT IN USE", "RAFT TERM", "RAFT INDEX", "TOOK",
               "RAFT APPLIED INDEX", "HASH", "TOTAL KEYS", "TOTAL SIZE")  # fmt: skip


def _own_columns(text: str) -> str:
    """The same in tables: without these columns, and without frames."""
    rows = [[cell.strip() for cell in line.strip("│").split("│")]
            for line in text.splitlines() if line.startswith("│")]  # fmt: skip
    if not rows or not set(OWN_COLUMNS) & set(rows[0]):
        return text
    kept = [place for place, title in enumerate(rows[0]) if title not in OWN_COLUMNS]
    return "\n".join(" │ ".join(row[place] for place in kept) for row in rows) + "\n"


def _release(text: str) -> str:
    """The last number of the release: kubeadm's etcd and the module at hand may differ in it."""
    return re.sub(r"\b3\.7\.\d+", "3.7.#", text)


def _leases(text: str) -> str:
    """IDs of leases, which come from a clock."""
    text = re.sub(r"\b[0-9a-f]{16}(?= (?:granted|revoked|already|keepalived))", "LEASE", text)
    text = re.sub(r"^[0-9a-f]{16}$", "LEASE", text, flags=re.M)
    text = re.sub(r'("(?:ID|id|lease)":)\d{15,}(?=[,}])(?!,"name)', r"\1LEASE", text)
    return re.sub(r'("Lease" : )\d{9,}', r"\1LEASE", text)


def _added_members(text: str) -> str:
    """IDs of members that came later, which come from a clock, and their place in lists."""
    text = re.sub(r"(Member) +[0-9a-f]+( added| removed)", r"\1 ID\2", text)
    pairs = re.compile(r'(?<=ETCD_INITIAL_CLUSTER=")[^"]*')
    return pairs.sub(lambda found: ",".join(sorted(found[0].split(","))), text)


RULES: list[Callable[[str], str]] = [
    _no_logs, _own_columns, _own_numbers, _sorted_health, _no_descriptions, _release, _leases,
    _added_members,
]  # fmt: skip


def compared(result: Result) -> tuple[str, str, int]:
    """What of a result must be equal."""
    texts = [result.stdout, result.stderr]
    for rule in RULES:
        texts = [rule(text) for text in texts]
    return texts[0], texts[1], result.code
