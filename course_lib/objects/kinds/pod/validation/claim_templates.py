"""The claims that are made for the ephemeral volumes of a Pod."""

from __future__ import annotations

from course_lib.objects.field_errors import Errors, required
from course_lib.objects.manifests import Document
from course_lib.objects.validation.claims import claim_spec
from course_lib.objects.validation.meta import template_metadata


def ephemeral(source: Document, path: str) -> Errors:
    """The template of a claim (`validateEphemeralVolumeSource`)."""
    here = f"{path}.volumeClaimTemplate"
    if (template := source.get("volumeClaimTemplate")) is None:
        yield required(here)
        return
    yield from template_metadata(template.get("metadata") or {}, f"{here}.metadata")
    yield from claim_spec(template.get("spec") or {}, f"{here}.spec")
