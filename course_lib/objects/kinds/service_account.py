"""ServiceAccount: who a Pod is, to the API server (API reference, `core/v1`)."""

from __future__ import annotations

from collections.abc import Iterator

from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind, Subresource
from course_lib.objects.manifests import Document
from course_lib.objects.meta import Object
from course_lib.objects.validation.meta import object_meta


class ServiceAccount(Object, frozen=True, kw_only=True):
    """Who a Pod is, to the API server."""

    secrets: list[dict[str, str]] | None = None
    image_pull_secrets: list[dict[str, str]] | None = None
    automount_service_account_token: bool | None = None


ENFORCE_SECRETS = "kubernetes.io/enforce-mountable-secrets"


def _complete(document: Document) -> None:
    """Of a reference to a Secret, the name alone stays (`cleanSecretReferences`)."""
    secrets = document.get("secrets")
    if isinstance(secrets, list) and all(isinstance(each, dict) for each in secrets):
        document["secrets"] = [
            {"name": each["name"]} if each.get("name") else {} for each in secrets
        ]


def _warnings(new: Document, old: Document | None) -> Iterator[str]:
    """Source: `warnIfHasEnforceMountableSecretsAnnotation` of its strategy."""
    annotations = [
        (each["metadata"].get("annotations") or {} if each else {}) for each in (new, old)
    ]
    if ENFORCE_SECRETS in annotations[0] and ENFORCE_SECRETS not in annotations[1]:
        yield (
            f"metadata.annotations[{ENFORCE_SECRETS}]: deprecated in v1.32+; prefer separate "
            "namespaces to isolate access to mounted secrets"
        )


SERVICE_ACCOUNT = Kind(
    "v1",
    ServiceAccount,
    ("sa",),
    complete=_complete,
    validate=object_meta,
    warnings=_warnings,
    subresources=(Subresource("token", "TokenRequest", "authentication.k8s.io"),),
    columns=table_columns("Name  Age"),
    row=lambda account, now: (account.name,),
)
