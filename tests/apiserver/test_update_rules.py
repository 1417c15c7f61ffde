"""What an update may change: each rule with a change that it allows and one that it refuses."""

from __future__ import annotations

import pytest

from course_lib.apiserver import APIServer
from course_lib.cluster.bootstrap import furnish
from course_lib.engine import Simulation
from course_lib.errors import CourseError
from course_lib.objects.kinds import kind_named

CONTAINER = {"name": "c", "image": "busybox:1.36"}
POD_SPEC = {"restartPolicy": "Never", "containers": [CONTAINER]}
TEMPLATE = {"spec": POD_SPEC}
PLACED = {"spec": POD_SPEC | {"nodeSelector": {"disk": "ssd"}}}
LARGER = {"spec": POD_SPEC | {"containers": [CONTAINER | {"resources": {"limits": {"cpu": 1}}}]}}
OTHER = {"spec": POD_SPEC | {"containers": [CONTAINER | {"image": "busybox:1.37"}]}}
JOB, SUSPENDED = {"template": TEMPLATE}, {"template": TEMPLATE, "suspend": True}
VOLUME = {
    "capacity": {"storage": "1Gi"},
    "accessModes": ["ReadWriteOnce"],
    "hostPath": {"path": "/data"},
}

ALLOWED = [
    ("Job", SUSPENDED, {"template": PLACED}),
    ("Job", SUSPENDED, {"template": LARGER}),
    ("PersistentVolume", VOLUME, {"capacity": {"storage": "2Gi"}}),
]
REFUSED = [
    ("Job", JOB, {"template": PLACED}),
    ("Job", JOB, {"template": LARGER}),
    ("Job", SUSPENDED, {"template": OTHER}),
]


def update(kind, spec, change, status=None):
    """Create an object with a spec and a status, and then change the spec."""
    api = APIServer(Simulation())
    furnish(api)
    named = {"apiVersion": kind_named(kind).api_version, "kind": kind, "metadata": {"name": "x"}}
    made = api.create(named | {"spec": spec})
    place = kind, "x", made.namespace
    if status:
        api.patch(*place, {"status": status}, subresource="status")
    found = api.document(*place)
    if "template" in change:
        change = {"template": found["spec"]["template"] | change["template"]}
    api.update(found | {"spec": found["spec"] | change})


@pytest.mark.parametrize(("kind", "spec", "change"), ALLOWED)
def test_an_update_that_is_allowed(kind, spec, change):
    update(kind, spec, change)


@pytest.mark.parametrize(("kind", "spec", "change"), REFUSED)
def test_an_update_that_is_refused(kind, spec, change):
    with pytest.raises(CourseError, match=r"spec\.template.*: field is immutable"):
        update(kind, spec, change)


def test_the_template_of_a_suspended_job_is_fixed_until_its_pods_are_gone():
    change = {"template": PLACED}
    started = {"startTime": "2026-01-01T00:00:00Z"}
    condition = {"type": "Suspended", "status": "True", "lastTransitionTime": started["startTime"]}
    stopped = {"conditions": [condition]}
    update("Job", SUSPENDED, change, stopped)
    for status in ({"active": 1} | started, stopped | {"active": 1}):
        with pytest.raises(CourseError, match="field is immutable"):
            update("Job", SUSPENDED, change, status)
