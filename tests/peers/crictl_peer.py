"""The real crictl and ours on the socket of one simulated runtime, at the same time of its clock.

What changes from one look to the next, and what is truly the tool's own, is replaced on both sides
before the answers are compared (`RULES`).
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from course_lib.command_line import Result
from course_lib.cri.client import CRIClient
from course_lib.cri.ctl import RuntimeHost, run
from course_lib.cri.grpc_client import Channel
from course_lib.runtimes.files import HostFileSystem
from tests.peers.critools_peer import CRICTL

SCRIPT = "while true; do echo tick; echo oops >&2; sleep 1; done"
LOOKS = """
ps
ps -a
ps -aq
ps -q
ps -v
ps --no-trunc
ps -a -o json
ps -o yaml
ps --name ma
ps --name nobody
ps --namespace default
ps --state exited
ps --state exited -q
ps --pod {pod}
ps --id {box}
ps --image busybox:1.36
ps --image nginx:1.27
ps --label app=web
ps -r
ps -l
ps -a -n 1
ps {box}
ps --nosuch
ps -o bogus
ps --state bogus
ps --name [
ps --last x
ps --last
ps --all=maybe
ps --label bogus
ps --help
pods
pods -q
pods -v
pods -o json
pods -o yaml
pods --no-trunc
pods --name web
pods --state ready -q
pods --state bogus
pods --label app=web
pods -o bogus
pods x
images
images -q
images -v
images --digests --no-trunc
images --pinned
images -o json
images -o yaml
images nginx:1.27
images --filter dangling=false
images --filter reference=nginx
images --filter since=nginx
images --filter before=docker.io/library/nginx:1.27
images --filter nosuch=1
images a b
img -q
inspect {box}
inspect -o yaml {box}
inspect -o table {box}
inspect -q {box}
inspect -q -o table {box}
inspect -o bogus {box}
inspect nosuch
inspect --name main
inspect --name nobody
inspect {box} {done}
inspectp {pod}
inspectp -o yaml {pod}
inspectp -o table {pod}
inspectp -q {pod}
inspectp nosuch
inspectp
inspecti busybox:1.36
inspecti -o yaml nginx:1.27
inspecti -o table busybox:1.36
inspecti -q nginx:1.27
inspecti nosuch
inspecti --name nginx:1.27
logs {done}
logs -t {done}
logs --tail 1 {done}
logs --tail 0 {done}
logs -s stderr {done}
logs --stream stdout {done}
logs --limit-bytes 4 {done}
logs --since 2000-01-02T03:04:05Z {done}
logs -p {done}
logs -s bogus {done}
logs --tail 1 -s stdout {done}
logs nosuch
logs
logs a b
exec -s {box} echo hi
exec -s {box} sh -c "echo no >&2; exit 3"
exec -s {box} nosuch
exec -s {done} ls
exec -s nosuch ls
exec -r websocket {box} echo hi
exec -r websocket {box} sh -c "echo hi; echo no >&2; exit 3"
exec -r websocket {box} nosuch
exec -s --name main hostname
exec -s -q --name main hostname
exec -s -e --name main false
exec -s --name nobody hostname
exec {box}
exec
stats
stats {box}
stats -o json
statsp
statsp -o yaml
stats a b
info
info -q
info -o yaml
info -o bogus
info x
version
version x
imagefsinfo
imagefsinfo -o yaml
imagefsinfo -o table
nosuch
--help
--nosuch ps
pull
rm
rm nosuch
rm {box}
rmp
rmp nosuch
rmp {pod}
rmi
rmi nosuch
stop
stop -a {box}
stop nosuch
stopp
stopp nosuch
start
start nosuch
start {box}
"""
# What changes the runtime: the same on two containers, or pods, or images, of one kind.
CHANGES = (
    ("start {new:0}", "start {new:1}"),
    ("stop --timeout 1 {new:0}", "stop --timeout 1 {new:1}"),
    ("rm {new:0}", "rm {new:1}"),
    ("rm -f {run:0}", "rm -f {run:1}"),
    ("stopp {old:0}", "stopp {old:1}"),
    ("rmp {old:0}", "rmp {old:1}"),
    ("rmp -f {up:0}", "rmp -f {up:1}"),
    ("rmp nosuch alsonone", "rmp nosuch alsonone"),
    ("pull httpd:2.4", "pull httpd:2.4"),
    ("rmi redis:7", "rmi redis:7"),
)


class Stage:
    """A runtime on a socket with a Pod, a container that runs, and one that has ended."""

    def __init__(self, socket: str, folder: Path) -> None:
        self.endpoint, self.folder = f"unix://{socket}", folder
        client = CRIClient(Channel(socket))
        self.host = RuntimeHost(client, HostFileSystem(), time.time_ns, time.sleep)
        for image in ("busybox:1.36", "nginx:1.27", "redis:7"):
            self.made("pull", image)
        self.words = {"pod": self.pod("web")}
        self.words["box"] = self.container(self.words["pod"], "main", SCRIPT, start=True)
        done = "echo one; echo two >&2; echo three; exit 3"
        self.words["done"] = self.container(self.words["pod"], "done", done, start=True)
        time.sleep(3)

    def made(self, *words: str) -> str:
        """What the real one prints for a command that succeeds."""
        done = self.real(list(words))
        assert done.code == 0, done.stderr
        return done.stdout.strip()

    def real(self, words: list[str]) -> Result:
        """Run the real one."""
        ends = ["--config", "/dev/null", "-r", self.endpoint, "-i", self.endpoint]
        command = [str(CRICTL), *ends, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return Result(done.stdout, done.stderr, done.returncode)

    def pod(self, name: str) -> str:
        """Make a sandbox; its ID."""
        meta = {"name": name, "namespace": "default", "uid": f"u-{name}"}
        config = {"metadata": meta, "hostname": name, "log_directory": str(self.folder / "logs")}
        config |= {"labels": labels(name), "annotations": {"note": "x"}, "linux": {}}
        self.config(name).write_text(json.dumps(config))
        return self.made("runp", str(self.config(name)))

    def config(self, name: str) -> Path:
        """The file with the configuration of a Pod."""
        return self.folder / f"pod-{name}.json"

    def container(self, pod: str, name: str, script: str, start: bool, of: str = "web") -> str:
        """Make a container in a sandbox, and start it; its ID."""
        config = {"metadata": {"name": name}, "image": {"image": "busybox:1.36"}, "linux": {}}
        config |= {"command": ["sh", "-c", script], "log_path": f"{name}.log"}
        config |= {"labels": labels(of)}
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(config))
        id = self.made("create", pod, str(path), str(self.config(of)))
        if start:
            self.made("start", id)
        return id

    def both(self, line: str, other: str = "") -> tuple[Result, Result]:
        """What the real one answers to `line`, and ours to it, or to the `other`."""
        real = self.real(self._filled(line))
        if line.startswith("rmi redis"):
            self.made("pull", "redis:7")  # for ours to remove it too
        return real, run(self.host, self._filled(other or line))

    def _filled(self, line: str) -> list[str]:
        return shlex.split(re.sub(r"\{([\w:]+)\}", lambda found: self.words[found[1]], line))

    def pairs(self) -> None:
        """Make two of each kind that is changed."""
        for number in range(2):
            pod = self.pod(f"many-{number}")
            of = f"many-{number}"
            self.words[f"new:{number}"] = self.container(pod, f"n{number}", SCRIPT, False, of)
            self.words[f"run:{number}"] = self.container(pod, f"r{number}", SCRIPT, True, of)
            self.words[f"up:{number}"] = self.pod(f"up-{number}")
            self.words[f"old:{number}"] = self.pod(f"old-{number}")


def labels(name: str) -> dict[str, str]:
    """The labels that a kubelet writes, and one more."""
    of = "io.kubernetes.pod"
    return {f"{of}.name": name, f"{of}.namespace": "default", "app": name}


def _no_calls(text: str) -> str:
    """Lines in which the client library of Kubernetes logs a failed call."""
    return re.sub(r"^E\d{4} .*\n", "", text, flags=re.M)


def _log_time(text: str) -> str:
    """When a line was logged."""
    return re.sub(r'^time="[^"]*"', 'time="#"', text, flags=re.M)


def _two_blanks(text: str) -> str:
    """protobuf-go writes one or two blanks after a colon, as its build decides."""
    return re.sub(r'^( *"[^"]+":)  ', r"\1 ", text, flags=re.M)


def _moving(text: str) -> str:
    """What differs from one look to the next: CPU time, and the time of a measurement."""
    text = re.sub(r"(usage_usec |throttled_usec )\d+", r"\1#", text)
    text = re.sub(r'("?timestamp"?: )"?\d+"?', r"\1#", text)
    text = re.sub(r"(TimeStamp\[\d+\]: )\d+", r"\1#", text)
    text = re.sub(r'("?usageCoreNanoSeconds"?:\s*\{?\s*"?value"?: )"?\d+"?', r"\1#", text)
    text = re.sub(r"(start exec \\*\")[0-9a-f]{64}", r"\1#", text)
    return re.sub(r"^((?:\S+ +){1,2})\d+\.\d\d( +[\d.]+MB)", r"\1#\2", text, flags=re.M)


def _disk(text: str) -> str:
    """The size of the disk's content, in which logs grow."""
    text = re.sub(r'("?usedBytes"?:\s*\{?\s*"?value"?: )"?\d+"?', r"\1#", text)
    return re.sub(r"(Disk\[\d+\]: )\S+", r"\1#", text)


def _no_descriptions(text: str) -> str:
    """Descriptions in a help: ours are in our own words."""
    if "USAGE:" not in text:
        return text
    head = r"   (?:-{1,2}[\w-]+(?: \w+)?(?:, )?)+(?: \[ .*? \])?"
    default = r"(?: \(default: .*\))?"
    text = re.sub(r"^      \S.*\n", "", text, flags=re.M)  # a description of several lines
    text = re.sub(rf"^({head}) +.*?({default})(?: \[\$\w+\])?$", r"\1 …\2", text, flags=re.M)
    text = re.sub(r"^(   [a-z-]+(?:, [a-z]+)*) +\S.*$", r"\1 …", text, flags=re.M)
    text = re.sub(r"(NAME:\n   crictl(?: \w+)? - ).*", r"\1…", text)
    return re.sub(r"(?s)DESCRIPTION:\n.*?\n(?=COMMANDS|OPTIONS)", "DESCRIPTION: …\n", text)


def _order_of_failures(text: str) -> str:
    """Several failures are told in the order in which they come."""
    if "\\n" not in text or "level=error" not in text:
        return text
    head, quote, message = text.partition('msg="')
    return head + quote + "\\n".join(sorted(message.rstrip('"\n').split("\\n")))


RULES: list[Callable[[str], str]] = [
    _no_calls,
    _log_time,
    _two_blanks,
    _moving,
    _disk,
    _no_descriptions,
    _order_of_failures,
]


def compared(result: Result, ids: dict[str, str]) -> tuple[str, str, int]:
    """What of a result must be equal; the IDs of pairs count as one."""
    texts = [result.stdout, result.stderr]
    for rule in RULES:
        texts = [rule(text) for text in texts]
    for name, id in ids.items():
        if ":" in name:
            texts = [text.replace(id, name.partition(":")[0]) for text in texts]
    return texts[0], texts[1], result.code


def equal(stage: Stage, line: str, other: str = "", looks: int = 3) -> tuple[bool, Result, Result]:
    """Whether both answer the same; two looks may fall on two sides of a second: look again."""
    for _ in range(looks):
        real, ours = stage.both(line, other)
        if compared(real, stage.words) == compared(ours, stage.words):
            return True, real, ours
    return False, real, ours
