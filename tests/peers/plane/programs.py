"""A real control plane's processes on loopback, in a folder of their own.

`RealPlane.serve` starts etcd and kube-apiserver. Other methods start the controller manager, the
scheduler, kubelets on the course's simulated runtimes, and kwok. `close` ends all.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any

from course_lib.objects.users import USER
from tests.oracles.plane.asking import JSON
from tests.peers.plane.building import kwok_stages, program

TOKEN = "course"
READY = 120.0  # s that a program may take to be ready
KUBELET = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
    "authorization": {"mode": "AlwaysAllow"},
    "address": "127.0.0.1",
    "cgroupsPerQOS": False,
    "enforceNodeAllocatable": [],
    "failCgroupV1": False,
    "failSwapOn": False,
    "makeIPTablesUtilChains": False,
    "localStorageCapacityIsolation": False,
    "resolvConf": "",
    "cgroupDriver": "cgroupfs",
    "readOnlyPort": 0,
    "healthzPort": 0,
    "clusterDNS": ["10.96.0.10"],
    "clusterDomain": "cluster.local",
    "nodeStatusUpdateFrequency": "5s",
}


class RealResponse:
    """What the server answered: the code, the document, and its warnings."""

    def __init__(self, status: int, document: Any, warnings: list[str]) -> None:
        self.status, self.document, self.warnings = status, document, warnings


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def until(condition: Callable[[], bool], what: str, seconds: float = READY) -> None:
    """Wait for a condition; raises `TimeoutError`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)


