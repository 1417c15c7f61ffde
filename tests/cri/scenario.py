"""One Pod's whole life as a script of CRI calls, for any runtime: simulated, or real.

What it writes down must be the same everywhere: states, exit codes, output, codes of errors.
Each observation has a name, so that a difference is found at once.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from course_lib.cri import CRIClient
from course_lib.cri import messages as v1
from course_lib.images import File, Image, build
from course_lib.images.layer import FOLDER
from course_lib.runtimes import RuntimeFault
from course_lib.runtimes.logs import said

BUSYBOX = Path("/bin/busybox")  # Debian's busybox-static
APPLETS = ("sh", "sleep", "echo", "cat", "true", "false", "touch", "rm", "id", "hostname", "ls")
IMAGE, PAUSE = "course.example/tools:v1", "course.example/pause:v1"
RECIPE = """
FROM scratch
COPY root /
ENV GREETING=hello
WORKDIR /srv
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["echo $GREETING from $PWD"]
"""


def tools_image() -> Image:
    """A static busybox, its applets, and a file that may not be run."""
    busybox = BUSYBOX.read_bytes() if BUSYBOX.exists() else b"\x7fELF, as good as"
    root = {"root/bin": FOLDER, "root/bin/busybox": File(busybox, mode=0o755)}
    root |= {
        f"root/bin/{name}": File(kind="link", mode=0o777, target="busybox") for name in APPLETS
    }
    root |= {"root/tmp": File(kind="folder", mode=0o777), "root/etc": FOLDER}
    root |= {"root/etc/motd": File(b"welcome\n"), "root/plain": File(b"no program\n")}
    return build(RECIPE, root).image


def pause_image() -> Image:
    """What holds a sandbox: here, something that sleeps."""
    busybox = BUSYBOX.read_bytes() if BUSYBOX.exists() else b"\x7fELF, as good as"
    recipe = 'FROM scratch\nCOPY busybox /busybox\nENTRYPOINT ["/busybox", "sleep", "infinity"]'
    return build(recipe, {"busybox": File(busybox, mode=0o755)}).image


class Scenario:
    """Plays the script on a client; `observed` is what must be the same everywhere."""

    def __init__(self, client: CRIClient, logs: Path, read_log: Any, pull: bool) -> None:
        self.client, self.logs, self.read_log, self.pull = client, logs, read_log, pull
        self.observed: dict[str, Any] = {}

    def note(self, name: str, value: Any) -> None:
        self.observed[name] = value

    def refused(self, name: str, method: str, **fields: Any) -> None:
        """The code with which a call is refused."""
        try:
            self.client.call(method, **fields)
            self.note(name, "OK")
        except RuntimeFault as fault:
            self.note(name, fault.code)

    def pod(self, name: str) -> dict[str, Any]:
        return {
            "metadata": {
                "name": name,
                "uid": f"uid-{name}",
                "namespace": "peer",
                "attempt": 0,
            },
            "log_directory": str(self.logs / name),
            "labels": {"app": name},
            # The node's network: no plugin is needed.
            "linux": {"security_context": {"namespace_options": {"network": v1.NODE}}},
        }

    def container(self, name: str, script: str = "", **more: Any) -> dict[str, Any]:
        config: dict[str, Any] = {
            "metadata": {"name": name},
            "image": {"image": IMAGE},
            "log_path": f"{name}.log",
            "labels": {"role": name},
            "linux": {"security_context": {"namespace_options": {"network": v1.NODE, "pid": 1}}},
        }
        if script:
            config["args"] = [script]
        return config | more

    def start(self, sandbox: str, pod: dict[str, Any], config: dict[str, Any]) -> str:
        made = self.client.call(
            "CreateContainer", pod_sandbox_id=sandbox, config=config, sandbox_config=pod
        )
        self.client.call("StartContainer", container_id=made.container_id)
        return str(made.container_id)

    def status(self, id: str) -> Any:
        return self.client.call("ContainerStatus", container_id=id).status

    def until_ended(self, id: str) -> Any:
        """Wait, in whatever time the runtime lives."""
        for _ in range(200):
            status = self.status(id)
            if status.state == v1.CONTAINER_EXITED:
                return status
            self.sleep(0.1)
        raise AssertionError("it never ended")

    def sleep(self, seconds: float) -> None:
        sim = getattr(self.client.transport, "sim", None)
        if sim is not None:
            sim.run(seconds)
        else:
            time.sleep(seconds)

    def log(self, path: Path) -> list[str]:
        """What was said to each stream: which came first between the two is not determined."""
        written = self.read_log(path)
        return [said(written, stream="stdout"), said(written, stream="stderr")]

    def ended(self, sandbox: str, pod: dict[str, Any], name: str, script: str) -> None:
        """Run a script to its end: how it ended, and what it said."""
        id = self.start(sandbox, pod, self.container(name, script))
        status = self.until_ended(id)
        self.note(f"{name}: end", [status.exit_code, status.reason])
        # Of a short program the runtime may note the end before it has noted the start.
        times = [0 < status.created_at <= status.started_at, status.created_at < status.finished_at]
        self.note(f"{name}: times", times)
        self.note(f"{name}: log", self.log(self.logs / pod["metadata"]["name"] / f"{name}.log"))

    def play(self) -> dict[str, Any]:
        """The whole script."""
        call = self.client.call
        if self.pull:
            call("PullImage", image={"image": IMAGE})
        self.images()
        pod = self.pod("one")
        sandbox = call("RunPodSandbox", config=pod).pod_sandbox_id
        self.sandbox(sandbox, pod)
        self.ends(sandbox, pod)
        self.a_long_one(sandbox, pod)
        self.errors(sandbox, pod)
        self.farewell(sandbox)
        return self.observed

    def images(self) -> None:
        call = self.client.call
        image = call("ImageStatus", image={"image": IMAGE}).image
        self.note("image: id", image.id)
        self.note("image: tags", list(image.repo_tags))
        by_id = call("ImageStatus", image={"image": image.id}).image
        self.note("image: by its ID", by_id.id == image.id)
        short = call("ImageStatus", image={"image": image.id.removeprefix("sha256:")}).image
        self.note("image: by its bare ID", short.id == image.id)
        none = call("ImageStatus", image={"image": "course.example/none:v1"})
        self.note("image: unknown", none.HasField("image"))
        listed = call("ListImages", filter={"image": {"image": IMAGE}}).images
        self.note("image: listed", any(i.id == image.id for i in listed))
        self.refused("image: removing an unknown", "RemoveImage", image={"image": "none.example/x"})

    def sandbox(self, sandbox: str, pod: dict[str, Any]) -> None:
        call = self.client.call
        status = call("PodSandboxStatus", pod_sandbox_id=sandbox).status
        self.note("sandbox: state", status.state)
        self.note("sandbox: name", [status.metadata.name, status.metadata.attempt])
        self.note("sandbox: labels", dict(status.labels))
        ready = call("ListPodSandbox", filter={"state": {"state": v1.SANDBOX_READY}}).items
        self.note("sandbox: listed", [s.id == sandbox for s in ready])
        other = call("ListPodSandbox", filter={"label_selector": {"app": "two"}}).items
        self.note("sandbox: other label", len(other))
        self.refused("sandbox: a second of that name", "RunPodSandbox", config=pod)
        self.refused("sandbox: unknown", "PodSandboxStatus", pod_sandbox_id="nosuchid")
        self.refused(
            "sandbox: unknown handler",
            "RunPodSandbox",
            config=self.pod("other"),
            runtime_handler="nosuch",
        )

    def ends(self, sandbox: str, pod: dict[str, Any]) -> None:
        self.ended(sandbox, pod, "default", "")
        for name, script in (
            ("zero", "exit 0"),
            ("one", "exit 1"),
            ("wraps", "exit 300"),
            ("not-found", "nosuchcommand"),
            ("not-runnable", "/plain"),
            ("quotes", "echo 'a  b' \"c d\""),
            ("no-newline", "echo -n partial"),
            ("long-line", f"echo {'x' * 20000}"),
            ("files", "echo one > /tmp/f; echo two >> /tmp/f; cat /tmp/f; rm /tmp/f; cat /tmp/f"),
            ("joints", "true && echo yes; false || echo no; false && echo never"),
            ("variables", "X=1; echo ${X}2 $GREETING; echo '$X'"),
        ):
            self.ended(sandbox, pod, name, script)

    def a_long_one(self, sandbox: str, pod: dict[str, Any]) -> None:
        call = self.client.call
        id = self.start(sandbox, pod, self.container("long", "sleep 3600"))
        status = self.status(id)
        self.note("long: state", status.state)
        self.note("long: finished", status.finished_at)
        for name, command in (
            ("says", ["echo", "hi"]),
            ("code", ["/bin/sh", "-c", "exit 7"]),
            ("reads", ["cat", "/etc/motd"]),
            ("fails", ["cat", "/nosuch"]),
            ("lists", ["ls", "/tmp"]),
            ("cwd", ["/bin/sh", "-c", "echo $PWD $GREETING"]),
        ):
            said = call("ExecSync", container_id=id, cmd=command, timeout=10)
            self.note(f"exec: {name}", [said.stdout.decode(), said.stderr.decode(), said.exit_code])
        self.refused("exec: too slow", "ExecSync", container_id=id, cmd=["sleep", "30"], timeout=1)
        self.refused("exec: not found", "ExecSync", container_id=id, cmd=["nosuch"], timeout=5)
        self.refused("exec: no container", "ExecSync", container_id="nosuchid", cmd=["ls"])
        stats = call("ListContainerStats", filter={"id": id}).stats
        self.note("stats: of it", [s.attributes.id == id for s in stats])
        self.note("stats: memory", stats[0].memory.working_set_bytes.value > 0)
        running = {"state": {"state": v1.CONTAINER_RUNNING}, "pod_sandbox_id": sandbox}
        found = call("ListContainers", filter=running).containers
        self.note("list: running", [c.metadata.name for c in found])
        limits = {"cpu_quota": 20000, "cpu_period": 100000, "memory_limit_in_bytes": 64 << 20}
        self.refused("update: limits", "UpdateContainerResources", container_id=id, linux=limits)
        self.refused("start: a second time", "StartContainer", container_id=id)
        call("StopContainer", container_id=id, timeout=1)
        status = self.status(id)
        self.note("long: deaf to SIGTERM", [status.state, status.exit_code, status.reason])
        polite = "trap 'echo bye; exit 3' TERM; echo ready; while true; do sleep 0.2; done"
        id = self.start(sandbox, pod, self.container("polite", polite))
        path = self.logs / "one" / "polite.log"
        while b"ready" not in self.read_log(path):
            self.sleep(0.1)
        call("StopContainer", container_id=id, timeout=30)
        status = self.status(id)
        self.note("polite: end", [status.exit_code, status.reason])
        self.note("polite: log", self.log(path))
        self.refused("stop: done twice", "StopContainer", container_id=id, timeout=1)
        self.refused("exec: after the end", "ExecSync", container_id=id, cmd=["ls"], timeout=5)

    def errors(self, sandbox: str, pod: dict[str, Any]) -> None:
        call = self.client.call
        create = {"pod_sandbox_id": sandbox, "sandbox_config": pod}
        twice = self.container("twice")
        id = call("CreateContainer", config=twice, **create).container_id
        self.note("created: state", self.status(id).state)
        self.refused("create: the same name", "CreateContainer", config=twice, **create)
        self.refused("exec: before the start", "ExecSync", container_id=id, cmd=["ls"], timeout=5)
        self.refused("remove: a created one", "RemoveContainer", container_id=id)
        missing = self.container("missing", image={"image": "course.example/none:v1"})
        self.refused("create: no such image", "CreateContainer", config=missing, **create)
        self.refused(
            "create: no such sandbox",
            "CreateContainer",
            pod_sandbox_id="nosuchid",
            config=twice,
            sandbox_config=pod,
        )
        bad = self.container("no-program", command=["/nosuch"], args=[])
        id = call("CreateContainer", config=bad, **create).container_id
        self.refused("start: no such program", "StartContainer", container_id=id)
        status = self.status(id)
        self.note("start: failed", [status.state, status.exit_code, status.reason])
        for method in ("StartContainer", "ContainerStatus"):
            self.refused(f"{method}: unknown", method, container_id="nosuchid")
        for method in ("StopContainer", "RemoveContainer"):
            self.refused(f"{method}: unknown", method, container_id="nosuchid")
        for method in ("StopPodSandbox", "RemovePodSandbox"):
            self.refused(f"{method}: unknown", method, pod_sandbox_id="nosuchid")
        self.refused("checkpoint", "CheckpointContainer", container_id="nosuchid", location="/x")

    def farewell(self, sandbox: str) -> None:
        call = self.client.call
        call("StopPodSandbox", pod_sandbox_id=sandbox)
        status = call("PodSandboxStatus", pod_sandbox_id=sandbox).status
        self.note("sandbox: stopped", status.state)
        late = self.container("late")
        self.refused(
            "create: in a stopped sandbox",
            "CreateContainer",
            pod_sandbox_id=sandbox,
            config=late,
            sandbox_config=self.pod("one"),
        )
        call("StopPodSandbox", pod_sandbox_id=sandbox)
        call("RemovePodSandbox", pod_sandbox_id=sandbox)
        call("RemovePodSandbox", pod_sandbox_id=sandbox)
        left = [len(call("ListPodSandbox").items), len(call("ListContainers").containers)]
        self.note("all gone", left)


def play_simulated(client: CRIClient, logs: Path, read_log: Any) -> dict[str, Any]:
    """The script on a simulated runtime whose registry has the image."""
    return Scenario(client, logs, read_log, pull=True).play()
