"""What sets the runtimes apart, and what all of them do for a container."""

from __future__ import annotations

import msgspec
import pytest

from course_lib.cri import CRIClient, simulated
from course_lib.cri import messages as v1
from course_lib.errors import CourseError
from course_lib.images import Builder, File, Registry
from course_lib.runtimes import RUNTIMES, Behaviours, RuntimeFault
from course_lib.runtimes.files import FileSystem
from course_lib.runtimes.launch import run_build_step
from course_lib.runtimes.logs import ContainerLog, said
from course_lib.runtimes.processes import drawn

SERVER, TOOLS = "course/server:v1", "busybox:1.36"


def runtime_of(client: CRIClient):
    return client.transport.shim.runtime


def pod(name: str = "web", **more) -> dict:
    return {"metadata": {"name": name, "uid": name, "namespace": "default"}} | more


def start(
    client: CRIClient, image: str = SERVER, command=(), name="main", pod_id="", **config
) -> str:
    client.call("PullImage", image={"image": image})
    pod_id = pod_id or client.call("RunPodSandbox", config=pod(name)).pod_sandbox_id
    box = {"metadata": {"name": name}, "image": {"image": image}, "command": command}
    made = client.call("CreateContainer", pod_sandbox_id=pod_id, config=box | config)
    client.call("StartContainer", container_id=made.container_id)
    return made.container_id


def limits(**resources) -> dict:
    return {"linux": {"resources": resources}}


@pytest.mark.parametrize("name", RUNTIMES)
def test_a_runtime_says_who_it_is_and_where_it_stands_in_history(name):
    client = simulated(name)
    version = client.call("Version")
    assert (version.runtime_name, version.runtime_api_version) == (name, "v1")
    assert runtime_of(client).flavour.story.endswith(".")
    with pytest.raises(CourseError, match="no such runtime"):
        simulated("cri-o")


@pytest.mark.parametrize(
    ("name", "survives"), [("containerd", True), ("docker", False), ("lxd", True)]
)
def test_what_survives_a_restart_of_the_daemon(name, survives):
    client = simulated(name)
    id, runtime = start(client), runtime_of(client)
    runtime.stop_daemon()
    with pytest.raises(RuntimeFault) as refusal:
        client.call("ListContainers")
    assert refusal.value.code == "Unavailable"
    assert runtime.flavour.daemon not in drawn(runtime.processes()).split()
    runtime.sim.run(30)
    runtime.start_daemon()
    status = client.call("ContainerStatus", container_id=id).status
    assert (status.state == v1.CONTAINER_RUNNING) == survives
    assert client.call("Version").runtime_name == name


def test_with_live_restore_containers_outlive_dockers_daemon():
    from course_lib.cri import InProcess, Shim
    from course_lib.engine import Simulation
    from course_lib.network import FlatNetwork
    from course_lib.runtimes import Runtime

    restoring = msgspec.structs.replace(RUNTIMES["docker"], outlives_daemon=True)
    made = Runtime(restoring, Simulation(), "n", Registry(), Behaviours(), FlatNetwork())
    made.sandboxes.set_address_block("10.0.0.0/24")
    client = CRIClient(InProcess(Shim(made)))
    id = start(client)
    made.stop_daemon()
    assert made.containers.by_id(id).running


def test_rkt_has_no_daemon_to_stop():
    client = simulated("rkt")
    start(client)
    with pytest.raises(CourseError, match="no daemon"):
        runtime_of(client).stop_daemon()


def test_process_trees_tell_the_runtimes_apart():
    trees = {}
    for name in RUNTIMES:
        client = simulated(name)
        start(client)
        rows = runtime_of(client).processes()
        parents = {row.pid: row.parent for row in rows}
        commands = {row.pid: row.command for row in rows}
        (main,) = [pid for pid, command in commands.items() if command == "/server"]
        trees[name] = []
        while main != 1:
            trees[name].append(commands[main].split()[0])
            main = parents[main]
    assert trees == {
        "containerd": ["/server", "containerd-shim-runc-v2"],
        "docker": ["/server", "containerd-shim-runc-v2"],
        "rkt": ["/server", "systemd", "systemd-nspawn"],
        "lxd": ["/server", "/sbin/init", "[lxc"],
    }


