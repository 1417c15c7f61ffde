"""What a write leaves alone is one object in memory, and is judged once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.apiserver import APIServer
from course_lib.cluster.bootstrap import furnish
from course_lib.engine import Simulation
from course_lib.errors import InvalidManifest
from course_lib.objects.decode import LONGEST_PART, decode, revised
from course_lib.objects.kinds.pod import POD
from course_lib.objects.sharing import encoded, shared
from course_lib.objects.typed import typed

values = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(["", "a", "1"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


def written(value) -> str:
    return json.dumps(value)


@given(values, values)
def test_a_value_that_shares_what_it_can_is_written_as_before(before, after):
    assert written(shared(before, after)) == written(after)


@given(values, st.dictionaries(st.sampled_from("abc"), values, max_size=3))
def test_equal_parts_are_the_same_object(value, beside):
    before = beside | {"part": {"of": [value]}}
    copy = json.loads(written(before)) | {"new": True}
    merged = shared(before, copy)
    assert merged["part"] is before["part"]
    assert all(merged[key] is part for key, part in before.items() if isinstance(part, dict))


def test_true_is_not_taken_for_one():
    assert shared({"replicas": 1}, {"replicas": True})["replicas"] is True
    assert shared({"ports": [1]}, {"ports": [True]})["ports"] == [True]
    assert shared({"ports": [1]}, {"ports": [True]})["ports"][0] is True


amounts = st.sampled_from(["1000m", "1", "0.5", "2048Mi", 3])


@given(amounts, amounts)
def test_quantities_are_canonical_whatever_is_shared(first, second):
    def pod(amount):
        resources = {"resources": {"requests": {"cpu": amount}}}
        spec = {"containers": [{"name": "web", "image": "nginx:1.27"} | resources]}
        return {"metadata": {"name": "web"}, "spec": spec, "status": {"phase": "Pending"}}

    before = typed(pod(first), POD)
    after = shared(before, pod(second))
    assert typed(after, POD, before) == typed(pod(second), POD)


patches = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.sampled_from([-1, 0, 3, True, "3", None]),
        "paused": st.sampled_from([True, False, None, "yes"]),
        "template": st.fixed_dictionaries(
            {"spec": st.fixed_dictionaries({
                "containers": st.lists(st.fixed_dictionaries({
                    "name": st.sampled_from(["web", "log", "Web"]),
                    "image": st.sampled_from(["nginx:1.27", "nginx:1.28", ""]),
                    "resources": st.fixed_dictionaries({"requests": st.fixed_dictionaries({
                        "cpu": amounts | st.just("much")})}),
                }), min_size=0, max_size=2)})}
        ),
    },
)  # fmt: skip


def verdict(act) -> str:
    try:
        act()
    except InvalidManifest:
        return "refused"
    return "accepted"


@given(st.lists(patches, min_size=1, max_size=4))
def test_a_patched_object_is_judged_as_the_same_document_by_itself(some):
    api = APIServer(Simulation())
    furnish(api)
    labels = {"app": "web"}
    containers = [{"name": "web", "image": "nginx:1.27"}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    meta = {"name": "web", "namespace": "default"}
    api.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec})
    for patch in some:
        before = api.document("Deployment", "web")
        changed = {key: value for key, value in patch.items() if value is not None}
        gone = [key for key, value in patch.items() if value is None]
        whole_spec = {k: v for k, v in before["spec"].items() if k not in gone} | {
            k: v for k, v in changed.items() if k != "template"
        }
        if "template" in changed:
            whole_spec["template"] = before["spec"]["template"] | {
                "spec": before["spec"]["template"]["spec"] | changed["template"]["spec"]
            }
        alone = {**before, "metadata": meta, "spec": whole_spec}
        expected = verdict(lambda alone=alone: api.check(alone))
        found = verdict(
            lambda patch=patch: api.patch("Deployment", "web", "default", {"spec": patch})
        )
        assert found == expected
        after = api.document("Deployment", "web")
        if found == "accepted":
            assert after["spec"] == api.check(alone)[0]["spec"]
        else:
            assert after == before
        assert api.get("Deployment", "web") == decode(after)


@pytest.mark.parametrize("size", [64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1])
def test_a_spec_is_shared_up_to_a_size(size):
    api = APIServer(Simulation())
    furnish(api)

    def made(name, text):
        container = {"name": "web", "image": "nginx:1.27", "env": [{"name": "A", "value": text}]}
        meta = {"name": name, "namespace": "default"}
        document = {"apiVersion": "v1", "kind": "Pod", "metadata": meta}
        return api.create(document | {"spec": {"containers": [container]}})

    text = "x" * (size - len_of_rest(api, made))
    assert (made("web", text).spec is made("other", text).spec) == (size <= 64 * 1024)


def len_of_rest(api, made) -> int:
    """The bytes of a completed spec beside its one long text.

    They are counted before the volume of the token gets the end of its name, at two places.
    """
    made("short", "x" * 40_000)
    named = 2 * len("abcde")
    return len(encoded(api.document("Pod", "short")["spec"])) - 40_000 - named


@pytest.mark.parametrize("size", [LONGEST_PART - 1, LONGEST_PART, LONGEST_PART + 1])
def test_views_of_equal_parts_are_one_object_up_to_a_size(size):
    labels = {"app": "x" * (size - len(encoded({"app": "x" * size})) + size)}
    assert len(encoded(labels)) == size
    found = []
    for name in ("web", "other"):
        before = {"metadata": {"name": name}, "spec": {"containers": []}}
        after = before | {"metadata": {"name": name, "labels": dict(labels)}}
        view = revised(decode(before, POD), before, after, POD)
        assert view == decode(after, POD)
        found.append(view.metadata.labels)
    assert (found[0] is found[1]) == (size <= LONGEST_PART)
