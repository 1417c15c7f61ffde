"""The kubelet and its runtime: what it asks for, what it learns, what it clears away."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.cri import CRIClient, connect
from course_lib.cri import messages as v1
from course_lib.cri.grpc_server import Server
from course_lib.cri.simulated import alone
from course_lib.errors import CourseError
from course_lib.images import File, build
from course_lib.node.kubelet import Kubelet
from course_lib.node.machine import MachineInfo
from course_lib.objects.quantity import Quantity
from course_lib.runtimes import RUNTIMES
from course_lib.runtimes.files import FileSystem
from tests.conftest import container, pod, reasons, status_of


def shell(script: str, **more: object) -> dict:
    return container(image="busybox:1.36", command=["sh", "-c", script], **more)


def calls(cluster: Cluster, node: str = "node-1") -> list[str]:
    return [call.method for call in cluster.kubelets[node].cri.calls]


def kept(cluster: Cluster, node: str = "node-1") -> tuple[int, int]:
    runtime = cluster.runtimes[node]
    return len(runtime.sandboxes), len(runtime.containers)


def test_a_pod_is_made_by_these_calls_in_this_order(one):
    one.apply(pod())
    one.run(seconds=10)
    made = [m for m in calls(one) if not m.startswith("List") and m not in ("Status", "Version")]
    for before, after in (
        ("RunPodSandbox", "PullImage"),
        ("PullImage", "CreateContainer"),
        ("CreateContainer", "StartContainer"),
    ):
        assert made.index(before) < made.index(after)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_workload_lives_the_same_life_on_every_runtime(runtime):
    cluster = Cluster(nodes=1, runtime=runtime)
    cluster.apply(
        [
            pod("web"),
            pod("job", [shell("echo done; exit 0")], restartPolicy="Never"),
            pod("crash", [shell("exit 1")]),
        ]
    )
    cluster.run(seconds=60)
    assert dict(zip(cluster.get("pods").NAME, cluster.get("pods").STATUS, strict=True)) == {
        "web": "Running",
        "job": "Completed",
        "crash": "Error",
    }
    assert cluster.logs("job") == "done\n"
    status = cluster.document("pod", "web")["status"]["containerStatuses"][0]
    assert status["containerID"].startswith(f"{runtime}://")
    found = cluster.get("nodes", wide=True)["CONTAINER-RUNTIME"][0]
    assert found == f"{runtime}://{RUNTIMES[runtime].version}"


def test_an_end_is_noticed_within_a_second(one):
    one.apply(pod(containers=[shell("sleep 20")], restartPolicy="Never"))
    one.run(seconds=40)
    status = one.document("pod", "web")["status"]["containerStatuses"][0]["state"]["terminated"]
    assert status["reason"] == "Completed"
    ended = next(iter(one.runtimes["node-1"].containers.values())).finished_at
    told = [m.time for m in one.history.moments if m.time > ended]
    assert 0 < told[0] - ended <= 1.0


def test_of_each_container_only_the_last_dead_one_is_kept(one):
    one.apply(pod(containers=[shell("exit 1")]))
    one.run(seconds=600)
    restarts = one.get("pods").RESTARTS[0]
    assert restarts >= 5
    assert kept(one)[1] <= 2


def test_of_a_deleted_pod_nothing_stays(one):
    one.apply(pod())
    one.run(seconds=20)
    one.delete("pod", "web")
    one.run(seconds=90)
    assert kept(one) == (0, 0)
    assert not one.runtimes["node-1"].pool._used
    assert not [p for p in one.runtimes["node-1"].disk.files if "web" in p]


def test_images_go_when_the_disk_fills_up_those_unused_for_longest_first(one, monkeypatch):
    monkeypatch.setattr("course_lib.node.garbage.HIGH", 0.017)  # of 100 GiB: as of a disk of 2 GiB
    monkeypatch.setattr("course_lib.node.garbage.LOW", 0.016)
    for number in range(4):
        one.registry.push(f"course/app{number}:v1", size=150_000_000)
        one.apply(pod(f"p{number}", [container(image=f"course/app{number}:v1")]))
        one.run(seconds=320)
        if number < 3:
            one.delete("pod", f"p{number}")
    one.run(seconds=700)
    held = [tag for i in one.runtimes["node-1"].images.store.images.values() for tag in i.tags]
    removed = list(one.log(reason="ImageRemoved").OBJECT)
    assert removed and removed[0] == "docker.io/course/app0:v1"
    assert "docker.io/course/app3:v1" in held and "registry.k8s.io/pause:3.10" in held


def test_exec_probes_run_their_command_in_the_container(one):
    """The example of the Kubernetes documentation: healthy for 30 seconds, and then no more."""
    script = "touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600"
    probe = {"exec": {"command": ["cat", "/tmp/healthy"]}, "initialDelaySeconds": 5}
    one.apply(pod(containers=[shell(script, livenessProbe=probe | {"periodSeconds": 5})]))
    one.run(seconds=30)
    assert one.get("pods").RESTARTS[0] == 0
    one.run(seconds=60)
    said = one.log(reason="Unhealthy").MESSAGE[0]
    assert said == (
        "Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory\n"
    )
    one.run(seconds=30)
    assert one.get("pods").RESTARTS[0] == 1


def test_an_exec_probe_that_takes_too_long_has_failed(one):
    probe = {"exec": {"command": ["sh", "-c", "sleep 5"]}, "timeoutSeconds": 2}
    one.apply(pod(containers=[container(readinessProbe=probe)]))
    one.run(seconds=30)
    assert one.log(reason="Unhealthy").MESSAGE[0] == (
        'Readiness probe failed: command timed out: "sh -c sleep 5" timed out after 2s'
    )
    assert list(one.get("pods").READY) == ["0/1"]


def test_hooks_run_as_commands_of_the_container(one):
    hooks = {
        "postStart": {"exec": {"command": ["sh", "-c", "echo started > /tmp/hook"]}},
        "preStop": {"exec": {"command": ["sleep", "4"]}},
    }
    one.apply(pod(containers=[container(lifecycle=hooks)]))
    one.run(seconds=20)
    assert one.exec("web", ["cat", "/tmp/hook"]) == "started\n"
    asked = one.now
    one.delete("pod", "web")
    one.run_until(lambda: one.api.find("Pod", "web") is None)
    assert one.now - asked == pytest.approx(5.0, abs=0.2)


def test_a_failing_post_start_hook_ends_the_container(one):
    hooks = {"postStart": {"exec": {"command": ["false"]}}}
    one.apply(pod(containers=[container(lifecycle=hooks)]))
    one.run(seconds=30)
    assert "FailedPostStartHook" in reasons(one, "Pod/web")
    assert one.get("pods").RESTARTS[0] >= 1


def test_environment_and_configuration_are_there_inside(one):
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}}
    one.apply(
        [settings | {"data": {"COLOUR": "blue"}}, secret | {"stringData": {"password": "x1"}}]
    )
    env = [
        {"name": "WHO", "value": "me"},
        {"name": "GREETING", "value": "hello $(WHO)"},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]
    mounts = [{"name": "conf", "mountPath": "/etc/conf"}, {"name": "keys", "mountPath": "/keys"}]
    inside = container(env=env, envFrom=[{"configMapRef": {"name": "settings"}}],
                       volumeMounts=mounts)  # fmt: skip
    volumes = [
        {"name": "conf", "configMap": {"name": "settings"}},
        {"name": "keys", "secret": {"secretName": "db"}},
    ]
    one.apply(pod(containers=[inside], volumes=volumes))
    one.run(seconds=20)
    script = "echo $GREETING $PASSWORD $POD $COLOUR; cat /etc/conf/COLOUR; cat /keys/password"
    assert one.exec("web", ["sh", "-c", script]) == "hello me x1 web blue\nbluex1"
    assert one.exec("web", ["hostname"]) == "web\n"
    assert "search default.svc.cluster.local" in one.exec("web", ["cat", "/etc/resolv.conf"])


def test_a_program_that_is_not_there_is_told_in_the_runtimes_words(one):
    image = build('FROM scratch\nCOPY f /f\nCMD ["/app"]', {"f": File(b"")}).image
    one.registry.push("course/empty:v1", content=image)
    one.apply(pod(containers=[container(image="course/empty:v1")]))
    one.run(seconds=15)
    status = one.document("pod", "web")["status"]["containerStatuses"][0]
    assert status["lastState"]["terminated"]["exitCode"] == 128
    assert status["lastState"]["terminated"]["reason"] == "StartError"
    assert "no such file or directory" in one.log(reason="Failed").MESSAGE[0]


def test_a_log_that_has_grown_too_large_is_rotated(monkeypatch):
    monkeypatch.setattr("course_lib.node.logs.MOST_BYTES", 2000)
    one = Cluster(nodes=1)
    one.apply(pod(containers=[shell("while true; do echo a line of text; sleep 1; done")]))
    one.run(seconds=600)
    logs = sorted(p for p in one.runtimes["node-1"].disk.files if "/var/log/pods" in p)
    assert len(logs) == 5, "the one in use and four older ones"
    assert all(len(one.runtimes["node-1"].disk.read(path)) < 3000 for path in logs)
    assert one.logs("web").count("a line of text\n") >= 1


def test_logs_of_the_container_before_are_kept(one):
    one.apply(pod(containers=[shell("echo this is the $(hostname); exit 1")]))
    one.run(seconds=30)
    assert one.logs("web", previous=True) == "this is the web\n"
    assert one.logs("web", timestamps=True).startswith("2026-01-01T00:00:")


def test_while_the_runtime_is_down_the_node_is_not_ready_and_containers_go_on():
    cluster = Cluster(nodes=2)
    cluster.apply(pod(nodeName="node-1"))
    cluster.run(seconds=20)
    cluster.runtimes["node-1"].stop_daemon()
    cluster.run(seconds=29)
    assert list(cluster.get("nodes").STATUS) == ["Ready", "Ready"], "it may be back in a moment"
    cluster.run(seconds=12)
    assert list(cluster.get("nodes").STATUS) == ["NotReady", "Ready"]
    conditions = cluster.document("node", "node-1")["status"]["conditions"]
    ready = next(each for each in conditions if each["type"] == "Ready")
    assert (ready["reason"], ready["message"]) == ("KubeletNotReady", "container runtime is down")
    address = cluster.document("pod", "web")["status"]["podIP"]
    assert cluster.network.connect(address, 80) is not None
    cluster.runtimes["node-1"].start_daemon()
    cluster.run(seconds=15)
    assert list(cluster.get("nodes").STATUS) == ["Ready", "Ready"]
    assert cluster.get("pods").RESTARTS[0] == 0


def test_a_deletion_waits_for_the_runtime():
    cluster = Cluster(nodes=1)
    cluster.apply(pod(containers=[shell("sleep 3600")]))
    cluster.run(seconds=20)
    cluster.delete("pod", "web")
    cluster.run(seconds=5)
    cluster.runtimes["node-1"].stop_daemon()
    cluster.run(seconds=60)
    assert status_of(cluster) == ["Terminating"]
    cluster.runtimes["node-1"].start_daemon()
    cluster.run(seconds=40)
    assert len(cluster.get("pods")) == 0
    assert not [c for c in cluster.runtimes["node-1"].containers.values() if c.running]


def test_a_question_that_cannot_be_asked_does_not_count_as_an_answer():
    cluster = Cluster(nodes=1)
    probe = {"exec": {"command": ["cat", "/etc/hostname"]}, "periodSeconds": 2}
    cluster.apply(pod(containers=[container(livenessProbe=probe | {"failureThreshold": 1})]))
    cluster.run(seconds=20)
    cluster.runtimes["node-1"].stop_daemon()
    cluster.run(seconds=10)
    cluster.runtimes["node-1"].start_daemon()
    cluster.run(seconds=20)
    assert cluster.get("pods").RESTARTS[0] == 0
    assert (
        "Liveness probe errored and resulted in unknown state"
        in (cluster.log(reason="Unhealthy").MESSAGE[0])
    )


def test_when_dockers_daemon_restarts_its_pods_start_anew():
    cluster = Cluster(nodes=1, runtime="docker")
    cluster.apply(pod())
    cluster.run(seconds=20)
    cluster.runtimes["node-1"].stop_daemon()
    cluster.run(seconds=5)
    cluster.runtimes["node-1"].start_daemon()
    cluster.run(seconds=30)
    assert status_of(cluster) == ["Running"]
    assert cluster.get("pods").RESTARTS[0] == 1
    assert "SandboxChanged" in reasons(cluster, "Pod/web")


@pytest.mark.parametrize("new", ["docker", "rkt", "lxd"])
def test_the_runtime_is_swapped_under_a_running_kubelet(new):
    cluster = Cluster(nodes=1)
    cluster.apply(pod())
    cluster.run(seconds=20)
    uid = cluster.api.get("Pod", "web").uid
    cluster.swap_runtime("node-1", new)
    cluster.run(seconds=30)
    view = cluster.api.get("Pod", "web")
    assert view.uid == uid and status_of(cluster) == ["Running"]
    assert view.status.container_statuses[0].container_id.startswith(f"{new}://")
    assert view.status.container_statuses[0].restart_count == 1
    assert list(cluster.get("nodes").STATUS) == ["Ready"]
    address = view.status.pod_ip
    assert cluster.network.connect(address, 80) is not None


def test_a_swap_that_cannot_be_is_refused_and_changes_nothing(one):
    with pytest.raises(CourseError, match="no such runtime"):
        one.swap_runtime("node-1", "cri-o")
    one.kill_node("node-1")
    with pytest.raises(CourseError, match="without power"):
        one.swap_runtime("node-1", "rkt")
    one.restore_node("node-1")
    assert one.kubelets["node-1"].runtime.name == one.runtimes["node-1"].name == "containerd"


def test_the_same_kubelet_drives_a_runtime_behind_a_socket(tmp_path):
    """Real gRPC to a runtime in its own time: the kubelet does not know the difference."""
    cluster = Cluster(nodes=1)
    with Server(alone("rkt"), tmp_path / "cri.sock", speed=200.0) as server:
        client: CRIClient = connect(str(server.path))
        machine = MachineInfo("far", "192.168.49.99", Quantity("4"), Quantity("8Gi"))
        far = Kubelet(cluster.api, machine, client, cluster.network, FileSystem())
        cluster.apply(pod(nodeName="far"))
        cluster.run_until(lambda: cluster.ready("pod/web"), timeout=120)
        (sandbox,) = client.call("ListPodSandbox").items
        assert sandbox.metadata.name == "web"
        assert cluster.api.get("Node", "far").status.node_info["containerRuntimeVersion"] == (
            "rkt://1.30.0"
        )
        cluster.delete("pod", "web")
        cluster.run_until(lambda: cluster.api.find("Pod", "web") is None, timeout=120)
        cluster.run(seconds=70)
        assert not client.call("ListPodSandbox").items
        assert far.cri.calls[-1].method.startswith("List")
        states = {call.method for call in client.calls}
        assert {"RunPodSandbox", "StopContainer", "RemovePodSandbox"} <= states
        client.close()


def test_resources_reach_the_kernels_files(one):
    wanted = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m",
              "memory": "128Mi"}}  # fmt: skip
    one.apply([pod("web", [container(resources=wanted)]), pod("any")])
    one.run(seconds=20)
    made = {c.spec.labels["io.kubernetes.pod.name"]: c
            for c in one.runtimes["node-1"].containers.values()}  # fmt: skip
    files = made["web"].cgroup()
    assert files["cpu.max"] == "20000 100000" and files["memory.max"] == str(128 << 20)
    assert made["web"].spec.resources.cpu_shares == 102
    assert made["web"].spec.resources.oom_score_adj == 993
    assert made["any"].spec.resources.oom_score_adj == 1000
    assert made["any"].spec.resources.cpu_shares == 2
    assert made["web"].sandbox.spec.cgroup_parent.startswith("/kubepods/burstable/pod")


def test_processes_of_a_pod_that_shares_them_heed_sigterm(one):
    one.apply(pod(containers=[shell("sleep 3600")], shareProcessNamespace=True))
    one.run(seconds=20)
    asked = one.now
    one.delete("pod", "web")
    one.run_until(lambda: one.api.find("Pod", "web") is None)
    assert one.now - asked < 1
    found = one.kubelets["node-1"].cri.call("ListContainers").containers
    assert {c.state for c in found} == {v1.CONTAINER_EXITED}


def test_the_events_of_a_pull_are_told_as_they_happen(one):
    """Pulling is said before the pull's turn comes; waiting counts from there."""
    one.registry.push("course/first:v1", size=500_000_000)
    for name, image in (("a", "course/first:v1"), ("b", "redis:7"), ("c", "redis:7")):
        one.apply(pod(name, [container(image=image)]))
    one.run(seconds=60)
    log = one.log()
    pulls = log[log.REASON == "Pulling"]
    assert max(pulls.TIME) - min(pulls.TIME) < 0.5, "the second one waits, and says so at once"
    said = [str(m) for m in log[log.REASON == "Pulled"].MESSAGE]
    assert any(m.endswith("including waiting). Image size: 45000000 bytes.") for m in said)
    one.apply(pod("d", [container(image="redis:7")]))
    one.run(seconds=10)
    assert list(one.log(reason="Pulled", object="Pod/d").MESSAGE) == [
        'Container image "redis:7" already present on machine and can be accessed by the pod'
    ]
    assert list(one.log(reason="Created", object="Pod/d").MESSAGE) == ["Container created"]
    assert list(one.log(reason="Started", object="Pod/d").MESSAGE) == ["Container started"]


