"""What an update may change in a Pod, and how a refusal shows the change."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.objects.field_errors import FieldError, InvalidObject
from tests.conftest import container, pod

RESOURCES = {"limits": {"cpu": "200m"}, "requests": {"cpu": "100m"}}


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(nodes=0)


def made(cluster: Cluster, **spec: object) -> dict:
    spec.setdefault("containers", [container(resources=RESOURCES)])
    cluster.api.server.create(pod(**spec))
    return cluster.api.server.document("Pod", "web", "default")


def errors(cluster: Cluster, patch: dict, part: str = "") -> list[FieldError]:
    """What is wrong with a patch; nothing where it is accepted."""
    try:
        cluster.api.server.patch("Pod", "web", "default", patch, part)
    except InvalidObject as refusal:
        return refusal.errors
    return []


def first(cluster: Cluster, patch: dict, part: str = "") -> str:
    return str(errors(cluster, patch, part)[0])


def with_container(document: dict, **fields: object) -> dict:
    return {"spec": {"containers": [document["spec"]["containers"][0] | fields]}}


def test_a_refused_change_is_shown_line_by_line(cluster):
    made(cluster)
    told = first(cluster, {"spec": {"restartPolicy": "Never"}})
    assert told.startswith("spec: Forbidden: pod updates may not change fields other than ")
    assert told.endswith(
        '  "EphemeralContainers": null,\n'
        '- "RestartPolicy": "Always",\n+ "RestartPolicy": "Never",\n'
        '  "TerminationGracePeriodSeconds": 30,\n  "ActiveDeadlineSeconds": null,\n'
        '  "DNSPolicy": "ClusterFirst",\n'
    )


def test_a_priority_that_an_update_leaves_out_stays(cluster):
    document = made(cluster)
    for field in ("priority", "preemptionPolicy"):
        del document["spec"][field]
    cluster.api.server.update(document)
    kept = cluster.api.server.document("Pod", "web", "default")["spec"]
    assert (kept["priority"], kept["preemptionPolicy"]) == (0, "PreemptLowerPriority")


def test_images_change_and_containers_stay(cluster):
    document = made(cluster)
    assert errors(cluster, with_container(document, image="nginx:1.28")) == []
    two = document["spec"]["containers"] + [container("b")]
    rule = "spec.containers: Forbidden: pod updates may not add or remove containers"
    assert first(cluster, {"spec": {"containers": two}}) == rule


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, 100, ""),
        (100, 99, ""),
        (100, 100, ""),
        (100, 101, "must be less than or equal to previous value"),
        (100, None, "must not update from a positive integer to nil value"),
    ],
)
def test_a_deadline_only_comes_closer(cluster, before, after, words):
    made(cluster, **({} if before is None else {"activeDeadlineSeconds": before}))
    found = errors(cluster, {"spec": {"activeDeadlineSeconds": after}})
    assert [error.detail for error in found[:1]] == [words][: bool(words)]


def test_a_gated_pod_gets_more_of_a_node_selector_and_nothing_else(cluster):
    made(cluster, schedulingGates=[{"name": "a.b/c"}], nodeSelector={"disk": "ssd"})
    assert errors(cluster, {"spec": {"nodeSelector": {"zone": "a"}}}) == []
    assert first(cluster, {"spec": {"nodeSelector": {"disk": "hdd"}}}) == (
        'spec.nodeSelector: Invalid value: {"disk":"hdd","zone":"a"}: only additions to '
        "spec.nodeSelector are allowed (no mutations or deletions)"
    )
    assert first(cluster, {"spec": {"schedulingGates": [{"name": "a.b/d"}]}}) == (
        "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new "
        "scheduling gate 'a.b/d'"
    )


def required(*keys: str) -> dict:
    terms = [{"matchExpressions": [{"key": key, "operator": "Exists"} for key in keys]}]
    needs = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {"affinity": {"nodeAffinity": needs}}


TERMS = (
    "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, required("zone"), ""),
        (required("zone"), required("zone", "rack"), ""),
        (required("zone"), required("rack"), f"{TERMS}[0]: Invalid value: {{"),
        (required("zone"), {"affinity": None}, f"{TERMS}: Invalid value: null: no additions"),
        ({}, {"affinity": {"podAffinity": {}}}, "spec: Forbidden: pod updates may not change"),
    ],
)
def test_a_gated_pod_gets_more_of_a_node_affinity(cluster, before, after, words):
    made(cluster, schedulingGates=[{"name": "a.b/c"}], **before)
    told = [str(error) for error in errors(cluster, {"spec": after})]
    assert told[0].startswith(words) if words else told == []


def test_tolerations_come_and_may_last_longer(cluster):
    toleration = {"key": "a", "operator": "Exists", "effect": "NoExecute"}
    made(cluster, tolerations=[toleration | {"tolerationSeconds": 5}])
    longer = [toleration | {"tolerationSeconds": 9}]
    tolerations = cluster.api.server.document("Pod", "web", "default")["spec"]["tolerations"]
    rest = [each for each in tolerations if each["key"] != "a"]
    assert errors(cluster, {"spec": {"tolerations": longer + rest}}) == []
    rule = "existing toleration can not be modified except its tolerationSeconds"
    found = first(cluster, {"spec": {"tolerations": rest}})
    assert found == f"spec.tolerations: Forbidden: {rule}"


def test_resources_change_in_place_and_nothing_else_does(cluster):
    document = made(cluster)
    resources = {"limits": {"cpu": "300m"}, "requests": {"cpu": "150m"}}
    patch = with_container(document, resources=resources, image="nginx:1.28")
    assert errors(cluster, patch, "resize") == []
    resized = cluster.api.server.document("Pod", "web", "default")
    assert resized["spec"]["containers"][0]["resources"] == resources
    assert resized["spec"]["containers"][0]["image"] == document["spec"]["containers"][0]["image"]
    assert resized["metadata"]["generation"] == 2


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        (
            {"limits": {"cpu": "200m"}, "requests": {"cpu": "300m"}},
            'spec.containers[0].resources.requests: Invalid value: "300m": must be less than or '
            "equal to cpu limit of 200m",
        ),
        (
            {"requests": {"cpu": "100m"}},
            "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed",
        ),
        (
            {
                "limits": {"cpu": "200m", "ephemeral-storage": "1Gi"},
                "requests": {"cpu": "100m", "ephemeral-storage": "1Gi"},
            },
            "spec: Forbidden: only cpu and memory resources are mutable",
        ),
        (
            {
                "limits": {"cpu": "200m", "memory": "1Gi"},
                "requests": {"cpu": "200m", "memory": "1Gi"},
            },
            'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of '
            "resizing",
        ),
    ],
)
def test_a_resize_is_refused_in_the_words_of_the_api_server(cluster, resources, words):
    document = made(cluster)
    whole = [document["spec"]["containers"][0] | {"resources": resources}]
    assert first(cluster, {"spec": {"containers": whole}}, "resize") == words


def test_ephemeral_containers_come_and_stay_as_they_are(cluster):
    made(cluster)
    shell = {"name": "shell", "image": "busybox:1.36", "targetContainerName": "web"}
    name = cluster.api.server.document("Pod", "web", "default")["spec"]["containers"][0]["name"]
    shell["targetContainerName"] = name
    part = "ephemeralcontainers"
    assert errors(cluster, {"spec": {"ephemeralContainers": [shell]}}, part) == []
    assert first(cluster, {"spec": {"ephemeralContainers": []}}, part) == (
        'spec.ephemeralContainers: Forbidden: existing ephemeral containers "shell" may not be '
        "removed\n"
    )
    changed = first(cluster, {"spec": {"ephemeralContainers": [shell | {"image": "b"}]}}, part)
    assert '- "Image": "busybox:1.36",\n+ "Image": "b",\n' in changed
    taken = [shell, {"name": name, "image": "b"}]
    assert first(cluster, {"spec": {"ephemeralContainers": taken}}, part) == (
        f'spec.ephemeralContainers[1].name: Duplicate value: "{name}"'
    )


def test_the_class_of_service_is_immutable_and_conditions_have_names(cluster):
    made(cluster)
    rule = 'status.qosClass: Invalid value: "Guaranteed": field is immutable'
    assert first(cluster, {"status": {"qosClass": "Guaranteed"}}, "status") == rule
    named = {"type": "a b", "status": "True"}
    told = first(cluster, {"status": {"conditions": [named]}}, "status")
    assert told.startswith('status.conditions[0].Type: Invalid value: "a b": name part must')


@pytest.mark.parametrize(
    ("policy", "code", "allowed"),
    [("Always", 0, True), ("OnFailure", 1, True), ("OnFailure", 0, False), ("Never", 1, False)],
)
def test_what_has_ended_for_good_stays_so(cluster, policy, code, allowed):
    name = made(cluster, restartPolicy=policy)["spec"]["containers"][0]["name"]

    def told(state: dict) -> list[FieldError]:
        status = {"name": name, "image": "i", "imageID": "", "ready": False, "restartCount": 0}
        return errors(
            cluster, {"status": {"containerStatuses": [status | {"state": state}]}}, "status"
        )

    assert told({"terminated": {"exitCode": code}}) == []
    found = told({"running": {"startedAt": "2026-01-01T00:00:00Z"}})
    rule = "status.containerStatuses[0].state: Forbidden: may not be transitioned to "
    assert [str(error) for error in found] == [f"{rule}non-terminated state"] * (not allowed)
