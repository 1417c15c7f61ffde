"""What a user asks of single containers: their logs, commands in them, what isolates them."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from course_lib.apiserver.pod_logs import LogOptions, container_of
from course_lib.client import Client
from course_lib.cluster.arguments import checked
from course_lib.cluster.crictl import crictl_on
from course_lib.cluster.kubelet_access import KubeletAccess
from course_lib.cluster.machines import Machines
from course_lib.cluster.tables import table
from course_lib.command_line import Result
from course_lib.cri import messages as v1
from course_lib.errors import CourseError
from course_lib.node import Kubelet
from course_lib.node.slot import Seen, Slot
from course_lib.objects.kinds.pod import Pod
from course_lib.runtimes import RuntimeFault
from course_lib.runtimes.errors import NOT_EXECUTED
from course_lib.runtimes.session import StreamSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from course_lib.engine.table import Table


NEVER_RAN = 1  # kubectl's own exit code when the command could not be started


class CommandFailed(CourseError):
    """A command in a container that ended with a code other than 0, or could not be started.

    `exit_code` is the command's, or kubectl's 1 when it was never started; `stdout` and `stderr`
    are what it said until then.
    """

    def __init__(
        self, what: str, exit_code: int, stdout: str = "", stderr: str = "", **more: str
    ) -> None:
        self.exit_code, self.stdout, self.stderr = exit_code, stdout, stderr
        super().__init__(what, **more)


@checked
class ContainerAccess:
    """The containers of a cluster's nodes, reached by way of their kubelets."""

    def __init__(self, api: Client, machines: Machines) -> None:
        self._api, self._machines = api, machines
        self.kubelets = KubeletAccess(api, machines)

    def logs(
        self,
        pod: str,
        container: str = "",
        namespace: str = "default",
        previous: bool = False,
        timestamps: bool = False,
    ) -> str:
        """What a container has said, as `kubectl logs` shows it; the first one, unless named.

        With `previous`, what the one before its last restart said. `pod` is the Pod's name in
        `namespace`; `timestamps` puts the time before each line. Raises `CourseError` where there
        is no such container, or none before the last restart.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> hello = {"name": "main", "image": "busybox:1.36", "command": ["echo", "hello"]}
        >>> spec = {"containers": [hello], "restartPolicy": "Never"}
        >>> meta = {"name": "hi"}
        >>> _ = cluster.apply(
        ...     {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})
        >>> cluster.run(seconds=10)
        >>> cluster.logs("hi")
        'hello\\n'
        """
        found = self._api.get(Pod, pod, namespace)
        name = container_of(found, container or found.spec.containers[0].name)
        return self.kubelets.log(found, name, LogOptions(previous=previous, timestamps=timestamps))

    def exec_sync(
        self,
        pod: str,
        command: Sequence[str] | str,
        container: str = "",
        namespace: str = "default",
        timeout: int = 30,
    ) -> v1.ExecSyncResponse:
        """Run a command in a container: the CRI's answer, with `stdout`, `stderr`, `exit_code`.

        A text is split into words as a shell does it. Raises `CommandFailed` for a program that is
        not in the image, or that the course does not simulate; `timeout` is in s. `pod` is the
        Pod's name in `namespace`.
        """
        words = _words(command)
        kubelet, slot = self._slot(pod, container, namespace)
        seen = self._running(slot, pod)
        try:
            answer: v1.ExecSyncResponse = kubelet.cri.call(
                "ExecSync", container_id=seen.id, cmd=words, timeout=timeout
            )
            return answer
        except RuntimeFault as fault:
            if fault.code == "Unimplemented":
                raise CommandFailed(
                    fault.what,
                    NEVER_RAN,
                    where=f"{pod}: {shlex.join(words)}",
                    do="try one of the small tools: sh, cat, ls, ps, id, env, kill, sleep",
                ) from fault
            raise CommandFailed(
                f"{NOT_EXECUTED}: {fault.what}", NEVER_RAN, where=f"{pod}: {shlex.join(words)}"
            ) from fault

    def session(
        self,
        pod: str,
        command: Sequence[str] | str,
        container: str = "",
        namespace: str = "default",
        tty: bool = True,
    ) -> StreamSession:
        """Begin a command with its streams open, as `kubectl exec -it` does.

        What is typed into it is answered once time has passed. `pod` is the Pod's name in
        `namespace`, `container` names one of its containers; `tty` gives it a terminal.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> _ = cluster.apply("data/web-pod.yaml")
        >>> cluster.run(seconds=20)
        >>> shell = cluster.containers.session("web", "sh", tty=False)
        >>> shell.type(b"cd /tmp; pwd")
        >>> shell.type(b"; exit 3\\n")
        >>> cluster.run(seconds=1)
        >>> shell.read(), shell.code
        (b'/tmp\\n', 3)
        """
        kubelet, slot = self._slot(pod, container, namespace)
        seen = self._running(slot, pod)
        return kubelet.cri.session(
            "Exec", container_id=seen.id, cmd=_words(command), stdin=True, stdout=True,
            stderr=not tty, tty=tty,
        )  # fmt: skip

    def attach(
        self, pod: str, container: str = "", namespace: str = "default", tty: bool = False
    ) -> StreamSession:
        """Join the streams of a container's own program, as `kubectl attach -i` does.

        `pod` is the Pod's name in `namespace`; `tty` says whether the container has a terminal.
        """
        kubelet, slot = self._slot(pod, container, namespace)
        seen = self._running(slot, pod)
        return kubelet.cri.session(
            "Attach", container_id=seen.id, stdin=True, stdout=True, stderr=not tty, tty=tty
        )

    def exec(
        self,
        pod: str,
        command: Sequence[str] | str,
        container: str = "",
        namespace: str = "default",
        timeout: int = 30,
    ) -> str:
        """Run a command in a container, as `kubectl exec` does; returns what it says.

        It goes by the CRI's `ExecSync`; the real command opens a stream. A command that fails
        raises `CommandFailed`, with its `exit_code`, `stdout` and `stderr`. `pod` is the Pod's name
        in `namespace`; `timeout` is in s.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> _ = cluster.apply("data/web-pod.yaml")
        >>> cluster.run(seconds=20)
        >>> cluster.exec("web", ["hostname"])
        'web\\n'
        >>> cluster.exec("web", "sh -c 'exit 3'")
        Traceback (most recent call last):
        ...
        course_lib.cluster.containers.CommandFailed: command terminated with exit code 3
          where:    web: sh -c 'exit 3'
        """
        result = self.exec_sync(pod, command, container, namespace, timeout)
        stdout = str(result.stdout, errors="replace")
        stderr = str(result.stderr, errors="replace")
        if result.exit_code:
            raise CommandFailed(
                f"command terminated with exit code {result.exit_code}",
                result.exit_code,
                stdout,
                stderr,
                where=f"{pod}: {shlex.join(_words(command))}",
                found=(stderr or stdout).strip(),
            )
        return stdout + stderr

    def crictl(self, command: str, node: str = "") -> Result:
        """Type a `crictl` command on a node: ps, pods, images, inspect, logs, exec, stats, ...

        The first words may be `--node NAME`; without them, and without `node`, it is the first
        node. Raises `CourseError` for a node that there is not.

        >>> from course_lib import Cluster
        >>> Cluster(nodes=1).containers.crictl("version")
        Version:  0.1.0
        RuntimeName:  containerd
        RuntimeVersion:  2.3.7
        RuntimeApiVersion:  v1
        """
        return crictl_on(self._machines.kubelet, list(self._machines.kubelets), command, node)

    def namespaces(self, node: str) -> Table:
        """The namespaces of the running containers of a node, as `/proc/PID/ns` has them.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> _ = cluster.apply("data/web-pod.yaml")
        >>> cluster.run(seconds=20)
        >>> list(cluster.namespaces("node-1").columns)
        ['POD', 'CONTAINER', 'CGROUP', 'IPC', 'MNT', 'NET', 'PID', 'UTS']
        """
        rows = []
        kubelet = self._machines.kubelet(node)
        for worker in kubelet.workers.values():
            for slot in worker.slots:
                if slot.current is not None and slot.running:
                    walls = self._walls(kubelet, slot.current)["namespaces"]
                    numbers = [walls[kind].split(":")[1].strip("[]") for kind in sorted(walls)]
                    rows.append([worker.pod.name, slot.spec.name, *numbers])
        return table(rows, ["POD", "CONTAINER", "CGROUP", "IPC", "MNT", "NET", "PID", "UTS"])

    def cgroup(self, pod: str, container: str = "", namespace: str = "default") -> dict[str, str]:
        """The limits and the use of a running container, as the files of its cgroup have them.

        `pod` is the Pod's name in `namespace`.

        >>> from course_lib import Cluster
        >>> cluster = Cluster(nodes=1)
        >>> _ = cluster.apply("data/web-pod.yaml")
        >>> cluster.run(seconds=20)
        >>> cluster.cgroup("web")["cgroup.freeze"]
        '0'
        """
        kubelet, slot = self._slot(pod, container, namespace)
        return dict(self._walls(kubelet, self._running(slot, pod))["cgroup"])

    def _walls(self, kubelet: Kubelet, seen: Seen) -> dict[str, dict[str, str]]:
        status = kubelet.cri.call("ContainerStatus", container_id=seen.id, verbose=True)
        walls: dict[str, dict[str, str]] = json.loads(status.info["info"])
        return walls

    def _slot(self, pod: str, container: str, namespace: str) -> tuple[Kubelet, Slot]:
        found = self._api.get("Pod", pod, namespace)
        kubelet = self._machines.kubelets.get(found.spec.node_name)
        worker = kubelet.workers.get(found.uid) if kubelet else None
        if kubelet is None or worker is None:
            raise CourseError(
                "no kubelet runs this Pod", where=f"Pod {namespace}/{pod}", do="see its status"
            )
        mains = [slot for slot in worker.slots if not slot.init]
        named = [slot for slot in worker.slots if slot.spec.name == container]
        if container and not named:
            raise CourseError(
                f"container {container} is not valid for pod {pod}",
                expected=", ".join(slot.spec.name for slot in worker.slots),
            )
        return kubelet, (named or mains)[0]

    def _running(self, slot: Slot, pod: str) -> Seen:
        if slot.current is None or not slot.running:
            raise CourseError(
                f"container not running ({slot.spec.name})",
                where=pod,
                found=slot.reason[0] or "it has ended",
                do="wait until it runs",
            )
        return slot.current


def _words(command: Sequence[str] | str) -> list[str]:
    """A command line as words."""
    if not isinstance(command, str):
        words = list(command)
    else:
        try:
            words = shlex.split(command)
        except ValueError as problem:
            raise CourseError(
                "not a command line",
                expected='a list of words, such as ["ls", "/"], or a text that a shell can split',
                found=f"{command!r}: {problem}",
            ) from problem
    if not words or not all(isinstance(word, str) for word in words):
        raise CourseError(
            "you must specify at least one command for the container",
            expected='a list of words, such as ["ls", "/"], or a text',
            found=repr(command),
        )
    return words
