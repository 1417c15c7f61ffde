"""The scheduler in a cluster: its queue, its messages, preemption."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from tests.conftest import container, pod, reasons, status_of, workload


def asking(name: str, cpu: str, **spec: object) -> dict:
    return pod(name, [container(resources={"requests": {"cpu": cpu}})], **spec)


def node_of(cluster: Cluster, name: str) -> str:
    return cluster.api.get("Pod", name).spec.node_name


def priority(name: str, value: int, **more: object) -> dict:
    head = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass"}
    return head | {"metadata": {"name": name}, "value": value, **more}


@pytest.fixture
def ranked() -> Cluster:
    cluster = Cluster(nodes=2, cpu="2")
    cluster.apply([priority("high", 1000), priority("low", 1), priority("mid", 100)])
    return cluster


def test_the_message_of_a_pod_that_fits_nowhere(cluster):
    cluster.kubectl("cordon node-1")
    cluster.apply(asking("big", "64"))
    cluster.run(seconds=5)
    assert cluster.log(reason="FailedScheduling").MESSAGE[0] == (
        "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. "
        "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    )
    stated = {c.type: c for c in cluster.api.get("Pod", "big").status.conditions}
    assert stated["PodScheduled"].status == "False"
    assert stated["PodScheduled"].reason == "Unschedulable"


def test_without_nodes_there_is_nothing_to_choose_from():
    cluster = Cluster(nodes=0)
    cluster.apply(pod())
    cluster.run(seconds=5)
    assert list(cluster.log(reason="FailedScheduling").MESSAGE) == [
        "no nodes available to schedule pods"
    ]


def test_a_waiting_pod_is_tried_again_when_a_node_joins_and_not_before(cluster):
    cluster.apply(asking("big", "6"))
    cluster.run(seconds=100)
    assert reasons(cluster, "Pod/big") == ["FailedScheduling"]
    cluster.add_node(cpu="8")
    cluster.run(seconds=20)
    assert node_of(cluster, "big") == "node-4"


def test_a_waiting_pod_is_tried_again_when_another_one_leaves():
    cluster = Cluster(nodes=1, cpu="2")
    cluster.apply(asking("first", "2"))
    cluster.run(seconds=10)
    cluster.apply(asking("second", "2"))
    cluster.run(seconds=10)
    assert status_of(cluster) == ["Running", "Pending"]
    cluster.delete("pod", "first")
    cluster.run(seconds=10)
    assert status_of(cluster) == ["Running"]


def test_nothing_helps_a_pod_after_five_minutes_it_is_tried_all_the_same(cluster):
    cluster.apply(asking("big", "64"))
    cluster.run(seconds=299)
    assert len(reasons(cluster, "Pod/big")) == 1
    cluster.run(seconds=2)
    assert len(reasons(cluster, "Pod/big")) == 2


def test_more_important_pods_are_scheduled_first(ranked):
    for node in ("node-1", "node-2"):
        ranked.kubectl(f"cordon {node}")
    ranked.apply(
        [asking("a", "1", priorityClassName="low"), asking("b", "1", priorityClassName="high")]
    )
    ranked.run(seconds=20)
    ranked.kubectl("uncordon node-1")
    ranked.run(seconds=20)
    scheduled = list(ranked.log(reason="Scheduled").OBJECT)
    assert scheduled == ["Pod/b", "Pod/a"]


def test_another_schedulers_pods_and_gated_pods_are_left_alone(cluster):
    cluster.apply(
        [pod("theirs", schedulerName="theirs"), pod("gated", schedulingGates=[{"name": "g"}])]
    )
    cluster.run(seconds=30)
    assert status_of(cluster) == ["SchedulingGated", "Pending"]
    assert not len(cluster.log(reason="Schedul"))
    document = cluster.document("pod", "gated")
    document["spec"]["schedulingGates"] = []
    cluster.api.update(document)
    cluster.run(seconds=30)
    assert node_of(cluster, "gated")


def test_a_more_important_pod_takes_the_place_of_a_less_important_one(ranked):
    ranked.apply([asking(f"low-{i}", "2", priorityClassName="low") for i in range(2)])
    ranked.run(seconds=20)
    ranked.apply(asking("vip", "1500m", priorityClassName="high"))
    ranked.run(seconds=0.5)
    victim = next(p.name for p in ranked.api.list("Pod") if p.terminating)
    nominated = ranked.api.get("Pod", "vip").status.nominated_node_name
    assert nominated == node_of(ranked, victim)
    place = f"a potential placement for pod on node {nominated}, preempting 1 victims"
    assert ranked.log(reason="FailedScheduling").MESSAGE[0].endswith(f"preemption: found {place}")
    ranked.run(seconds=60)
    assert node_of(ranked, "vip") == nominated
    assert ranked.api.find("Pod", victim) is None
    uid = ranked.api.get("Pod", "vip").uid
    assert list(ranked.log(reason="Preempted").MESSAGE) == [
        f"Preempted by pod {uid} on node {nominated}"
    ]


def test_where_evicting_all_less_important_pods_is_not_enough_the_filters_reason_is_told(ranked):
    ranked.apply(asking("low", "500m", priorityClassName="low"))
    ranked.apply([asking(f"top-{i}", "1", priorityClassName="high") for i in range(3)])
    ranked.run(seconds=20)
    ranked.apply(asking("vip", "2", priorityClassName="high"))
    ranked.run(seconds=20)
    message = ranked.log(reason="FailedScheduling", object="Pod/vip").MESSAGE.iloc[-1]
    assert "preemption: 0/2 nodes are available:" in message
    assert "Insufficient cpu" in message.partition("preemption:")[2]


def test_the_node_with_the_least_important_victims_is_chosen(ranked):
    ranked.apply(
        [asking("mid", "2", priorityClassName="mid"), asking("low", "2", priorityClassName="low")]
    )
    ranked.run(seconds=20)
    low = node_of(ranked, "low")
    ranked.apply(asking("vip", "1", priorityClassName="high"))
    ranked.run(seconds=60)
    assert node_of(ranked, "vip") == low


def test_as_many_victims_as_possible_are_spared_the_most_important_first():
    cluster = Cluster(nodes=1, cpu="4")
    cluster.apply([priority("high", 1000), priority("mid", 100), priority("low", 1)])
    cluster.apply(
        [
            asking("low-1", "1", priorityClassName="low"),
            asking("low-2", "1", priorityClassName="low"),
            asking("mid-1", "2", priorityClassName="mid"),
        ]
    )
    cluster.run(seconds=20)
    cluster.apply(asking("vip", "1", priorityClassName="high"))
    cluster.run(seconds=60)
    names = set(cluster.get("pods").NAME)
    assert "mid-1" in names
    assert len(names & {"low-1", "low-2"}) == 1


def test_budgets_are_honoured_where_another_node_will_do(ranked):
    ranked.apply(
        [
            asking("guarded", "2", priorityClassName="low"),
            asking("plain", "2", priorityClassName="low"),
        ]
    )
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"}}
    selector = {"matchLabels": {"app": "guarded"}}
    ranked.apply(budget | {"spec": {"minAvailable": 1, "selector": selector}})
    ranked.run(seconds=20)
    ranked.apply(asking("vip", "2", priorityClassName="high"))
    ranked.run(seconds=60)
    assert set(ranked.get("pods").NAME) == {"guarded", "vip"}


def test_who_may_not_preempt_waits(ranked):
    ranked.apply([asking(f"low-{i}", "2", priorityClassName="low") for i in range(2)])
    ranked.run(seconds=20)
    ranked.apply(priority("polite", 1000, preemptionPolicy="Never"))
    ranked.apply(asking("vip", "2", priorityClassName="polite"))
    ranked.run(seconds=20)
    message = ranked.log(reason="FailedScheduling").MESSAGE.iloc[-1]
    assert message.endswith("preemption: not eligible due to preemptionPolicy=Never.")
    assert len(ranked.get("pods")) == 3


def test_a_missing_claim_is_named(cluster):
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "none"}}
    cluster.apply(pod(volumes=[volume]))
    cluster.run(seconds=5)
    assert (
        cluster.log(reason="FailedScheduling")
        .MESSAGE[0]
        .startswith('0/3 nodes are available: persistentvolumeclaim "none" not found.')
    )


def test_no_node_is_ever_given_more_than_it_has():
    cluster = Cluster(nodes=5, cpu="3")
    cluster.apply(
        [
            workload(
                name=f"w{i}",
                replicas=7,
                containers=[container(resources={"requests": {"cpu": cpu}})],
            )
            for i, cpu in enumerate(("300m", "700m", "1100m"))
        ]
    )
    cluster.run(seconds=60)
    nodes = cluster.plane.scheduler.nodes
    assert (nodes.requested["cpu"] <= nodes.allocatable["cpu"]).all()
    assert (nodes.requested["cpu"] > 2000).all()


ZONE = "topology.kubernetes.io/zone"


def zoned(nodes: int = 3, **more: object) -> Cluster:
    return Cluster(nodes=nodes, zones=("a", "b", "c"), **more)


def like(app: str) -> dict:
    return {"labelSelector": {"matchLabels": {"app": app}}}


def test_hard_spread_and_anti_affinity_hold_in_the_whole_cluster():
    cluster = zoned(6)
    rule = {"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "DoNotSchedule"} | like("web")
    apart = [{"topologyKey": "kubernetes.io/hostname"} | like("web")]
    wish = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": apart}}
    spec = {"topologySpreadConstraints": [rule], "affinity": wish}
    cluster.apply(workload(replicas=8, pod_spec=spec))
    cluster.run(seconds=30)
    placed = cluster.get("pods", field_selector="spec.nodeName!=", wide=True).NODE
    assert sorted(placed) == [f"node-{i}" for i in range(1, 7)]
    assert "didn't match pod anti-affinity rules" in cluster.log(reason="Failed").MESSAGE.iloc[-1]


def test_pods_that_want_to_be_together_follow_the_first_one():
    cluster = zoned(6)
    near = [{"topologyKey": ZONE} | like("web")]
    wish = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": near}}
    cluster.apply(workload(replicas=6, pod_spec={"affinity": wish}))
    cluster.run(seconds=30)
    nodes = {int(name[-1]) % 3 for name in cluster.get("pods", wide=True).NODE}
    assert len(nodes) == 1
    assert set(status_of(cluster)) == {"Running"}


def test_preemption_sees_that_evicting_whom_one_shuns_makes_room():
    cluster = Cluster(nodes=1)
    cluster.apply(priority("high", 1000))
    cluster.apply(pod("old"))
    cluster.run(seconds=10)
    shun = [{"topologyKey": "kubernetes.io/hostname"} | like("old")]
    wish = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": shun}}
    cluster.apply(pod("vip", priorityClassName="high", affinity=wish))
    cluster.run(seconds=60)
    assert list(cluster.get("pods").NAME) == ["vip"]
    assert len(cluster.log(reason="Preempted")) == 1


def test_a_local_volume_draws_its_pod_to_its_node():
    cluster = Cluster(nodes=3)
    storage = "storage.k8s.io/v1"
    local = {"provisioner": "kubernetes.io/no-provisioner"}
    local["volumeBindingMode"] = "WaitForFirstConsumer"
    field = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node-3"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [field]}]}
    volume = {"capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce"]}
    volume |= {"storageClassName": "local", "nodeAffinity": {"required": terms}}
    volume["local"] = {"path": "/mnt/disk"}
    wants = {"accessModes": ["ReadWriteOnce"], "storageClassName": "local"}
    wants["resources"] = {"requests": {"storage": "1Gi"}}
    use = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    head = {"apiVersion": "v1"}
    cluster.apply(
        [
            {"apiVersion": storage, "kind": "StorageClass", "metadata": {"name": "local"}} | local,
            head | {"kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": volume},
            head | {"kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": wants},
            pod(volumes=[use]),
        ]
    )
    cluster.run(seconds=60)
    assert node_of(cluster, "web") == "node-3"
    assert status_of(cluster) == ["Running"]
    assert cluster.get("pvc").STATUS[0] == "Bound"


def test_explain_tells_who_refused_what_was_added_and_who_wins(cluster):
    cluster.kubectl("cordon node-1")
    cluster.apply([asking("big", "3", nodeName="node-2"), asking("new", "500m")])
    cluster.run(seconds=10)
    found = cluster.explain("new")
    assert list(found["REFUSED BY"]) == ["NodeUnschedulable", "", ""]
    assert list(found.OUTCOME) == ["", "", "chosen"]
    scores = [name for name in found.columns if "×" in name]
    assert (found[scores].sum(axis=1)[1:] == found.SUM[1:]).all()
    detail = cluster.explain("new", detail=True)
    assert set(detail[detail.VERDICT == "refused"].NODE) == {"node-1"}
    sums = detail[detail.PLUGIN == "(sum)"]
    assert list(sums.WEIGHTED) == list(found.SUM[1:])
    cluster.apply(asking("huge", "64"))
    cluster.run(seconds=5)
    assert set(cluster.explain("huge").REASONS[1:]) == {"Insufficient cpu"}
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "none"}}
    cluster.apply(pod("lost", volumes=[claim]))
    cluster.run(seconds=5)
    assert set(cluster.explain("lost")["REFUSED BY"]) == {"VolumeBinding"}


def test_a_gated_pod_says_so_from_its_creation_on(cluster):
    cluster.apply(pod("gated", schedulingGates=[{"name": "course.example/wait"}]))
    (stated,) = cluster.api.get("Pod", "gated", "default").status.conditions
    assert (stated.type, stated.status, stated.reason) == (
        "PodScheduled",
        "False",
        "SchedulingGated",
    )
    assert stated.message == "Scheduling is blocked due to non-empty scheduling gates"
    assert list(cluster.get("pods").STATUS) == ["SchedulingGated"]
    cluster.api.patch("Pod", "gated", "default", {"spec": {"schedulingGates": None}})
    cluster.run(seconds=10)
    assert status_of(cluster) == ["Running"]


def test_a_pod_that_no_eviction_helps_is_nominated_for_no_node():
    cluster = Cluster(nodes=1)
    cluster.apply([priority("high", 1000), pod("old", nodeName="node-1")])
    cluster.run(seconds=10)
    cluster.apply(asking("vip", "64", priorityClassName="high"))
    waiting = cluster.api.get("Pod", "vip", "default")
    cluster.api.patch_status(waiting, {"nominatedNodeName": "node-1"})
    cluster.run(seconds=10)
    assert cluster.api.get("Pod", "vip", "default").status.nominated_node_name == ""