def test_start_up_costs_what_the_steps_of_each_runtime_cost():
    seconds = {}
    for name in RUNTIMES:
        client = simulated(name)
        start(client)
        begun = [call for call in client.calls if call.method != "PullImage"]
        for call in client.calls:
            assert sum(hop.end - hop.start for hop in call.hops) == pytest.approx(
                call.end - call.start
            )
        seconds[name] = begun[-1].end - begun[0].start
    assert seconds["containerd"] < seconds["docker"] < seconds["rkt"] < seconds["lxd"]
    shim = simulated("docker")
    start(shim)
    assert [hop.source for hop in shim.calls[2].hops][:1] == ["dockershim"]


def test_images_with_a_common_layer_are_kept_and_sent_once_where_layers_are_known():
    def pulled(name: str) -> tuple[float, int]:
        client = simulated(name)
        client.call("PullImage", image={"image": "nginx:1.27"})
        client.call("PullImage", image={"image": "redis:7"})
        last = client.calls[-1]
        return last.end - last.start, client.call("ImageFsInfo").image_filesystems[
            0
        ].used_bytes.value

    containerd, rkt = pulled("containerd"), pulled("rkt")
    assert containerd[0] < rkt[0] and containerd[1] < rkt[1]
    docker = pulled("docker")
    assert docker[1] < containerd[1], "Docker keeps unpacked layers only"


def test_namespaces_are_shared_as_a_pod_shares_them():
    client = simulated("containerd")
    sandbox = client.call("RunPodSandbox", config=pod()).pod_sandbox_id
    a = start(client, name="a", pod_id=sandbox)
    b = start(client, name="b", pod_id=sandbox)
    c = start(client, name="c")
    one, two, other = (runtime_of(client).containers.by_id(id).namespaces for id in (a, b, c))
    assert {kind for kind in one if one[kind] == two[kind]} == {"net", "ipc", "uts", "pid"}
    assert not {kind for kind in one if one[kind] == other[kind]}
    private = {"linux": {"security_context": {"namespace_options": {"pid": v1.CONTAINER}}}}
    d = start(client, name="d", pod_id=sandbox, **private)
    four = runtime_of(client).containers.by_id(d).namespaces
    assert {kind for kind in one if one[kind] == four[kind]} == {"net", "ipc", "uts"}


def test_limits_are_files_of_a_cgroup():
    client = simulated("containerd")
    id = start(client, **limits(cpu_quota=20000, cpu_period=100000, memory_limit_in_bytes=1 << 26))
    files = runtime_of(client).containers.by_id(id).cgroup()
    assert files["cpu.max"] == "20000 100000" and files["memory.max"] == str(1 << 26)
    client.call(
        "UpdateContainerResources", container_id=id, linux={"cpu_quota": 5000, "cpu_period": 100000}
    )
    assert runtime_of(client).containers.by_id(id).cgroup()["cpu.max"] == "5000 100000"


def test_memory_kills_and_cpu_only_slows_down():
    behaviours = Behaviours()
    behaviours.set("course/leak", memory=[(0, "10Mi"), (100, "110Mi")], cpu="500m")
    client = simulated("containerd", behaviours=behaviours)
    small = limits(memory_limit_in_bytes=60 << 20, cpu_quota=10000, cpu_period=100000)
    id = start(client, "course/leak", **small)
    sim = runtime_of(client).sim
    sim.run(40)
    stats = client.call("ContainerStats", container_id=id).stats
    assert stats.cpu.usage_core_nano_seconds.value == pytest.approx(4e9, rel=0.01)
    assert stats.memory.working_set_bytes.value == pytest.approx(50 << 20, rel=0.02)
    assert "throttled_usec 1600" in runtime_of(client).containers.by_id(id).cgroup()["cpu.stat"]
    sim.run(20)
    status = client.call("ContainerStatus", container_id=id).status
    assert (status.exit_code, status.reason) == (137, "OOMKilled")
    assert runtime_of(client).containers.by_id(id).cgroup()["memory.events"] == "oom_kill 1"


