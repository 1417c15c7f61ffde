"""The kubelet, measured from outside: states, reasons, times."""

from __future__ import annotations

from itertools import pairwise

import pytest

from course_lib.cluster import Cluster
from tests.conftest import container, pod, reasons, service, status_of

WEB = {"httpGet": {"path": "/", "port": 80}}


def container_status(cluster: Cluster, name: str = "web", number: int = 0):
    return cluster.api.get("Pod", name).status.container_statuses[number]


def times(cluster: Cluster, reason: str, object: str = "Pod/web") -> list[float]:
    return list(cluster.log(reason=reason, object=object).TIME)


def shell(script: str, **more: object) -> dict:
    return container(image="busybox:1.36", command=["sh", "-c", script], **more)


def test_the_way_of_a_pod_from_binding_to_running(one):
    one.apply(pod())
    one.run(seconds=30)
    assert reasons(one, "Pod/web") == ["Scheduled", "Pulling", "Pulled", "Created", "Started"]
    view = one.api.get("Pod", "web")
    assert view.status.phase == "Running"
    assert view.status.pod_ip.startswith("10.244.0.")
    assert view.status.qos_class == "BestEffort"
    stated = {c.type: c.status for c in view.status.conditions}
    assert set(stated) == {
        "PodScheduled",
        "PodReadyToStartContainers",
        "Initialized",
        "ContainersReady",
        "Ready",
    }
    assert set(stated.values()) == {"True"}


def test_a_pod_has_no_address_before_its_sandbox(one):
    volume = {"name": "v", "configMap": {"name": "absent"}}
    mount = {"name": "v", "mountPath": "/v"}
    one.apply(pod(containers=[container(volumeMounts=[mount])], volumes=[volume]))
    one.run(seconds=10)
    status = one.document("pod", "web")["status"]
    assert status["hostIP"] and "podIP" not in status and "podIPs" not in status
    one.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "absent"}})
    one.run(seconds=30)
    status = one.document("pod", "web")["status"]
    assert status["podIPs"] == [{"ip": status["podIP"]}]
    one.kill_node("node-1")
    one.restore_node("node-1")
    one.run(seconds=0.2)
    assert "podIPs" not in one.document("pod", "web")["status"], "its sandbox ended with the power"


def test_crash_loop_restarts_wait_0_10_20_40_to_300_seconds(one):
    one.apply(pod(containers=[shell("exit 1")]))
    one.run(seconds=1500)
    started = times(one, "Started")
    gaps = [round(b - a) for a, b in pairwise(started)]
    assert gaps[0] <= 1, "at once, when the relist has found it"
    assert gaps[1:] == [10, 20, 40, 80, 160, 300, 300, 300]
    assert status_of(one) == ["CrashLoopBackOff"]
    state = container_status(one)
    assert state.restart_count == len(started) - 1
    assert state.state.waiting.message.startswith("back-off 5m0s restarting failed container=main")
    assert state.last_state.terminated.exit_code == 1


def test_the_back_off_is_forgotten_after_ten_quiet_minutes(one):
    one.behaviours.set("course/slow-crash", runs_for=700, exit_code=1)
    one.apply(pod(containers=[container(image="course/slow-crash")]))
    one.run(seconds=4000)
    started = times(one, "Started")
    gaps = [round(b - a) for a, b in pairwise(started)]
    assert all(700 <= gap <= 702 for gap in gaps), (
        "each crash is the first again, and restarted at once"
    )


def test_nine_quiet_minutes_after_a_restart_are_not_enough_however_long_the_wait_before_it(one):
    """The ten minutes run from the last restart, not from the crash before it."""
    one.behaviours.set("course/slow-crash:v1", runs_for=560, exit_code=1)
    one.apply(pod(containers=[container(image="course/slow-crash:v1")]))
    one.run(seconds=6000)
    waits = [round(b - a - 560) for a, b in pairwise(times(one, "Started"))]
    assert waits[0] <= 1, "at once, when the relist has found it"
    assert waits[1:] == [10, 20, 40, 80, 160, 300, 300]


@pytest.mark.parametrize(
    ("policy", "code", "status", "restarts"),
    [
        ("Never", 0, "Completed", 0),
        ("Never", 1, "Error", 0),
        ("OnFailure", 0, "Completed", 0),
        ("OnFailure", 1, "Error", 3),
        ("Always", 0, "Completed", 3),
    ],
)
def test_restart_policies(one, policy, code, status, restarts):
    one.apply(pod(containers=[shell(f"exit {code}")], restartPolicy=policy))
    one.run(seconds=60)
    assert status_of(one) == [status]
    assert container_status(one).restart_count == restarts


