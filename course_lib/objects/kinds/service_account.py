"""ServiceAccount: who a Pod is, to the API server (API reference, `core/v1`)."""

from __future__ import annotations

from course_lib.objects.field_rules import text, truth
from course_lib.objects.headings import table_columns
from course_lib.objects.kind import Kind
from course_lib.objects.meta import Object


class ServiceAccount(Object, frozen=True, kw_only=True):
    """Who a Pod is, to the API server."""

    secrets: list[dict[str, str]] | None = None
    image_pull_secrets: list[dict[str, str]] | None = None
    automount_service_account_token: bool | None = None


SERVICE_ACCOUNT = Kind(
    "v1",
    ServiceAccount,
    ("sa",),
    fields={"automountServiceAccountToken": truth, "imagePullSecrets[*].name": text},
    columns=table_columns("Name  Age"),
    row=lambda account, now: (account.name,),
)
