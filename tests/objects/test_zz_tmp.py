"""Manifests mutated from real ones are applied or refused with a CourseError, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from course_lib.objects.manifests import read_manifests
from tests.conftest import ROOT, job, pod, service, workload
from tests.manifests.test_real_manifests import FILES

SEEDS: list[dict] = [d for file in [ROOT / "data/web.yaml", *FILES] for d in read_manifests(file)]
SEEDS += [pod(), service(), job(), workload("StatefulSet"), workload("DaemonSet")]
SEEDS += read_manifests(
    """
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "*/5 * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{name: main, image: busybox, command: [date]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front}
spec:
  rules:
    - host: a.example
      http:
        paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]
---
apiVersion: v1
kind: LimitRange
metadata: {name: bounds}
spec: {limits: [{type: Container, default: {cpu: 500m}, max: {memory: 1Gi}}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {pods: "10", requests.cpu: "4"}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: budget}
spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /x}}
---
apiVersion: v1
kind: Secret
metadata: {name: secret}
stringData: {password: hunter2}
"""
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["", "100m", "1Gi", "25%", "Always", "a.b/c", "-1", "1e99", "x" * 300, "None"]),
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


TEXTS = ["", "a", "A b", "100m", "1Gi", "25%", "Always", "a.b/c", "-1", "x" * 300, "None", "*", "0"]
NUMBERS = [0, 1, -1, 80, 65536, 2**31, 2**63]


def like(value: Any) -> st.SearchStrategy:
    """Something of the same type: past the type check, and into the rules."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return st.sampled_from(NUMBERS)
    if isinstance(value, str):
        return st.sampled_from(TEXTS)
    return st.just([]) if isinstance(value, list) else st.just({})


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The paths of everything inside a document."""
    found = [path] if path else []
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in items:
        found += places(item, (*path, key))
    return found


@st.composite
def mutated(draw: st.DrawFn) -> dict:
    document = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 2))):
        paths = [path for path in places(document) if len(path) > 1]
        if not paths:
            break
        path = draw(st.sampled_from(paths))
        place = document
        for step in path[:-1]:
            place = place[step]
        action = draw(st.sampled_from(["like", "like", "like", "set", "drop", "add", "copy"]))
        if action == "drop":
            del place[path[-1]]
        elif action == "like":
            place[path[-1]] = draw(like(place[path[-1]]))
        elif action == "copy":
            place[path[-1]] = copy.deepcopy(draw(st.sampled_from(SEEDS)))
        elif action == "add" and isinstance(place, dict):
            place[draw(st.text(max_size=8))] = draw(anything)
        else:
            place[path[-1]] = draw(anything)
    return document


@settings(max_examples=12000)
@given(mutated())
def test_a_mutated_manifest_is_applied_or_refused(document):
    cluster = Cluster(nodes=1)
    before = cluster.api.store.revision
    try:
        cluster.apply(document)
    except CourseError as problem:
        assert str(problem)
        assert cluster.api.store.revision == before


@settings(max_examples=2500)
@given(mutated(), mutated())
def test_a_second_apply_over_the_first_is_applied_or_refused_and_the_cluster_runs_on(first, second):
    cluster = Cluster(nodes=2)
    for document in (first, second):
        try:
            cluster.apply(document)
        except CourseError as problem:
            assert str(problem)
        cluster.run(seconds=5)
    for kind in ("pods", "deployments", "statefulsets", "services", "jobs", "pvc", "events"):
        cluster.get(kind)


@settings(max_examples=300)
@given(
    st.text(max_size=60) | st.sampled_from(["- a\n- b", "a: b: c", "!!python/object:x {}", "\0"])
)
def test_any_text_is_applied_or_refused(text):
    try:
        Cluster(nodes=0).apply(text + "\n")
    except CourseError as problem:
        assert str(problem)
