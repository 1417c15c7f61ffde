"""A list of one name looks up one object, and finds what a look at all objects finds."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.apiserver import APIServer
from course_lib.engine import Simulation
from course_lib.objects.selectors import EVERYTHING, UnreadableSelector, parse_field_selector


@pytest.mark.parametrize(
    ("namespace", "fields", "expected"),
    [
        ("one", "metadata.name=a", ["one/a"]),
        ("one", "metadata.name=c", []),
        ("", "metadata.name=a", ["one/a", "two/a"]),
        ("one", "metadata.name=a,metadata.namespace=two", []),
        ("one", "metadata.name=a,metadata.name!=a", []),
        ("one", "metadata.name!=a", ["one/b"]),
        ("one", "metadata.name=", []),
        ("", "metadata.namespace=two", ["two/a"]),
    ],
)
def test_a_name_chooses_among_the_objects_of_its_namespace(namespace, fields, expected):
    api = APIServer(Simulation())
    for name in ("one", "two"):
        api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for space, name in (("one", "a"), ("one", "b"), ("two", "a")):
        meta = {"name": name, "namespace": space}
        api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
    found = api.list("ConfigMap", namespace, EVERYTHING, parse_field_selector(fields))
    assert [f"{each.namespace}/{each.name}" for each in found] == expected
    one = api.list("Namespace", "", EVERYTHING, parse_field_selector("metadata.name=two"))
    assert [each.name for each in one] == ["two"]


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("pods", "status.phse!=Running", "field label not supported: status.phse"),
        ("nodes", "metadata.namespace=a", "field label not supported: metadata.namespace"),
        ("jobs", "status.succeeded=1", 'field label "status.succeeded" not supported for Job'),
        ("deployments", "status.replicas=3",
         '"status.replicas" is not a known field selector: only "metadata.name", '
         '"metadata.namespace"'),
    ],
)  # fmt: skip
def test_a_field_by_which_a_kind_cannot_be_selected_is_refused(kind, text, said):
    """A typo in a field with != would choose everything."""
    cluster = Cluster(nodes=1)
    cluster.apply("data/web.yaml")
    cluster.run(seconds=20)
    with pytest.raises(UnreadableSelector) as refusal:
        cluster.get(kind, field_selector=text)
    assert refusal.value.what == said
    for command in ("get", "delete --wait=false"):
        answer = cluster.kubectl(f"{command} {kind} --field-selector={text}")
        assert answer.code == 1 and answer.stderr.endswith(f": {said}\n")
    assert len(cluster.get("pods")) == 3


def test_events_of_one_object_are_found_among_packed_ones():
    cluster = Cluster(nodes=2)
    cluster.apply("data/web.yaml")
    cluster.run(seconds=30)
    for node in cluster.api.list("Node"):
        about = parse_field_selector(f"involvedObject.uid={node.uid}")
        every = [e for e in cluster.api.list("Event") if e.involved_object.uid == node.uid]
        assert cluster.api.list("Event", fields=about) == every != []
    none = parse_field_selector("involvedObject.uid=nobody")
    assert cluster.api.list("Event", fields=none) == []
    unlike = parse_field_selector("involvedObject.kind!=Pod,involvedObject.name=node-1")
    assert {e.involved_object.name for e in cluster.api.list("Event", fields=unlike)} == {"node-1"}