def test_a_container_beyond_its_memory_limit_is_killed(one):
    one.behaviours.set("course/leak", memory=[(0, "10Mi"), (100, "110Mi")])
    limited = container(image="course/leak", resources={"limits": {"memory": "60Mi"}})
    one.apply(pod(containers=[limited], restartPolicy="Never"))
    one.run(seconds=100)
    ended = container_status(one).state.terminated
    assert (ended.exit_code, ended.reason) == (137, "OOMKilled")
    begun, done = times(one, "Started")[0], one.api.get("Pod", "web").status
    assert done.phase == "Failed"
    assert ended.finished_at > ended.started_at
    assert 50 <= one.history.moments[-1].time - begun <= 51


def test_cpu_beyond_the_limit_is_throttled_not_killed(one):
    one.behaviours.set("course/busy", cpu="900m")
    limited = container(image="course/busy", resources={"limits": {"cpu": "300m"}})
    one.apply(pod(containers=[limited]))
    one.run(seconds=100)
    current = next(iter(one.runtimes["node-1"].containers.values()))
    assert current.cpu_seconds() == pytest.approx(0.3 * current.time.age)
    # Of each second it wants 0.9 s of CPU and gets 0.3: two more seconds would be needed.
    assert current.throttled_seconds() == pytest.approx(2 * current.time.age)
    assert current.cgroup()["cpu.max"] == "30000 100000"
    assert status_of(one) == ["Running"]


def start_order(cluster: Cluster) -> list[str]:
    """The containers of the only Pod, in the order in which the runtime started them."""
    found = cluster.runtimes["node-1"].containers.values()
    return [c.spec.name for c in sorted(found, key=lambda c: c.started_at)]


def test_init_containers_run_one_by_one_before_the_others(one):
    one.apply(pod(initContainers=[shell("sleep 5", name="first"), shell("sleep 5", name="second")]))
    one.run(seconds=4)
    assert status_of(one) == ["Init:0/2"]
    one.run(seconds=5)
    assert status_of(one) == ["Init:1/2"]
    one.run(seconds=20)
    assert status_of(one) == ["Running"]
    assert start_order(one) == ["first", "second", "main"]
    assert list(one.log(reason="Started").MESSAGE) == ["Container started"] * 3


def test_a_failing_init_container_holds_the_pod_back(one):
    one.apply(pod(initContainers=[shell("exit 1", name="setup")]))
    one.run(seconds=30)
    assert status_of(one) == ["Init:Error"]
    one.apply(pod("once", initContainers=[shell("exit 1", name="setup")], restartPolicy="Never"))
    one.run(seconds=30)
    assert one.api.get("Pod", "once").status.phase == "Failed"


def test_a_sidecar_stops_when_an_init_container_fails_for_good(one):
    sidecar = container("proxy", "course/proxy", restartPolicy="Always")
    failing = shell("exit 2") | {"name": "migrate"}
    one.apply(pod(initContainers=[sidecar, failing], restartPolicy="Never"))
    one.run_until(lambda: len(one.log(reason="Killing")) > 0, timeout=30)
    assert one.document("pod", "web")["status"]["phase"] == "Pending"
    one.run(seconds=60)
    status = one.document("pod", "web")["status"]
    assert status["phase"] == "Failed"
    assert all("terminated" in each["state"] for each in status["initContainerStatuses"])
    assert list(one.log(reason="Killing").MESSAGE) == ["Stopping container proxy"]


def test_a_sidecar_starts_first_stays_and_does_not_keep_a_finished_pod_alive(one):
    sidecar = container("proxy", "course/proxy", restartPolicy="Always")
    one.apply(pod(containers=[shell("sleep 20")], initContainers=[sidecar], restartPolicy="Never"))
    one.run(seconds=10)
    assert list(one.get("pods").READY) == ["2/2"]
    one.run(seconds=60)
    assert status_of(one) == ["Completed"]
    assert start_order(one) == ["proxy", "main"]


def test_readiness_follows_the_probe_and_nothing_is_restarted(one):
    one.behaviours.set("nginx", startup=10, hangs_after=60)
    probe = WEB | {"periodSeconds": 2, "failureThreshold": 3}
    one.apply([pod(containers=[container(readinessProbe=probe)]), service()])
    one.run(seconds=8)
    assert list(one.get("pods").READY) == ["0/1"]
    one.run(seconds=10)
    assert list(one.get("pods").READY) == ["1/1"]
    one.run(seconds=60)
    assert list(one.get("pods").READY) == ["0/1"]
    assert container_status(one).restart_count == 0
    assert one.get("endpoints").ENDPOINTS[0] == ""  # a subset without ready addresses


