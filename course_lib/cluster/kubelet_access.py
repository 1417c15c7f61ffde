"""The kubelets of a cluster, as its API servers reach them: logs, commands, streams, ports.

Source: `pkg/kubelet/server/server.go` (`getExec`, `getAttach`, `getPortForward`) and
`pkg/kubelet/kubelet_pods.go` (`GetExec`, `GetAttach`, `GetPortForward`) of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from course_lib.apiserver.errors import NoReason, NotFound, PlainText
from course_lib.apiserver.made import MadeResource
from course_lib.apiserver.pod_logs import LogOptions
from course_lib.apiserver.pod_streams import INTERNAL, SUCCESS, Opening, StreamOptions, failed
from course_lib.client import Client
from course_lib.cluster.machines import Machines
from course_lib.cluster.metrics_api import MetricsAPI
from course_lib.node import Kubelet
from course_lib.node.container_logs import container_log
from course_lib.node.pod_worker import PodWorker
from course_lib.node.slot import Slot
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.manifests import Document
from course_lib.runtimes import RuntimeFault
from course_lib.runtimes.errors import NOT_EXECUTED
from course_lib.runtimes.session import StreamSession

PORT = 10250  # where a kubelet listens


class KubeletAccess:
    """The way to the kubelets of the `machines`, and to metrics-server; `api` reads objects."""

    def __init__(self, api: Client, machines: Machines) -> None:
        self._api, self._machines = api, machines

    @property
    def made(self) -> tuple[MadeResource, ...]:
        """What metrics-server serves, where it is installed."""
        return MetricsAPI(self._api, self._machines.metrics).resources

    def log(self, pod: Pod, container: str, options: LogOptions) -> str:
        """The log of a container of a `pod`, as its kubelet gives it to the API server.

        `options` say how much of it. Raises `APIError` in the kubelet's words, and where its
        machine does not answer.
        """
        path = f"containerLogs/{pod.namespace}/{pod.name}/{container}"
        kubelet = self._kubelet(pod, f'Get "https://{{place}}/{path}": ')
        worker = kubelet.workers.get(pod.uid)
        return container_log(worker, kubelet.disk, pod, container, options)

    def exec(self, pod: Pod, container: str, options: StreamOptions) -> Opening:
        """How to begin a command in a `container` of a `pod`, which is in `options`.

        Raises `PlainText` for a container that does not run.
        """
        kubelet = self._kubelet(pod)
        running = _running(_worker(kubelet, pod), container)
        if running is None:
            raise PlainText(500, f'container not found ("{container}")')
        fields = _fields(options, options.tty) | {"cmd": list(options.command)}
        return partial(_opened, kubelet, "Exec", running.current_id, fields)

    def attach(self, pod: Pod, container: str, options: StreamOptions) -> Opening:
        """How to join the streams of the program of a `container` of a `pod`, as `options` say.

        Raises `PlainText` for a container that does not run.
        """
        kubelet = self._kubelet(pod)
        running = _running(_worker(kubelet, pod), container)
        if running is None:
            full = f"{pod.name}_{pod.namespace}"
            raise PlainText(500, f"container {container} not found in pod {full}")
        fields = _fields(options, running.spec.tty)
        own = not running.spec.stdin_once
        return partial(_opened, kubelet, "Attach", running.current_id, fields, own)

    def ports(self, pod: Pod) -> KubeletPorts:
        """The ports of a `pod`; raises `PlainText` for a Pod that does not run."""
        kubelet = self._kubelet(pod)
        worker = _worker(kubelet, pod)
        if not worker.sandbox:
            raise PlainText(500, f'pod not found ("{pod.name}_{pod.namespace}")')
        return KubeletPorts(kubelet, worker.sandbox)

    def _kubelet(self, pod: Pod, asking: str = "error dialing backend: ") -> Kubelet:
        """The kubelet of a Pod; raises `APIError` where none answers, which says `asking` first."""
        kubelet = self._machines.kubelets.get(pod.spec.node_name)
        if kubelet is None:
            raise NotFound(f'nodes "{pod.spec.node_name}" not found')
        if not kubelet.powered:
            place = f"{kubelet.machine.address}:{PORT}"
            said = asking.format(place=place)
            raise NoReason(f"{said}dial tcp {place}: connect: no route to host")
        return kubelet


class KubeletPorts:
    """The ports of the Pod in a `sandbox` of a node, by way of its `kubelet`."""

    def __init__(self, kubelet: Kubelet, sandbox: str) -> None:
        self._kubelet, self._sandbox = kubelet, sandbox

    def dial(self, port: int) -> SessionStream:
        """A connection to a port; what fails is said on its `stderr`."""
        fields: dict[str, object] = {"pod_sandbox_id": self._sandbox, "port": [port]}
        return _opened(self._kubelet, "PortForward", "", fields)


class SessionStream:
    """The API's end of a `session` with a container; `of_command` says that its exit code counts.

    With `keeps_input`, the container's input stays open when that of this client ends, which leaves
    then.

    Source: the translations on the way, each with words of its own:
    `k8s.io/cri-streaming/pkg/streaming/remotecommand/exec.go`, then `StreamTranslatorHandler` of
    `k8s.io/apiserver/pkg/util/proxy/streamtranslator.go` in the kubelet.
    """

    def __init__(self, session: StreamSession, of_command: bool, keeps_input: bool = False) -> None:
        self._session, self._of_command = session, of_command
        self._keeps_input = keeps_input
        self._said: list[tuple[str, bytes]] = []
        self._changed: list[Callable[[], None]] = []
        session.on_output(self._hear)
        session.on_end(self._tell)

    @property
    def ended(self) -> bool:
        """Whether it is over, and nothing is left to take."""
        return self._session.ended and not self._said

    @property
    def status(self) -> Document:
        """How it ended, as a `Status`."""
        fault, code = self._session.fault, self._session.code
        if fault is not None:
            return failed(f"{INTERNAL}: {NOT_EXECUTED}: {fault.what}")
        if code and self._of_command:
            text = f"command terminated with exit code {code}"
            return failed(f"command terminated with non-zero exit code: {text}", code)
        return SUCCESS

    @property
    def waits(self) -> bool:
        """Whether nothing more is said until something is typed."""
        return self._session.waits

    def take(self) -> list[tuple[str, bytes]]:
        """What was said since the last call."""
        said, self._said = self._said, []
        return said

    def type(self, data: bytes) -> None:
        """Send something to its input."""
        self._session.type(data)

    def close(self) -> None:
        """End its input."""
        if self._keeps_input:
            self._session.hang_up()
            self._session.finish(0)
        else:
            self._session.close()

    def hang_up(self) -> None:
        """Leave."""
        self._session.hang_up()

    def on_change(self, changed: Callable[[], None]) -> None:
        """Have `changed` called when there is something to take, and at the end."""
        self._changed.append(changed)

    def _hear(self, stream: str, data: bytes) -> None:
        self._said.append((stream, data))
        self._tell()

    def _tell(self) -> None:
        for changed in self._changed:
            changed()


def _worker(kubelet: Kubelet, pod: Pod) -> PodWorker:
    worker = kubelet.workers.get(pod.uid)
    if worker is None:
        raise PlainText(404, "pod does not exist")
    return worker


def _running(worker: PodWorker, container: str) -> Slot | None:
    """The container of a name, if it runs (`findContainer`)."""
    return next(
        (slot for slot in worker.slots if slot.spec.name == container and slot.running), None
    )


def _fields(options: StreamOptions, tty: bool) -> dict[str, object]:
    """The streams as the CRI is asked for them; a terminal has one output."""
    stderr = options.stderr and not tty
    return {"stdin": options.stdin, "stdout": options.stdout, "stderr": stderr, "tty": tty}


def _opened(
    kubelet: Kubelet,
    method: str,
    container: str,
    fields: dict[str, object],
    keeps_input: bool = False,
) -> SessionStream:
    ids = {"container_id": container} if container else {}
    try:
        session = kubelet.cri.session(method, **ids, **fields)
        return SessionStream(session, method == "Exec", keeps_input)
    except RuntimeFault as fault:
        raise PlainText(500, fault.what) from None