@pytest.mark.parametrize(
    ("image", "command", "pid", "code", "took"),
    [
        (SERVER, (), v1.CONTAINER, 0, 1),  # it handles SIGTERM, and takes its leave
        ("course/java:v1", (), v1.CONTAINER, 143, 1),  # it handles it, and says so by its code
        (TOOLS, ("sleep", "99"), v1.CONTAINER, 137, 5),  # process 1 without a handler: deaf
        (TOOLS, ("sleep", "99"), v1.POD, 143, 0),  # not process 1: the kernel's default ends it
    ],
)
def test_how_programs_end_when_they_are_asked_to(image, command, pid, code, took):
    behaviours = Behaviours()
    behaviours.set("course/java", exit_on_sigterm=143)
    client = simulated("containerd", behaviours=behaviours)
    mode = {"linux": {"security_context": {"namespace_options": {"pid": pid}}}}
    id = start(client, image, command, **mode)
    asked = runtime_of(client).sim.now
    client.call("StopContainer", container_id=id, timeout=5)
    assert client.call("ContainerStatus", container_id=id).status.exit_code == code
    assert runtime_of(client).sim.now - asked == pytest.approx(took, abs=0.1)


def test_a_paused_container_stands_still_and_goes_on_where_it_was():
    client = simulated("containerd")
    id = start(client, TOOLS, ("sleep", "10"))
    runtime = runtime_of(client)
    runtime.sim.run(4)
    runtime.pause(id)
    assert runtime.containers.by_id(id).cgroup()["cgroup.freeze"] == "1"
    runtime.sim.run(100)
    assert runtime.containers.by_id(id).running
    runtime.resume(id)
    runtime.sim.run(5.9)
    assert runtime.containers.by_id(id).running
    runtime.sim.run(0.2)
    status = client.call("ContainerStatus", container_id=id).status
    assert status.state == v1.CONTAINER_EXITED and status.exit_code == 0
    assert (status.finished_at - status.started_at) / 1e9 == pytest.approx(110, abs=0.1)


def test_a_frozen_container_accepts_connections_and_says_nothing():
    client = simulated("containerd")
    id = start(client)
    runtime = runtime_of(client)
    runtime.sim.run(5)
    sandbox = runtime.containers.by_id(id).sandbox
    assert sandbox.knock(80) < 1
    runtime.pause(id)
    assert sandbox.knock(80) == float("inf") and sandbox.connect(80) is None


def test_what_was_written_into_a_container_goes_with_it():
    client = simulated("containerd")
    id = start(client, TOOLS, ("sleep", "99"))
    write = ["sh", "-c", "echo mine > /tmp/f"]
    client.call("ExecSync", container_id=id, cmd=write)
    assert client.call("ExecSync", container_id=id, cmd=["cat", "/tmp/f"]).stdout == b"mine\n"
    other = start(client, TOOLS, ("sleep", "99"), name="other")
    assert client.call("ExecSync", container_id=other, cmd=["cat", "/tmp/f"]).exit_code == 1


def test_a_build_runs_its_steps_and_deletes_by_whiteouts():
    recipe = "FROM scratch\nCOPY sh /bin/sh\nCOPY big /big\nRUN rm /big\nRUN echo small > /small"
    files = {"sh": File(b"stands for a shell", mode=0o755), "big": File(b"x" * 100_000)}
    built = Builder(run=run_build_step).build(recipe, files)
    variant = built.image.variants[0]
    assert sorted(variant.files()) == ["bin", "bin/sh", "small"]
    assert variant.size > 100_000, "the layer below still has it"
    assert [cached for _, cached, _ in built.steps] == [False] * 5


def test_log_lines_that_are_too_long_come_in_parts():
    disk = FileSystem()
    log = ContainerLog(disk, "/log", lambda: 1_767_225_600_000_000_000)
    log.write("stdout", b"a" * 40_000 + b"\nshort\nno end")
    log.write("stderr", b"problem\n")
    tags = [line.split(b" ")[2] for line in disk.read("/log").splitlines()]
    assert tags == [b"P", b"P", b"F", b"F", b"F"]
    log.close()
    assert said(disk.read("/log")) == "a" * 40_000 + "\nshort\nproblem\nno end"


def test_addresses_run_out_with_a_clear_word_and_nothing_half_made():
    client = simulated("containerd")
    runtime = runtime_of(client)
    runtime.sandboxes.set_address_block("10.9.0.0/29")
    for number in range(5):
        client.call("RunPodSandbox", config=pod(f"p{number}"))
    words = "no IP addresses available in range set: 10.9.0.1-10.9.0.6$"
    with pytest.raises(RuntimeFault, match=words):
        client.call("RunPodSandbox", config=pod("late"))
    assert len(runtime.sandboxes) == 5
    first = next(iter(runtime.sandboxes))
    client.call("RemovePodSandbox", pod_sandbox_id=first)
    client.call("RunPodSandbox", config=pod("late"))