def test_liveness_restarts_a_container_that_hangs(one):
    one.behaviours.set("nginx", hangs_after=60)
    probe = WEB | {"periodSeconds": 5, "failureThreshold": 2}
    one.apply(pod(containers=[container(livenessProbe=probe)]))
    one.run(seconds=60)
    assert container_status(one).restart_count == 0
    one.run(seconds=30)
    assert container_status(one).restart_count == 1
    killing = list(one.log(reason="Killing").MESSAGE)
    assert killing == ["Container main failed liveness probe, will be restarted"]


def test_a_startup_probe_holds_the_others_back(one):
    one.behaviours.set("nginx", startup=50)
    liveness = WEB | {"periodSeconds": 5, "failureThreshold": 1}
    startup = WEB | {"periodSeconds": 10, "failureThreshold": 10}
    one.apply(pod(containers=[container(livenessProbe=liveness, startupProbe=startup)]))
    one.run(seconds=120)
    assert container_status(one).restart_count == 0
    one.apply(pod("hasty", [container(livenessProbe=liveness)]))
    one.run(seconds=60)
    assert container_status(one, "hasty").restart_count > 0


def test_probe_failures_are_told_in_the_kubelets_words(one):
    one.behaviours.set("nginx", startup=5)
    one.apply(pod(containers=[container(readinessProbe=WEB)]))
    one.run(seconds=4)
    address = one.api.get("Pod", "web").status.pod_ip
    assert one.log(reason="Unhealthy").MESSAGE[0] == (
        f'Readiness probe failed: Get "http://{address}:80/": '
        f"dial tcp {address}:80: connect: connection refused"
    )


def test_a_missing_image_is_tried_again_ever_more_slowly(one):
    one.apply(pod(containers=[container(image="registry.invalid/web:v1")]))
    one.run(seconds=400)
    pulls = times(one, "Pulling")
    gaps = [round(b - a) for a, b in pairwise(pulls)]
    looks = [13, 25, 50, 88]  # the kubelet looks again every 12.5 s: 10, 20, 40, 80 are over
    assert gaps[:4] == pytest.approx(looks, abs=1)
    assert status_of(one) == ["ImagePullBackOff"]
    assert "no such host" in one.log(reason="Failed").MESSAGE[0]


@pytest.mark.parametrize(
    ("image", "policy", "status"),
    [("nginx:1.27", "Never", "ErrImageNeverPull"), ("NGINX:1", "Always", "InvalidImageName")],
)
def test_images_that_cannot_even_be_asked_for(one, image, policy, status):
    one.apply(pod(containers=[container(image=image, imagePullPolicy=policy)]))
    one.run(seconds=20)
    assert status_of(one) == [status]


def test_a_missing_secret_of_the_environment_and_its_arrival(one):
    reference = {"secretKeyRef": {"name": "db", "key": "password"}}
    wants = container(env=[{"name": "PASSWORD", "valueFrom": reference}])
    one.apply(pod(containers=[wants]))
    one.run(seconds=20)
    assert status_of(one) == ["CreateContainerConfigError"]
    assert container_status(one).state.waiting.message == 'secret "db" not found'
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}}
    one.apply(secret | {"stringData": {"user": "root"}})
    one.run(seconds=20)
    assert container_status(one).state.waiting.message == (
        "couldn't find key password in Secret default/db"
    )
    one.apply(secret | {"stringData": {"user": "root", "password": "x"}})
    one.run(seconds=20)
    assert status_of(one) == ["Running"]


@pytest.mark.parametrize(("grace", "took"), [(None, 30), (5, 5), (0, 0)])
def test_a_program_that_does_not_listen_is_killed_after_its_grace_period(one, grace, took):
    one.apply(pod(containers=[shell("sleep 3600")]))
    one.run(seconds=20)
    asked = one.now
    one.delete("pod", "web", grace_period=grace)
    one.run_until(lambda: one.api.find("Pod", "web") is None, timeout=60)
    assert one.now - asked == pytest.approx(took, abs=0.1)


def test_a_program_that_listens_ends_early_and_a_pre_stop_hook_comes_first(one):
    hook = {"lifecycle": {"preStop": {"sleep": {"seconds": 7}}}}
    one.apply([pod("a"), pod("b", [container(**hook)])])
    one.run(seconds=20)
    for name, took in (("a", 1), ("b", 8)):
        asked = one.now
        one.delete("pod", name)
        one.run_until(lambda name=name: one.api.find("Pod", name) is None, timeout=60)
        assert one.now - asked == pytest.approx(took, abs=0.1)


def test_quality_of_service_classes(one):
    both = {"cpu": "100m", "memory": "64Mi"}
    one.apply(
        [
            pod("a", [container(resources={"limits": both})]),
            pod("b", [container(resources={"requests": {"cpu": "100m"}})]),
            pod("c"),
        ]
    )
    one.run(seconds=10)
    classes = {p.name: p.status.qos_class for p in one.api.list("Pod")}
    assert classes == {"a": "Guaranteed", "b": "Burstable", "c": "BestEffort"}


