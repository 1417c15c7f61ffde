"""What kinds with a Pod template share: its defaults, and two columns of kubectl's."""

from __future__ import annotations

from course_lib.objects.kind import Row
from course_lib.objects.kinds.pod.defaults import complete_pod_spec
from course_lib.objects.kinds.pod.disabled import drop_annotations
from course_lib.objects.kinds.pod.spec import PodTemplateSpec
from course_lib.objects.manifests import Document, places

COLUMNS = "  +Containers  +Images"


def container_cells(template: PodTemplateSpec) -> Row:
    """The names and the images of a template's containers, for `COLUMNS`."""
    containers = template.spec.containers
    return ",".join(c.name for c in containers), ",".join(c.image for c in containers)


def complete_template(template: Document) -> None:
    """Write what a template leaves out into it, in place."""
    for spec in places(template, "spec"):
        complete_pod_spec(spec)
    for meta in places(template, "metadata", create=False):
        drop_annotations(meta)
