"""The CRI without a socket, as in a browser: the same calls, the same messages."""

from __future__ import annotations

import pytest

from course_lib import cri
from course_lib.cri import local_server
from course_lib.cri.simulated import alone
from course_lib.errors import CourseError
from course_lib.runtimes import RuntimeFault


def told(path):
    client = cri.connect(path)
    client.call("PullImage", image={"image": "busybox:1.36"})
    pod = {"metadata": {"name": "mine", "namespace": "default", "uid": "1"}}
    sandbox = client.call("RunPodSandbox", config=pod).pod_sandbox_id
    state = client.call("PodSandboxStatus", pod_sandbox_id=sandbox).status
    with pytest.raises(RuntimeFault, match="NotFound"):
        client.call("ContainerStatus", container_id="nosuch")
    images = [each.repo_tags[0] for each in client.call("ListImages").images]
    found = client.call("Version"), state.metadata.name, state.state, images
    client.close()
    return found


def test_a_browser_gets_the_answers_of_a_socket(monkeypatch, tmp_path, capsys):
    with cri.serve(alone("rkt"), str(tmp_path / "a.sock"), speed=100):
        far = told(str(tmp_path / "a.sock"))
    monkeypatch.setattr(cri, "IN_BROWSER", True)
    with cri.serve(alone("rkt"), "b.sock", speed=100):
        assert told("b.sock") == far
    assert capsys.readouterr().out == local_server.NO_SOCKET + "\n"


def test_a_path_is_one_server_while_it_is_open():
    another = local_server.LocalServer(alone("lxd"), "one.sock")
    taken = pytest.raises(CourseError, match="somebody listens there already")
    with local_server.LocalServer(alone("rkt"), "one.sock"), taken:
        another.__enter__()
    with pytest.raises(CourseError, match="nobody listens there"):
        local_server.connect("one.sock")
