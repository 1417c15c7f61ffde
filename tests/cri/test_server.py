"""The CRI over a unix socket: who may open it, what is refused, what many clients leave behind."""

from __future__ import annotations

import contextlib
import socket
import stat
import subprocess
import sys
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_lib.cri import connect
from course_lib.cri import messages as v1
from course_lib.cri.grpc_server import Server
from course_lib.cri.messages import METHODS
from course_lib.cri.simulated import alone
from course_lib.errors import CourseError
from course_lib.runtimes import RuntimeFault

BUSYBOX, FOREVER = {"image": "busybox:1.36"}, ["sleep", "infinity"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    path = tmp_path_factory.mktemp("s") / "cri.sock"
    with Server(alone("containerd"), path, speed=50.0) as made:
        yield made


@pytest.fixture(scope="module")
def client(server):
    made = connect(str(server.path))
    made.call("PullImage", image=BUSYBOX)
    yield made
    made.close()


def pod(name: str) -> dict:
    return {"metadata": {"name": name, "uid": name, "namespace": "default"}}


def test_only_its_owner_may_open_the_socket_and_it_goes_with_the_server(tmp_path):
    path = tmp_path / "cri.sock"
    with Server(alone("rkt"), path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert connect(str(path)).call("Version").runtime_name == "rkt"
    assert not path.exists()


def test_a_path_that_no_socket_can_have_is_refused_before_anything_is_done(tmp_path):
    with pytest.raises(CourseError, match="too long"):
        Server(alone("rkt"), tmp_path / ("x" * 120))
    with pytest.raises(CourseError, match="cannot listen"):
        Server(alone("rkt"), "/nosuchfolder/cri.sock").start()


def test_a_socket_left_behind_is_replaced_and_one_in_use_is_not(tmp_path, server):
    stale = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(stale))
    with Server(alone("rkt"), stale):
        pass
    with pytest.raises(CourseError, match="somebody listens there"):
        Server(alone("rkt"), server.path).start()


def test_the_command_serves_until_it_is_told_to_stop(tmp_path):
    path = tmp_path / "c.sock"
    command = [sys.executable, "-m", "course_lib", "cri", "--runtime", "docker"]
    process = subprocess.Popen([*command, "--socket", str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == f"docker 20.10.24, simulated, listens on {path}\n"
    assert connect(str(path)).call("Version").runtime_version == "20.10.24"
    process.terminate()
    assert process.wait(timeout=20) == 0
    assert not path.exists()


def test_the_command_says_what_is_wrong_with_its_arguments():
    command = [sys.executable, "-m", "course_lib", "cri", "--socket", "/nosuchfolder/x"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "cannot listen there" in done.stderr
    assert "Traceback" not in done.stderr


def test_errors_arrive_as_grpc_codes(client):
    for method, fields, code in (
        ("PodSandboxStatus", {"pod_sandbox_id": "x"}, "NotFound"),
        ("RunPodSandbox", {}, "InvalidArgument"),
        ("PullImage", {"image": {"image": "NOT A NAME"}}, "InvalidArgument"),
        ("CreateContainer", {"config": {"metadata": {"name": "c"}, "image": {"image": "i"},
         "mounts": [{"container_path": "/m", "image": {"image": "i"}}]}}, "Unimplemented"),
        ("PullImage", {"image": {"image": "registry.invalid/x"}}, "Unknown"),
        ("CheckpointContainer", {}, "Unimplemented"),
        ("ListMetricDescriptors", {}, "Unimplemented"),
        ("UpdateRuntimeConfig", {"runtime_config": {"network_config": {"pod_cidr": "x"}}},
         "InvalidArgument"),
    ):  # fmt: skip
        with pytest.raises(RuntimeFault) as refusal:
            client.call(method, **fields)
        assert refusal.value.code == code, method


def test_what_is_not_there_is_told_in_the_words_of_containerd_2(client):
    for method, fields, said in (
        (
            "CreateContainer",
            {"pod_sandbox_id": "x", "config": {"metadata": {"name": "c"}, "image": {"image": "i"}}},
            'failed to find sandbox id "x": not found',
        ),
        (
            "StartContainer",
            {"container_id": "x"},
            'an error occurred when try to find container "x": not found',
        ),
        (
            "ExecSync",
            {"container_id": "x", "cmd": ["ls"]},
            'failed to exec in container: failed to find container "x" in store: not found',
        ),
        (
            "PodSandboxStatus",
            {"pod_sandbox_id": "x"},
            "an error occurred when try to find sandbox: not found",
        ),
    ):
        with pytest.raises(RuntimeFault) as refusal:
            client.call(method, **fields)
        assert (refusal.value.code, refusal.value.what) == ("NotFound", said)


def test_a_field_that_a_call_has_not_is_told_before_anything_is_sent(client):
    with pytest.raises(CourseError, match="not a request of this call") as refusal:
        client.call("StopContainer", container="x")
    assert "container_id, timeout" in str(refusal.value)
    with pytest.raises(CourseError, match="no such call"):
        client.call("StartPod")


def test_streams_of_lists_carry_what_the_lists_do(client):
    sandbox = client.call("RunPodSandbox", config=pod("streamed")).pod_sandbox_id
    (part,) = client.call("StreamPodSandboxes", filter={"id": sandbox})
    assert part.pod_sandboxes[0].id == sandbox
    names = [i.id for p in client.call("StreamImages") for i in p.images]
    assert names == [i.id for i in client.call("ListImages").images]
    client.call("RemovePodSandbox", pod_sandbox_id=sandbox)


def test_events_tell_of_a_containers_life(client, server):
    news, heard = [], threading.Event()

    def listen() -> None:
        for event in client.transport.events():
            news.append(event)
            if event.container_event_type == v1.CONTAINER_DELETED_EVENT:
                heard.set()
                return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    while not server.shim.runtime.listeners:  # until the stream is there
        threading.Event().wait(0.01)
    sandbox = client.call("RunPodSandbox", config=pod("news")).pod_sandbox_id
    box = {"metadata": {"name": "main"}, "image": BUSYBOX, "command": ["sleep", "5"]}
    made = client.call("CreateContainer", pod_sandbox_id=sandbox, config=box).container_id
    client.call("StartContainer", container_id=made)
    client.call("StopContainer", container_id=made)
    client.call("RemovePodSandbox", pod_sandbox_id=sandbox)
    assert heard.wait(10)
    kinds = [event.container_event_type for event in news if event.container_id == made]
    assert kinds == [0, 1, 2, 3]
    assert news[1].containers_statuses[0].state == v1.CONTAINER_RUNNING
    assert news[1].pod_sandbox_status.metadata.name == "news"


def test_urls_of_streams_are_good_once(client, server):
    sandbox = client.call("RunPodSandbox", config=pod("urls")).pod_sandbox_id
    box = {"metadata": {"name": "main"}, "image": BUSYBOX, "command": ["sleep", "1000"]}
    made = client.call("CreateContainer", pod_sandbox_id=sandbox, config=box).container_id
    with pytest.raises(RuntimeFault, match="not running"):
        client.call("Exec", container_id=made, cmd=["sh"], stdout=True)
    client.call("StartContainer", container_id=made)
    url = client.call("Exec", container_id=made, cmd=["sh"], stdin=True, stdout=True).url
    token = url.rpartition("/exec/")[2]
    assert server.shim.runtime_service.streams.redeem(token).request.cmd == ["sh"]
    with pytest.raises(RuntimeFault, match="used, or too old"):
        server.shim.runtime_service.streams.redeem(token)
    for wrong in ({"tty": True, "stdout": True, "stderr": True}, {}):
        with pytest.raises(RuntimeFault) as refusal:
            client.call("Attach", container_id=made, **wrong)
        assert refusal.value.code == "InvalidArgument"
    assert "/portforward/" in client.call("PortForward", pod_sandbox_id=sandbox, port=[80]).url
    client.call("RemovePodSandbox", pod_sandbox_id=sandbox)


# Whatever arrives, the answer has a proper status, and nothing half made stays.

TEXT = st.one_of(
    st.sampled_from(
        ["", "web", "busybox:1.36", "sleep", "x" * 300, "\u2603", "a/b", "10.0.0.0/24"]
    ),
    st.text(max_size=8),
)
SCALARS = {
    1: st.floats(allow_nan=False), 3: st.integers(-(2**63), 2**63 - 1),
    4: st.integers(0, 2**64 - 1), 5: st.integers(-(2**31), 2**31 - 1), 8: st.booleans(), 9: TEXT,
    12: st.binary(max_size=8),
    13: st.integers(0, 2**32 - 1),
}  # fmt: skip


def value_of(field, depth: int) -> st.SearchStrategy:
    if field.message_type and field.message_type.GetOptions().map_entry:
        return st.dictionaries(TEXT, TEXT, max_size=2)
    if field.enum_type:
        one = st.integers(-1, 9)
    elif field.message_type:
        one = fields_of(field.message_type, depth - 1) if depth else st.just({})
    else:
        one = SCALARS[field.type]
    return st.lists(one, max_size=2) if field.is_repeated else one


def fields_of(message, depth: int) -> st.SearchStrategy:
    return st.fixed_dictionaries(
        {}, optional={field.name: value_of(field, depth) for field in message.fields}
    )


def valid_parts(client, method: str, fields: dict) -> dict:
    config = fields.get("config", {}) | {"metadata": {"name": "n", "uid": "u", "namespace": "d"}}
    if method == "RunPodSandbox":
        return {"config": config, "runtime_handler": ""}
    if method == "CreateContainer":
        sandbox = client.call("RunPodSandbox", config=pod("fuzz")).pod_sandbox_id
        client.call("PullImage", image=BUSYBOX)
        box = config | {"metadata": {"name": "n"}, "image": BUSYBOX}
        return {"pod_sandbox_id": sandbox, "config": box}
    return {}


# Calls that wait as long as they are told to would only make the test long.
PLAIN = [name for name, m in METHODS.items() if not m.streams]


@settings(
    max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(st.data())
def test_whatever_is_asked_the_answer_has_a_status_and_nothing_half_made_stays(
    client, server, data
):
    method = data.draw(st.sampled_from(PLAIN))
    descriptor = METHODS[method].request.DESCRIPTOR
    fields = data.draw(fields_of(descriptor, 4))
    if data.draw(st.booleans()):  # half of the time as far as a sandbox, and a container in it
        fields |= valid_parts(client, method, fields)
    with contextlib.suppress(RuntimeFault):
        made = client.call(method, **fields)
        if method == "CreateContainer":
            client.call("StartContainer", container_id=made.container_id)
    last = client.calls[-1]
    if last.error is not None:
        assert "Exception calling application" not in last.error.what, (method, last.error.what)
        assert last.error.code != "Internal"
    runtime = server.shim.runtime
    for sandbox in list(runtime.sandboxes.values()):
        assert sandbox.ready and (sandbox.ip or sandbox.host_network)
        client.call("RemovePodSandbox", pod_sandbox_id=sandbox.id)
    assert not runtime.sandboxes and not runtime.containers and not runtime.names


def test_ten_thousand_calls_of_eight_clients_leave_nothing_behind(server):
    threads_before = threading.active_count()
    problems: list[BaseException] = []

    counts = [0] * 8

    def work(number: int) -> None:
        mine = connect(str(server.path))

        def call(method: str, **fields: object):
            counts[number] += 1
            return mine.call(method, **fields)

        try:
            for turn in range(53):
                id = call("RunPodSandbox", config=pod(f"p{number}-{turn}")).pod_sandbox_id
                box = {"metadata": {"name": "main"}, "image": BUSYBOX, "command": FOREVER}
                made = call("CreateContainer", pod_sandbox_id=id, config=box).container_id
                call("StartContainer", container_id=made)
                for _ in range(4):
                    assert call("ContainerStatus", container_id=made).status.id == made
                    assert call("ListContainers", filter={"id": made}).containers
                    assert call("ListPodSandbox", filter={"id": id}).items
                    assert call("ListContainerStats", filter={"id": made}).stats
                assert call("ExecSync", container_id=made, cmd=["true"]).exit_code == 0
                call("StopContainer", container_id=made, timeout=0)
                call("RemoveContainer", container_id=made)
                call("StopPodSandbox", pod_sandbox_id=id)
                call("RemovePodSandbox", pod_sandbox_id=id)
        except BaseException as problem:  # a thread's failure must reach the test
            problems.append(problem)
        finally:
            mine.close()

    connect(str(server.path)).call("PullImage", image=BUSYBOX)
    clients = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join(timeout=300)
    assert not problems
    runtime = server.shim.runtime
    assert sum(counts) >= 10_000
    assert not (runtime.sandboxes or runtime.containers or runtime.names or not runtime.calls.idle)
    assert not runtime.network._responders and not runtime.pool._used
    assert not runtime.calls.taken and not server._waiting and not runtime.listeners
    assert threading.active_count() <= threads_before + 64, "the server's own workers"


def test_a_namespace_mode_of_a_later_release_is_taken_for_the_default(client):
    options = {"network": 9, "pid": 9, "ipc": 9}
    config = pod("later") | {"linux": {"security_context": {"namespace_options": options}}}
    made = client.call("RunPodSandbox", config=config)
    assert client.call("PodSandboxStatus", pod_sandbox_id=made.pod_sandbox_id).status.network.ip