class RealPlane:
    """etcd and kube-apiserver, and the programs that are started beside them.

    `folder` is where their files and logs stand.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port = folder, free_port()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._context = ssl.create_default_context()
        self._context.check_hostname, self._context.verify_mode = False, ssl.CERT_NONE
        self.kubeconfig = folder / "kubeconfig"

    # Processes

    def start(self, name: str, command: list[Any], **more: Any) -> subprocess.Popen[bytes]:
        """Start a process; what it prints goes to its log."""
        log = (self.folder / f"{name}.log").open("ab")
        words = [str(word) for word in command]
        process = subprocess.Popen(
            words, stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **more
        )
        self._processes[name] = process
        return process

    def end(self, name: str) -> None:
        """End a process, gently at first."""
        process = self._processes.pop(name, None)
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def close(self) -> None:
        """End all processes, those that were started last first."""
        for name in reversed(list(self._processes)):
            self.end(name)
        mounts = Path("/proc/mounts").read_text().splitlines()
        for line in reversed(mounts):  # a kubelet's root, and below it the volumes of its Pods
            place = line.split()[1]
            if place.startswith(f"{self.folder}/"):
                subprocess.run(["umount", "-l", place], check=False)

    def alive(self, name: str) -> bool:
        """Whether a process still runs; raises with the end of its log when it does not."""
        if self._processes[name].poll() is not None:
            log = (self.folder / f"{name}.log").read_text(errors="replace")
            raise RuntimeError(f"{name} has ended:\n{log[-3000:]}")
        return True

    # The programs

    def serve(self) -> None:
        """Start etcd and kube-apiserver, and wait until it is ready."""
        client, peer = free_port(), free_port()
        url, peers = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
        self.start("etcd", [
            program("etcd"), "--data-dir", self.folder / "etcd", "--unsafe-no-fsync",
            "--listen-client-urls", url, "--advertise-client-urls", url,
            "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
            "--initial-cluster", f"default={peers}", "--log-level", "warn",
        ])  # fmt: skip
        key, tokens = self.folder / "sa.key", self.folder / "tokens.csv"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True,
                       capture_output=True)  # fmt: skip
        tokens.write_text(f'{TOKEN},{USER["username"]},,"system:masters"\n')
        self.start("kube-apiserver", [
            program("kube-apiserver"), f"--etcd-servers={url}", f"--secure-port={self.port}",
            "--bind-address=127.0.0.1", "--endpoint-reconciler-type=none",
            f"--cert-dir={self.folder / 'certificates'}", f"--token-auth-file={tokens}",
            "--authorization-mode=RBAC", "--service-account-issuer=https://course.example",
            f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
            "--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged=true",
            "--max-requests-inflight=0", "--max-mutating-requests-inflight=0",
            "--enable-priority-and-fairness=false",
        ])  # fmt: skip
        self._write_kubeconfig()
        until(self._ready, "kube-apiserver is ready")

    def _ready(self) -> bool:
        self.alive("etcd"), self.alive("kube-apiserver")
        with suppress(OSError, HTTPException):
            return self.ask("GET", "/readyz").status == 200
        return False

    def _write_kubeconfig(self) -> None:
        server = {"server": f"https://127.0.0.1:{self.port}", "insecure-skip-tls-verify": True}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "real", "cluster": server}],
            "users": [{"name": "admin", "user": {"token": TOKEN}}],
            "contexts": [{"name": "real", "context": {"cluster": "real", "user": "admin"}}],
            "current-context": "real",
        }
        self.kubeconfig.write_text(json.dumps(document))

    def control(self, *flags: str) -> None:
        """Start the controller manager."""
        self.start("kube-controller-manager", [
            program("kube-controller-manager"), f"--kubeconfig={self.kubeconfig}",
            "--leader-elect=false", "--secure-port=0", "--allocate-node-cidrs=true",
            "--cluster-cidr=10.244.0.0/16", "--kube-api-qps=500", "--kube-api-burst=1000",
            f"--service-account-private-key-file={self.folder / 'sa.key'}",
            f"--root-ca-file={self.folder / 'certificates/apiserver.crt'}",
            "--controllers=*,-certificatesigningrequest-signing-controller,"
            "-certificatesigningrequest-approving-controller", *flags,
        ])  # fmt: skip
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        until(lambda: self.alive("kube-controller-manager")
              and self.ask("GET", account).status == 200, "the first ServiceAccount")  # fmt: skip

    def schedule(self, *flags: str) -> None:
        """Start the scheduler."""
        self.start("kube-scheduler", [
            program("kube-scheduler"), f"--kubeconfig={self.kubeconfig}",
            "--leader-elect=false", "--secure-port=0", *flags,
        ])  # fmt: skip

    def node(self, name: str, **settings: Any) -> None:
        """Start a kubelet on a simulated runtime, which is started where it does not run yet.

        `settings` are further ones of its configuration.
        """
        home, socket_path = self.folder / name, self.folder / f"{name}.sock"
        if name + "-runtime" not in self._processes:
            home.mkdir(exist_ok=True)
            command = [sys.executable, "-m", "course_lib", "cri", "--runtime", "containerd"]
            self.start(f"{name}-runtime", [*command, "--socket", socket_path],
                       env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})  # fmt: skip
            until(lambda: self.alive(f"{name}-runtime") and socket_path.exists(), "the runtime")
        port = free_port()
        own = {"containerRuntimeEndpoint": f"unix://{socket_path}", "port": port,
               "staticPodPath": "", "podLogsDir": str(home / "logs")}  # fmt: skip
        (home / "config.json").write_text(json.dumps(KUBELET | own | settings))
        self.start(name, [
            program("kubelet"), f"--kubeconfig={self.kubeconfig}", f"--hostname-override={name}",
            f"--config={home / 'config.json'}", f"--root-dir={home / 'root'}",
            f"--cert-dir={home / 'certificates'}", f"--node-ip={own_address()}",
        ])  # fmt: skip

    def fake_nodes(self, count: int) -> None:
        """Start kwok, and wait for `count` nodes of it: `fake-0` and so on.

        Pods on them are ready at once, and no container runs.
        """
        self.start("kwok", [
            program("kwok"), f"--kubeconfig={self.kubeconfig}", "--manage-all-nodes=false",
            "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
            "--node-lease-duration-seconds=40", "--cidr=10.200.0.0/16", "--node-ip=192.0.2.1",
            *(f"--config={path}" for path in kwok_stages()),
        ])  # fmt: skip
        names = [f"fake-{number}" for number in range(count)]
        for name in names:
            meta = {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}}
            room = {"cpu": "32", "memory": "256Gi", "pods": "500"}
            node = {"apiVersion": "v1", "kind": "Node", "metadata": meta,
                    "status": {"allocatable": room, "capacity": room}}  # fmt: skip
            self.ask("POST", "/api/v1/nodes", node)
        for name in names:
            until(partial(self._node_ready, name), f"{name} is ready")

    def nodes_ready(self, *names: str) -> None:
        """Wait until nodes are ready."""
        for name in names:
            self.alive(name)
            until(partial(self._node_ready, name), f"{name} is ready")

    def _node_ready(self, name: str) -> bool:
        answer = self.ask("GET", f"/api/v1/nodes/{name}")
        if answer.status != 200:
            return False
        conditions = answer.document["status"].get("conditions", [])
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

    # What tests ask

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: str = "",
        media_type: str = "",
        accept: str = JSON,
    ) -> RealResponse:
        """One request, as an administrator."""
        connection = HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self._context)
        headers = {"Authorization": f"Bearer {TOKEN}", "Accept": accept,
                   "Content-Type": media_type or JSON}  # fmt: skip
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        try:
            connection.request(method, path + ("?" + query if query else ""), text, headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        warnings = [_warning(text) for text in answer.headers.get_all("Warning") or []]
        try:
            document = json.loads(said)
        except ValueError:
            document = {"message": said.decode(errors="replace")}
        return RealResponse(answer.status, document, warnings)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def power(self, node: str, on: bool) -> None:
        """Stop a kubelet as when its machine loses power, or start it again."""
        if on:
            self.node(node)
            self.nodes_ready(node)
        else:
            process = self._processes.pop(node)
            process.kill()
            process.wait()


def _warning(header: str) -> str:
    """The text of a warning header (RFC 7234, 5.5)."""
    text = header.partition('"')[2].removesuffix('"')
    return text.replace('\\"', '"').replace("\\\\", "\\")


def own_address() -> str:
    """An address of this machine that is not loopback; nothing is sent to it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.connect(("192.0.2.1", 9))
        address: str = asked.getsockname()[0]
        return address


@contextmanager
def real_plane(folder: Path, nodes: int = 0, control: bool = True) -> Iterator[RealPlane]:
    """A real control plane; without `control` etcd and the API server alone."""
    plane = RealPlane(folder)
    try:
        plane.serve()
        if control:
            plane.control()
            plane.schedule()
        names = [f"node-{number + 1}" for number in range(nodes)]
        for name in names:
            plane.node(name)
        plane.nodes_ready(*names)
        yield plane
    finally:
        plane.close()
