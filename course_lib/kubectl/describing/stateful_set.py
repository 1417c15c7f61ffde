"""A StatefulSet, with the claims that each of its Pods gets.

Source: `StatefulSetDescriber` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from course_lib.kubectl.describing import claims
from course_lib.kubectl.describing.counting import pods_status
from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.pod_template import template_lines
from course_lib.kubectl.describing.values import date, selector
from course_lib.kubectl.describing.writing import Lines, field, stated, titled


def lines(stateful: DescribedObject) -> Lines:
    """All but the events; raises `RefusedRequest`."""
    spec, chosen = stateful.spec, selector(stateful.spec.get("selector"))
    yield field("Name", stateful.name)
    yield field("Namespace", stateful.namespace)
    yield field("CreationTimestamp", date(stateful.metadata.get("creationTimestamp")))
    yield field("Selector", chosen)
    yield from stateful.marks()
    yield from stated(
        ("Service Name", spec.get("serviceName")),
        ("Pod Management Policy", spec.get("podManagementPolicy")),
    )
    total = stateful.status.get("replicas", 0)
    yield field("Replicas", f"{spec.get('replicas', 0)} desired | {total} total")
    yield from _update_strategy(stateful)
    kept = spec.get("persistentVolumeClaimRetentionPolicy")
    if kept:
        fates = [field("WhenDeleted", kept.get("whenDeleted"))]
        fates.append(field("WhenScaled", kept.get("whenScaled")))
        yield from titled("Persistent Volume Claim Retention Policy", fates)
    yield field("Pods Status", pods_status(stateful, chosen))
    yield from template_lines(spec.get("template") or {})
    yield from claims.templates(spec.get("volumeClaimTemplates") or ())


def _update_strategy(stateful: DescribedObject) -> Lines:
    yield field("Update Strategy", stateful.at("spec.updateStrategy.type"))
    rolling = stateful.at("spec.updateStrategy.rollingUpdate") or {}
    if rolling.get("partition") is not None:
        yield "  " + field("Partition", rolling["partition"])
        if rolling.get("maxUnavailable") is not None:
            yield "  " + field("MaxUnavailable", rolling["maxUnavailable"])
