"""What is kept of a StatefulSet's ordinals is what a look at all of its Pods gives."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.controllers.revisions import REVISION_LABEL
from course_lib.controllers.stateful_pods import Ordinals, in_order_of_start
from course_lib.engine import Simulation
from course_lib.objects.kinds.pod import Pod
from course_lib.objects.meta import ObjectMeta
from course_lib.objects.pods import is_available, is_ready
from tests.conftest import workload

NEW, OLD = "web-new", "web-old"


def pod(revision: str) -> Pod:
    meta = ObjectMeta(name="web", labels={REVISION_LABEL: revision})
    return Pod(metadata=meta, spec=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(4))
def test_the_kept_ordinals_are_those_of_a_look_at_all(seed):
    rng, kept = Simulation(seed).random("ordinals"), Ordinals(1, NEW)
    pods: dict[int, tuple[str, bool]] = {}
    for _ in range(300):
        ordinal = rng.randrange(8)
        if rng.random() < 0.3:
            pods.pop(ordinal, None)
            kept.put(ordinal, None, False)
        else:
            revision, sound = pods[ordinal] = rng.choice((NEW, OLD)), rng.random() < 0.7
            kept.put(ordinal, pod(revision), sound)
        assert kept.unsound == sorted(o for o, (_, sound) in pods.items() if not sound)
        for desired in (range(0), range(1), range(7), range(9), range(3, 8), range(5, 5)):
            there = [o for o in sorted(pods) if o in desired]
            missing = [o for o in desired if o not in pods]
            assert kept.first_missing(desired) == (missing[0] if missing else None)
            assert kept.missing(desired) == missing
            assert kept.unsound_in(desired) == [o for o in there if not pods[o][1]]
            old = [o for o in there if pods[o][0] == OLD]
            assert kept.outdated_in(desired) == old[::-1]
            assert kept.surplus(desired) == sorted(pods.keys() - there, reverse=True)


def test_pods_are_made_in_batches_of_which_the_last_one_comes_first():
    assert in_order_of_start(range(5), 5) == [0, 2, 1, 4, 3]
    assert in_order_of_start([4, 1, 2], 8) == [2, 1, 4]


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_the_status_counts_the_pods_that_there_are(policy):
    cluster = Cluster(nodes=3, seed=1)
    more = {"replicas": 4, "podManagementPolicy": policy, "serviceName": "web"}
    cluster.apply(workload("StatefulSet", minReadySeconds=2, **more))
    for act in (
        lambda: None,
        lambda: cluster.kubectl("set image statefulset/web *=nginx:1.28"),
        lambda: cluster.kubectl("scale statefulset/web --replicas=2"),
        lambda: cluster.delete("pod", "web-0"),
        lambda: cluster.kubectl("scale statefulset/web --replicas=5"),
    ):
        act()
        for _ in range(12):
            cluster.run(seconds=5.25)
            status = cluster.api.get("StatefulSet", "web").status
            pods = [each for each in cluster.api.list("Pod") if not each.terminating]
            updated = [p for p in pods if p.labels[REVISION_LABEL] == status.update_revision]
            every = cluster.api.list("Pod")
            assert (status.replicas, status.updated_replicas) == (len(every), len(updated))
            assert status.ready_replicas == sum(map(is_ready, every))
            available = sum(is_available(each, 2, cluster.now) for each in every)
            assert status.available_replicas == available
    assert status.ready_replicas == 5
