"""Manifests mutated from real ones are applied or refused with a CourseError, and nothing else."""

from __future__ import annotations

import copy
import types
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from course_lib.objects.decode import _fields, _taken_apart
from course_lib.objects.kinds import kind_of
from course_lib.objects.manifests import read_manifests
from course_lib.objects.quantity import Quantity
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


@pytest.mark.long
@settings(max_examples=1500)
@given(mutated())
def test_a_mutated_manifest_is_applied_or_refused(document):
    cluster = Cluster(nodes=1)
    before = cluster.api.server.store.revision
    try:
        cluster.apply(document)
    except CourseError as problem:
        assert str(problem)
        assert cluster.api.server.store.revision == before


@settings(max_examples=200)
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


SCHEDULED = [d for d in SEEDS if d["kind"] not in ("PersistentVolume", "LimitRange")]


@st.composite
def hostile(draw: st.DrawFn) -> dict:
    """A manifest that is right but for one to three fields, set to hostile values of their type.

    Fields are those of the views: also such as the manifest does not have.
    """
    document = copy.deepcopy(draw(st.sampled_from(SCHEDULED)))
    for _ in range(draw(st.integers(1, 3))):
        spots = list(structs(document, kind_of(document["apiVersion"], document["kind"]).type))
        place, shape = draw(st.sampled_from(spots))
        fields = _fields(shape)
        name = draw(st.sampled_from(sorted(set(fields) - {"apiVersion", "kind", "status"})))
        place[name] = draw(typed(fields[name]))
    return document


def structs(value: Any, shape: Any) -> Iterator[tuple[dict, type[msgspec.Struct]]]:
    """The mappings of a document, each with the class of its view."""
    shape, _, inside = _taken_apart(shape)
    if isinstance(value, list):
        for item in value:
            yield from structs(item, (inside or (Any,))[0])
    elif isinstance(value, dict) and isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        yield value, shape
        for name, inner in _fields(shape).items():
            if name in value and name != "status":
                yield from structs(value[name], inner)


def typed(shape: Any, depth: int = 0) -> st.SearchStrategy:
    """Values of a type, at its edges."""
    shape, origin, inside = _taken_apart(shape)
    if isinstance(shape, types.UnionType):
        return st.one_of(*(typed(part, depth) for part in inside))
    if shape is bool:
        return st.booleans()
    if shape in (int, float):
        return st.sampled_from([0, 1, -1, 7, 80, 65535, 65536, 86401, 2**31 - 1, 2**31, 2**63 - 1])
    if shape is str:
        return st.sampled_from(WORDS)
    if shape is Quantity:
        return st.sampled_from(["0", "-1", "1m", "1e27", "16Ei", "1e9999", "3.7", "100Mi"])
    if origin is list:
        return st.lists(typed(inside[0], depth + 1), max_size=2) if depth < 4 else st.just([])
    if origin is dict:
        return st.dictionaries(st.sampled_from(WORDS), typed(inside[1], depth + 1), max_size=2)
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct) and depth < 4:
        needed = {f.encode_name for f in msgspec.structs.fields(shape) if f.required}
        parts = {name: typed(inner, depth + 1) for name, inner in _fields(shape).items()}
        optional = {k: v for k, v in parts.items() if k not in needed}
        return st.fixed_dictionaries({k: parts[k] for k in sorted(needed)}, optional=optional)
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        return st.just({})
    return st.sampled_from(["3h", 5, {}, {"clientIP": {"timeoutSeconds": "3h"}}, [], True])


WORDS = [
    "", "a", "web", "80", "http", "In", "Is", "hello", "10.0.0.0/8", "10.0.0.1", "25%", "x" * 64,
    "TCP", "app", "cpu", "memory", "Always", "NoExecute", "None", "kubernetes.io/hostname",
    "2026-01-01T00:00:00Z", "ClientIP", "::1", "*", "/", "A b",
]  # fmt: skip


@settings(max_examples=150)
@given(hostile())
def test_a_hostile_but_typed_manifest_is_refused_or_the_cluster_runs_on(document):
    cluster = Cluster(nodes=2)
    cluster.apply([pod("other"), service("other")])
    try:
        cluster.apply(document)
    except CourseError as problem:
        assert str(problem)
    cluster.run(60)  # an error inside a component is raised here: the tests are strict


@settings(max_examples=300)
@given(
    st.text(max_size=60) | st.sampled_from(["- a\n- b", "a: b: c", "!!python/object:x {}", "\0"])
)
def test_any_text_is_applied_or_refused(text):
    try:
        Cluster(nodes=0).apply(text + "\n")
    except CourseError as problem:
        assert str(problem)
