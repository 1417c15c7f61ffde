"""The template of Pods, as all that make Pods show it.

Source: `DescribePodTemplate` in `pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from course_lib.kubectl.describing import containers, placement, volumes
from course_lib.kubectl.describing.writing import (
    Lines,
    labels,
    notes,
    stated,
    titled,
)
from course_lib.objects.manifests import Document


def template_lines(template: Document) -> Lines:
    """Labels, account, containers, volumes and placement of the Pods that are made."""
    return titled("Pod Template", _template(template))


def _template(template: Document) -> Lines:
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    yield from labels("Labels", metadata.get("labels"))
    if metadata.get("annotations"):
        yield from notes(metadata["annotations"])
    yield from stated(("Service Account", spec.get("serviceAccountName")))
    if spec.get("initContainers"):
        yield from containers.of_template("Init Containers", spec["initContainers"])
    yield from containers.of_template("Containers", spec.get("containers") or ())
    yield from volumes.of_template(spec.get("volumes") or ())
    yield from placement.spread(spec.get("topologySpreadConstraints"))
    yield from stated(("Priority Class Name", spec.get("priorityClassName")))
    yield from labels("Node-Selectors", spec.get("nodeSelector"))
    yield from placement.tolerations(spec.get("tolerations"))
    yield from placement.group(spec)
