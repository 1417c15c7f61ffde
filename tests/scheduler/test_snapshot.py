"""The scheduler's snapshot: after each change it is what a new snapshot would be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from course_lib.objects.decode import decode
from course_lib.objects.kinds import kind_named
from course_lib.objects.selectors import parse_selector
from course_lib.scheduler.census import MOST_QUESTIONS, Census, Question
from course_lib.scheduler.nodes import Nodes
from course_lib.scheduler.pod_info import Group, PodInfo, Shapes
from course_lib.scheduler.profiles import default_framework

IMAGES = [{"names": [f"course/app:{n}"], "sizeBytes": n * 10**8} for n in (1, 3, 9)]
TAINTS = [{"key": "dedicated", "effect": e} for e in ("NoSchedule", "PreferNoSchedule")]
states = st.fixed_dictionaries(
    {
        "cpu": st.sampled_from(["1", "4"]),
        "zone": st.sampled_from(["", "a", "b"]),
        "taints": st.sampled_from([[], TAINTS[:1], TAINTS[1:]]),
        "images": st.sampled_from([[], IMAGES[:1], IMAGES[1:], IMAGES]),
        "cordoned": st.booleans(),
        "beat": st.integers(0, 9),
    }
)


def node(name: str, state: dict):
    labels = {"kubernetes.io/hostname": name}
    if state["zone"]:
        labels["topology.kubernetes.io/zone"] = state["zone"]
    meta = {"name": name, "labels": labels, "resourceVersion": str(state["beat"])}
    given = {"cpu": state["cpu"], "memory": "8Gi", "pods": "110"}
    document = {
        "metadata": meta,
        "spec": {"taints": state["taints"], "unschedulable": state["cordoned"]},
        "status": {"allocatable": given, "images": state["images"]},
    }
    return decode(document, kind_named("Node"))


def asking(name: str, labels: dict | None = None, **spec: object) -> PodInfo:
    main = {"name": "main", "image": "course/app:3", "resources": {"requests": {"cpu": "500m"}}}
    meta = {"name": name, "namespace": "shop", "labels": labels or {}}
    return PodInfo.of(decode({"metadata": meta, "spec": {"containers": [main]} | spec}, POD))


POD = kind_named("Pod")
SPREAD = {
    "maxSkew": 1,
    "topologyKey": "topology.kubernetes.io/zone",
    "whenUnsatisfiable": "DoNotSchedule",
    "labelSelector": {"matchLabels": {"app": "web"}},
}
ASKING = [
    asking("plain"),
    asking("spread", {"app": "web"}, topologySpreadConstraints=[SPREAD]),
    asking("choosy", nodeSelector={"topology.kubernetes.io/zone": "a"}),
    asking("tolerant", tolerations=[{"key": "dedicated", "operator": "Exists"}]),
]


@given(st.lists(states, min_size=1, max_size=5), st.lists(st.tuples(st.integers(0, 4), states)))
def test_a_changed_node_is_judged_as_in_a_new_snapshot(first, changes):
    nodes = Nodes([node(f"n{i}", state) for i, state in enumerate(first)])
    nodes.add(asking("there", {"app": "web"}), "n0")
    framework = default_framework()
    for number, state in changes:
        name = f"n{number % len(first)}"
        nodes.update(node(name, state))
        fresh = Nodes(nodes.views)
        fresh.add(asking("there", {"app": "web"}), "n0")
        for pod in ASKING:
            kept, anew = framework.filter(pod, nodes), framework.filter(pod, fresh)
            assert kept.fits.tolist() == anew.fits.tolist()
            totals = [framework.total(pod, each, anew.fits).tolist() for each in (nodes, fresh)]
            assert totals[0] == totals[1]


def test_a_heartbeat_is_no_change_and_a_taint_is_one():
    state = {"cpu": "1", "zone": "", "taints": [], "images": [], "cordoned": False, "beat": 1}
    nodes = Nodes([node("n0", state)])
    nodes.update(node("n0", state | {"beat": 2}))
    assert nodes.changes == 0
    assert nodes.views[0].metadata.resource_version == "2"
    nodes.update(node("n0", state | {"taints": TAINTS[:1]}))
    assert nodes.changes == 1


def question(number: int) -> Question:
    return Question((Group(parse_selector(f"app=a{number}"), ("shop",)),))


def test_a_question_that_was_dropped_is_counted_out_again():
    census = Census(2, {})
    census.add(asking("p", {"app": "a0"}), 1, +1)
    for number in range(MOST_QUESTIONS + 1):
        census.count(question(number))
    census.add(asking("q", {"app": "a0"}), 0, +1)
    assert census.count(question(0)).tolist() == [1, 1]
    census.add(asking("q", {"app": "a0"}), 0, -1)
    assert census.count(question(0)).tolist() == [0, 1]


def test_when_the_last_pod_of_a_kind_has_gone_the_next_one_still_counts():
    census = Census(1, {})
    pod = asking("p", {"app": "a0"})
    counts = census.count(question(0))
    for _ in range(2):
        census.add(pod, 0, +1)
        assert counts.tolist() == [1]
        census.add(pod, 0, -1)
        assert counts.tolist() == [0]


def test_pods_of_one_shape_share_what_is_worked_out():
    shapes = Shapes()
    first, second, other = (
        shapes.info(asking(name, labels).pod)
        for name, labels in (("a", {"app": "web"}), ("b", {"app": "web"}), ("c", {"app": "db"}))
    )
    assert first.requests is second.requests
    assert (first.key, second.key) == ("shop/a", "shop/b")
    assert other.shape != first.shape
    for info in (first, second, other):
        anew = PodInfo.of(info.pod)
        assert [getattr(info, f) for f in info.__struct_fields__] == [
            getattr(anew, f) for f in anew.__struct_fields__
        ]