def test_containers_made_at_the_same_time_have_numbers_and_walls_of_their_own():
    client = simulated("containerd")
    client.call("PullImage", image={"image": SERVER})
    sandbox = client.call("RunPodSandbox", config=pod()).pod_sandbox_id
    made: list = []
    for name in ("a", "b", "c"):
        box = {"metadata": {"name": name}, "image": {"image": SERVER}}
        client.begin("CreateContainer", made.append, pod_sandbox_id=sandbox, config=box)
    runtime = runtime_of(client)
    runtime.sim.run(1)
    containers = [runtime.containers.by_id(answer.container_id) for answer in made]
    assert len({c.number for c in containers}) == 3
    assert len({c.namespaces["mnt"] for c in containers}) == 3


def test_events_in_the_same_process_come_once_each():
    client = simulated("containerd")
    assert list(client.transport.events()) == []
    id = start(client)
    first = [event.container_event_type for event in client.transport.events()]
    assert first == [v1.CONTAINER_CREATED_EVENT, v1.CONTAINER_STARTED_EVENT]
    assert list(client.transport.events()) == []
    client.call("RemoveContainer", container_id=id)
    later = [event.container_event_type for event in client.transport.events()]
    assert later == [v1.CONTAINER_STOPPED_EVENT, v1.CONTAINER_DELETED_EVENT]


def test_a_sandbox_that_goes_while_a_container_is_made_takes_it_along():
    client = simulated("containerd")
    client.call("PullImage", image={"image": SERVER})
    sandbox = client.call("RunPodSandbox", config=pod()).pod_sandbox_id
    answers: list = []
    box = {"metadata": {"name": "late"}, "image": {"image": SERVER}}
    client.begin("CreateContainer", answers.append, pod_sandbox_id=sandbox, config=box)
    client.begin("RemovePodSandbox", answers.append, pod_sandbox_id=sandbox)
    runtime = runtime_of(client)
    runtime.sim.run(1)
    assert {getattr(answer, "code", "OK") for answer in answers} == {"NotFound", "OK"}
    assert not runtime.containers and not runtime.sandboxes and not runtime.names


@pytest.mark.parametrize(
    ("milli", "requests", "latencies"),
    [
        (100, 1, [0.12]),  # 10 ms, then 90 ms of standing still, then 10 ms
        (100, 5, [0.12, 0.32, 0.52, 0.72, 0.92]),
        (500, 2, [0.03, 0.05]),  # 40 ms fit into the 50 ms of one period
        (500, 3, [0.03, 0.05, 0.12]),  # 10 ms are left for the third, and 10 ms of the next
        (2000, 1, [0.02]),
    ],
)
def test_a_quota_is_given_out_period_by_period(milli, requests, latencies):
    behaviours = Behaviours()
    behaviours.set("course/api", cpu_per_request=0.02, latency=0.01)
    client = simulated("containerd", behaviours=behaviours)
    id = start(client, "course/api", **limits(cpu_quota=milli * 100, cpu_period=100_000))
    runtime = runtime_of(client)
    runtime.sim.run(10)
    sandbox = runtime.containers.by_id(id).sandbox
    assert [sandbox.connect(80) for _ in range(requests)] == pytest.approx(latencies)


@pytest.mark.parametrize(("milli", "requests", "periods"), [(100, 5, 9), (500, 3, 1), (500, 2, 0)])
def test_each_period_in_which_work_waits_counts_as_throttled(milli, requests, periods):
    behaviours = Behaviours()
    behaviours.set("course/api", cpu_per_request=0.02, latency=0.01)
    client = simulated("containerd", behaviours=behaviours)
    id = start(client, "course/api", **limits(cpu_quota=milli * 100, cpu_period=100_000))
    runtime = runtime_of(client)
    runtime.sim.run(10)
    for _ in range(requests):
        runtime.containers.by_id(id).sandbox.connect(80)
    assert f"nr_throttled {periods} " in runtime.containers.by_id(id).cgroup()["cpu.stat"]