def test_a_failed_pull_is_told_by_two_warnings_each_time(one):
    one.apply(pod(containers=[container(image="registry.invalid/x:1")]))
    one.run(seconds=20)
    failed = [str(m) for m in one.log(reason="Failed").MESSAGE]
    assert failed[0].startswith('Failed to pull image "registry.invalid/x:1": ')
    assert failed[1] == "Error: ErrImagePull"
    assert "Error: ImagePullBackOff" in failed
    waiting = one.document("pod", "web")["status"]["containerStatuses"][0]["state"]["waiting"]
    assert waiting["message"].startswith(
        'Back-off pulling image "registry.invalid/x:1": ErrImagePull: '
    )


def test_a_status_names_image_and_container_as_the_runtime_does(one):
    one.apply(pod(containers=[shell("exit 1")]))
    one.run(seconds=30)
    status = one.document("pod", "web")["status"]["containerStatuses"][0]
    assert status["image"] == "docker.io/library/busybox:1.36"
    ended = status["lastState"]["terminated"]
    assert ended["containerID"].startswith("containerd://")


def test_a_node_has_room_for_files_of_its_pods(one):
    small = {"requests": {"ephemeral-storage": "10Mi"}}
    one.apply([pod(containers=[container(resources=small)]), pod("huge", [container(
        resources={"requests": {"ephemeral-storage": "1Ti"}})])])  # fmt: skip
    one.run(seconds=30)
    assert dict(zip(one.get("pods").NAME, one.get("pods").STATUS, strict=True)) == {
        "web": "Running",
        "huge": "Pending",
    }
    assert "Insufficient ephemeral-storage" in one.log(reason="FailedScheduling").MESSAGE[0]
    allocatable = one.document("node", "node-1")["status"]["allocatable"]
    assert allocatable["ephemeral-storage"] == str(90 * 2**30)
