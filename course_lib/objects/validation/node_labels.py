"""Labels of nodes that Kubernetes has given up, of which it warns (`pkg/api/node/util.go`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from course_lib.objects.manifests import Document

OLD_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": "deprecated since v1.17; use "
    '"topology.kubernetes.io/region" instead',
    "failure-domain.beta.kubernetes.io/zone": "deprecated since v1.17; use "
    '"topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": "deprecated since v1.17; use "
    '"node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and "
    "Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
NEWER_LABELS = {
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
}


def old_labels(expressions: Sequence[Document], path: str) -> Iterator[str]:
    """The warnings about expressions, of labels or of nodes, at a path."""
    for position, expression in enumerate(expressions):
        if message := OLD_LABELS.get(key := expression.get("key", "")):
            yield f"{path}[{position}].key: {key} is {message}"
