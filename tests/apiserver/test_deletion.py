"""Deletion at the API server: finalizers, grace periods, and preconditions."""

import pytest

from course_lib.apiserver.errors import (
    Conflict,
)
from tests.conftest import pod


def test_an_object_with_finalizers_goes_when_the_last_one_is_removed(api):
    document = pod()
    document["metadata"]["finalizers"] = ["example.com/a", "example.com/b"]
    api.create(document)
    api.delete("Pod", "web")
    assert api.get("Pod", "web").terminating
    api.patch("Pod", "web", "", {"metadata": {"finalizers": ["example.com/b"]}})
    assert api.find("Pod", "web") is not None
    api.patch("Pod", "web", "", {"metadata": {"finalizers": None}})
    assert api.find("Pod", "web") is None


def test_a_pod_on_a_node_has_its_grace_period_and_one_without_goes_at_once(api):
    api.create(pod("waiting"))
    api.delete("Pod", "waiting")
    assert api.find("Pod", "waiting") is None
    api.bind(api.create(pod("running")), "n1")
    api.delete("Pod", "running")
    assert api.get("Pod", "running").metadata.deletion_grace_period_seconds == 30
    api.delete("Pod", "running", grace_period=60)
    assert api.get("Pod", "running").metadata.deletion_grace_period_seconds == 30, "only shorter"
    api.delete("Pod", "running", grace_period=5)
    assert api.get("Pod", "running").metadata.deletion_grace_period_seconds == 5
    api.delete("Pod", "running", grace_period=0)
    assert api.find("Pod", "running") is None


def test_a_deletion_meant_for_another_object_of_the_name_is_refused(api):
    api.create(pod())
    with pytest.raises(Conflict):
        api.delete("Pod", "web", uid="another")


def test_the_begin_of_a_deletion_counts_as_a_change_of_the_object(api):
    document = pod()
    document["metadata"]["finalizers"] = ["example.com/a"]
    before = api.create(document).metadata.generation
    for _ in range(2):
        api.delete("Pod", "web")
        assert api.get("Pod", "web").metadata.generation == before + 1
