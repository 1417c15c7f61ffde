"""The simulated runtimes under the tools that people use on real ones: crictl, and critest."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from course_lib.runtimes import RUNTIMES
from tests.peers import critools_peer as peer
from tests.peers import golang
from tests.required import requires

pytestmark = requires(golang.missing())


@pytest.fixture(scope="module", autouse=True)
def tools():
    peer.build_tools()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_crictl_takes_a_pod_through_its_life(runtime, tmp_path):
    pod, box = tmp_path / "pod.json", tmp_path / "container.json"
    meta = {"name": "web", "namespace": "default", "uid": "u1"}
    logs = str(tmp_path / "logs")
    pod.write_text(
        json.dumps({"metadata": meta, "hostname": "web", "log_directory": logs, "linux": {}})
    )
    script = "while true; do echo tick; sleep 1; done"
    config = {"metadata": {"name": "main"}, "image": {"image": "busybox:1.36"}, "linux": {}}
    box.write_text(json.dumps(config | {"command": ["sh", "-c", script], "log_path": "main.log"}))
    with peer.served(runtime, tmp_path) as socket:

        def run(*arguments: str) -> str:
            return peer.crictl(socket, *arguments)

        assert f"RuntimeName:  {runtime}" in run("version")
        assert json.loads(run("info"))["status"]["conditions"][1]["status"] is True
        run("pull", "busybox:1.36")
        assert "docker.io/library/busybox" in run("images")
        sandbox = run("runp", str(pod)).strip()
        container = run("create", sandbox, str(box), str(pod)).strip()
        assert "Created" in run("ps", "-a")
        run("start", container)
        assert "Running" in run("ps") and "Ready" in run("pods")
        assert run("exec", "--sync", container, "hostname").strip() == "web"
        stream = ["exec", "--transport", "websocket", container, "hostname"]
        assert run(*stream).strip() == "web"
        peer.wait_for("tick", lambda: run("logs", container))
        assert "main" in run("stats")
        inspected = json.loads(run("inspect", container))
        assert inspected["status"]["state"] == "CONTAINER_RUNNING"
        assert inspected["info"]["namespaces"]["net"].startswith("net:[")
        run("stop", "--timeout", "1", container)
        assert "Exited" in run("ps", "-a")
        # The Pod's processes share a namespace here: the shell is not process 1, and heeds SIGTERM.
        assert json.loads(run("inspect", container))["status"]["exitCode"] == 143
        run("rm", container)
        run("stopp", sandbox)
        run("rmp", sandbox)
        assert len(run("pods").splitlines()) == 1
        run("rmi", "busybox:1.36")
        assert "busybox" not in run("images")


def test_critest_passes_for_what_the_course_simulates(tmp_path):
    """All specs on containerd; those of conformance on the others."""

    def check(runtime: str) -> dict[str, str]:
        folder = tmp_path / runtime
        folder.mkdir()
        with peer.served(runtime, folder) as socket:
            return peer.critest(socket, folder, "" if runtime == "containerd" else "Conformance")

    with ThreadPoolExecutor(len(RUNTIMES)) as pool:
        results = dict(zip(RUNTIMES, pool.map(check, RUNTIMES), strict=True))
    for runtime, found in results.items():
        ran = {name: how for name, how in found.items() if not how.startswith("skipped")}
        failed = {name: how for name, how in ran.items() if how != "passed"}
        assert failed == {}, runtime
        assert all(peer.applies(name) for name in ran)
        assert len(ran) >= (53 if runtime == "containerd" else 35), sorted(ran)