def test_under_memory_pressure_who_exceeds_its_request_goes_first(one):
    one.behaviours.set("course/hog", memory=[(0, "1Gi"), (60, "1Gi"), (120, "7Gi")])
    one.behaviours.set("course/good", memory="1500Mi")
    request = {"resources": {"requests": {"memory": "1600Mi"}}}
    one.apply(
        [
            pod("hog", [container(image="course/hog")]),
            pod("good", [container(image="course/good", **request)]),
        ]
    )
    one.run(seconds=200)
    view = one.api.get("Pod", "hog")
    assert (view.status.phase, view.status.reason) == ("Failed", "Evicted")
    assert view.status.message.startswith("The node was low on resource: memory.")
    assert status_of(one, selector="app=good") == ["Running"]
    taints = {t.key for t in one.api.get("Node", "node-1").spec.taints}
    assert "node.kubernetes.io/memory-pressure" in taints
    one.run(seconds=400)
    assert not one.api.get("Node", "node-1").spec.taints


def test_a_pod_that_was_bound_by_hand_counts_as_scheduled(one):
    one.apply(pod(nodeName="node-1"))
    one.run(seconds=20)
    stated = {each.type: each.status for each in one.api.get("Pod", "web").status.conditions}
    assert stated["PodScheduled"] == stated["Ready"] == "True"


def test_a_lease_is_owned_by_its_node(one):
    lease = one.api.get("Lease", "node-1", "kube-node-lease")
    [owner] = lease.metadata.owner_references
    assert (owner.kind, owner.uid) == ("Node", one.api.get("Node", "node-1").uid)
    assert owner.controller is not True


def test_what_does_not_fit_is_refused_even_if_it_was_bound_by_hand(one):
    big = container(resources={"requests": {"cpu": "5"}})
    one.apply(pod(containers=[big], nodeName="node-1"))
    one.run(seconds=5)
    view = one.api.get("Pod", "web")
    assert (view.status.phase, view.status.reason) == ("Failed", "OutOfcpu")
    assert "requested: 5000, used: 0, capacity: 4000" in view.status.message


@pytest.mark.parametrize("offset", [0.0, 0.1, 0.042, 100.04])
def test_an_active_deadline_ends_the_pod(one, offset):
    """Whenever it began: sums of fractions of a second are not exact."""
    one.run(seconds=offset)
    one.apply(pod(activeDeadlineSeconds=15))
    one.run(seconds=30)
    view = one.api.get("Pod", "web")
    assert (view.status.phase, view.status.reason) == ("Failed", "DeadlineExceeded")


def test_after_a_power_loss_the_pods_of_a_node_start_again(one):
    one.apply(pod())
    one.run(seconds=20)
    one.kill_node("node-1")
    one.run(seconds=20)
    one.restore_node("node-1")
    one.run(seconds=20)
    assert status_of(one) == ["Running"]
    assert container_status(one).restart_count == 1


def test_what_was_deleted_while_its_node_was_dark_goes_when_it_comes_back():
    cluster = Cluster(nodes=2)
    cluster.apply(pod(nodeName="node-1"))
    cluster.run(seconds=20)
    cluster.kill_node("node-1")
    cluster.run(seconds=400)
    assert status_of(cluster) == ["Terminating"]
    cluster.restore_node("node-1")
    cluster.run(seconds=20)
    assert len(cluster.get("pods")) == 0
    assert cluster.get("nodes").STATUS[0] == "Ready"


def test_addresses_are_unique_while_in_use_and_host_network_shares_the_nodes(one):
    one.apply([pod(f"p{i}") for i in range(40)] + [pod("host", hostNetwork=True)])
    one.run(seconds=60)
    found = one.get("pods", wide=True)
    assert len(set(found.IP)) == 41
    assert found[found.NAME == "host"].IP.iloc[0] == one.kubelets["node-1"].machine.address


def test_events_of_a_container_name_its_field(one):
    sidecar = container("proxy", restartPolicy="Always")
    one.apply(pod("web", [container("main")], initContainers=[sidecar]))
    one.run(30)
    events = [
        each for each in one.api.list("Event", "default") if each.involved_object.name == "web"
    ]
    fields = {each.reason: each.involved_object.field_path for each in events[:4]}
    assert fields == {
        "Scheduled": "",
        "Pulling": "spec.initContainers{proxy}",
        "Pulled": "spec.initContainers{proxy}",
        "Created": "spec.initContainers{proxy}",
    }
    assert events[-1].involved_object.field_path == "spec.containers{main}"
