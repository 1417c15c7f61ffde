"""A list of one name looks up one object, and finds what a look at all objects finds."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.apiserver import APIServer
from course_lib.apiserver.bodies import Request
from course_lib.apiserver.etcd_store import EtcdStore
from course_lib.apiserver.rest import Face
from course_lib.apiserver.store import Store
from course_lib.engine import Simulation
from course_lib.objects.selectors import EVERYTHING, UnreadableSelector, parse_field_selector
from tests.apiserver.test_store import store_on


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


CONFIG_MAPS = "/api/v1/namespaces/one/configmaps"


@pytest.fixture(params=[0, 1], ids=["in memory", "on etcd"])
def api(request) -> APIServer:
    return with_namespaces(store_on(request.param))


def with_namespaces(store: Store) -> APIServer:
    """An API server with two namespaces."""
    api = APIServer(getattr(store, "sim", None) or Simulation(), store)
    for name in ("one", "two"):
        api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return api


def write(api: APIServer, name: str, value: str, namespace: str = "one") -> int:
    """Create a ConfigMap, or change it; returns the revision."""
    meta = {"name": name, "namespace": namespace, "labels": {"value": value}}
    if api.find("ConfigMap", name, namespace) is None:
        api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})
    else:
        api.patch("ConfigMap", name, namespace, {"metadata": {"labels": {"value": value}}})
    return api.store.revision


def asked(api: APIServer, path: str = CONFIG_MAPS, accept: str = "", **query: object):
    headers = {"accept": accept}
    given = {name: [str(value)] for name, value in query.items()}
    return Face(lambda: api).answer(Request("GET", path, given, headers))


def names_at(api: APIServer, revision: int, **query: object) -> list[str]:
    """The names and values of a list at a revision."""
    exactly = {"resourceVersion": revision, "resourceVersionMatch": "Exact"}
    said = asked(api, **exactly, **query).document
    assert said["metadata"]["resourceVersion"] == str(revision)
    metas = [each["metadata"] for each in said["items"]]
    return [f"{meta['name']}={meta['labels']['value']}" for meta in metas]


def test_a_list_of_exactly_a_revision_is_the_state_of_then(api):
    empty = api.store.revision
    first = write(api, "a", "1")
    elsewhere = write(api, "z", "1", "two")
    changed = write(api, "a", "2")
    second = write(api, "b", "1")
    api.delete("ConfigMap", "a", "one")
    gone = api.store.revision
    write(api, "a", "3")
    expected = {
        empty: [], first: ["a=1"], elsewhere: ["a=1"], changed: ["a=2"], second: ["a=2", "b=1"],
        gone: ["b=1"], api.store.revision: ["a=3", "b=1"],
    }  # fmt: skip
    assert {revision: names_at(api, revision) for revision in expected} == expected
    assert names_at(api, second, labelSelector="value=2") == ["a=2"]
    assert names_at(api, second, fieldSelector="metadata.name=b") == ["b=1"]
    table = asked(
        api, accept="application/json;as=Table", resourceVersion=first, resourceVersionMatch="Exact"
    ).document
    assert [row["cells"][0] for row in table["rows"]] == ["a"]
    assert table["metadata"]["resourceVersion"] == str(first)


def test_a_list_is_exact_with_a_limit_and_as_new_as_can_be_without(api):
    first = write(api, "a", "1")
    write(api, "a", "2")

    def value(**query: object) -> str:
        (found,) = asked(api, resourceVersion=first, **query).document["items"]
        return str(found["metadata"]["labels"]["value"])

    assert value(limit=500) == "1"
    assert value() == value(limit=0) == "2"
    assert value(limit=500, resourceVersionMatch="NotOlderThan") == "2"


def test_a_list_of_a_state_that_is_forgotten_is_refused(api):
    write(api, "a", "1")
    kept = write(api, "a", "2")
    write(api, "a", "3")
    api.store.compact(kept)
    assert names_at(api, kept) == ["a=2"]
    answer = asked(api, resourceVersion=kept - 1, resourceVersionMatch="Exact")
    assert (answer.status, answer.document["reason"]) == (410, "Expired")
    said = "The resourceVersion for the provided list is too old."
    assert answer.document["message"] == said


@pytest.mark.parametrize("match", ["", "Exact", "NotOlderThan"])
@pytest.mark.parametrize("path", [CONFIG_MAPS, f"{CONFIG_MAPS}/a"])
def test_what_has_to_be_newer_than_the_store_is_refused(api, path, match):
    now = write(api, "a", "1")
    query = {"resourceVersionMatch": match} if match else {}
    assert asked(api, path, resourceVersion=now, **query).status == 200
    answer = asked(api, path, resourceVersion=now + 1, **query)
    assert (answer.status, answer.document["reason"]) == (504, "Timeout")
    assert answer.document["message"] == (
        f"Timeout: Too large resource version: {now + 1}, current: {now}"
    )
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    assert answer.document["details"] == {"causes": [cause], "retryAfterSeconds": 1}


def test_an_api_server_that_has_restarted_has_the_history_of_etcd():
    store = store_on(1)
    api = with_namespaces(store)
    first = write(api, "a", "1")
    write(api, "a", "2")
    again = EtcdStore(store.sim, store.etcd)
    again.load()
    assert names_at(APIServer(store.sim, again), first) == ["a=1"]
