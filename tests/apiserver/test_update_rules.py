"""What an update may change: each rule with a change that it allows and one that it refuses."""

from __future__ import annotations

import pytest

from course_lib.apiserver.immutability import check
from course_lib.errors import InvalidManifest
from course_lib.objects.kinds import kind_named

TEMPLATE = {"spec": {"containers": [{"name": "c", "image": "busybox:1.36"}]}}
PLACED = {"spec": TEMPLATE["spec"] | {"nodeSelector": {"disk": "ssd"}}}
LARGER = {"spec": {"containers": [TEMPLATE["spec"]["containers"][0] | {"resources": {"a": 1}}]}}


ALLOWED = [
    ("Job", {"template": TEMPLATE, "suspend": True}, {"template": PLACED}),
    ("Job", {"template": TEMPLATE, "suspend": True}, {"template": LARGER}),
    ("PersistentVolume", {"capacity": {"storage": "1Gi"}}, {"capacity": {"storage": "2Gi"}}),
]
REFUSED = [
    ("Job", {"template": TEMPLATE}, {"template": PLACED}),
    ("Job", {"template": TEMPLATE, "suspend": True}, {"template": {"spec": {"containers": []}}}),
]


def update(kind, spec, change, status=None):
    named = {"kind": kind, "metadata": {"name": "x"}, "status": status or {}}
    check(named | {"spec": spec}, named | {"spec": spec | change}, kind_named(kind))


@pytest.mark.parametrize(("kind", "spec", "change"), ALLOWED)
def test_an_update_that_is_allowed(kind, spec, change):
    update(kind, spec, change)


@pytest.mark.parametrize(("kind", "spec", "change"), REFUSED)
def test_an_update_that_is_refused(kind, spec, change):
    with pytest.raises(InvalidManifest, match="may not be changed"):
        update(kind, spec, change)


def test_the_template_of_a_suspended_job_is_fixed_until_its_pods_are_gone():
    suspended, change = {"template": TEMPLATE, "suspend": True}, {"template": PLACED}
    started = {"startTime": "2026-01-01T00:00:00Z"}
    stopped = started | {"conditions": [{"type": "Suspended", "status": "True"}]}
    update("Job", suspended, change, stopped)
    for status in (started, stopped | {"active": 1}):
        with pytest.raises(InvalidManifest):
            update("Job", suspended, change, status)
