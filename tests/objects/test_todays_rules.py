"""What the API server has come to accept between Kubernetes 1.33 and today's release."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.errors import CourseError
from tests.conftest import service


def autoscaler(**spec: object) -> dict:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "maxReplicas": 5,
            **spec,
        },
    }


def test_the_name_of_a_service_may_begin_with_a_digit(cluster: Cluster):
    cluster.apply(service("1web"))
    assert "1web" in list(cluster.get("services").NAME)


def test_an_autoscaler_goes_down_to_zero_only_by_a_metric_from_outside(cluster: Cluster):
    metric = {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "5"}}
    cluster.apply(autoscaler(minReplicas=0, metrics=[{"type": "External", "external": metric}]))
    with pytest.raises(CourseError, match="at least one Object or External metric"):
        cluster.apply(autoscaler(minReplicas=0))
