"""Static Pods from a node's own folder: which manifests are taken."""

from __future__ import annotations

import json

import pytest
import yaml

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from tests.conftest import pod, service


@pytest.mark.parametrize("form", [dict, json.dumps, yaml.safe_dump, lambda made: [made]])
def test_a_static_pod_is_written_in_any_form_of_a_manifest(form):
    cluster = Cluster(nodes=1)
    cluster.kubelets["node-1"].static.write(form(pod("agent")))
    cluster.run(20)
    assert "agent-node-1" in list(cluster.get("pods").NAME)


@pytest.mark.parametrize(
    "wrong", ["", "agent", [pod("a"), pod("b")], {"kind": "Pod"}, service("a")]
)
def test_what_is_not_one_pod_with_a_name_is_no_static_pod(wrong):
    cluster = Cluster(nodes=1)
    with pytest.raises(CourseError, match="manifest"):
        cluster.kubelets["node-1"].static.write(wrong)
    cluster.run(20)
    assert cluster.get("pods").empty
