"""DefaultIngressClass (`plugin/pkg/admission/network/defaultingressclass`)."""

from __future__ import annotations

from course_lib.apiserver.reader import Reader
from course_lib.objects.kinds.ingress_class import IngressClass
from course_lib.objects.manifests import Document

DEFAULT_INGRESS_CLASS = "ingressclass.kubernetes.io/is-default-class"
INGRESS_CLASS = "kubernetes.io/ingress.class"  # the annotation that came before the field


def default_ingress_class(api: Reader, ingress: Document) -> None:
    """DefaultIngressClass: Ingresses that name no class get the one marked as default.

    The older annotation names one, too.
    """
    annotations = ingress["metadata"].get("annotations") or ()
    if "ingressClassName" in ingress["spec"] or INGRESS_CLASS in annotations:
        return
    marked = [
        found
        for found in api.list(IngressClass)
        if found.annotations.get(DEFAULT_INGRESS_CLASS) == "true"
    ]
    if marked:
        newest = max(c.metadata.creation_timestamp or "" for c in marked)
        names = [c.name for c in marked if (c.metadata.creation_timestamp or "") == newest]
        ingress["spec"]["ingressClassName"] = min(names)
