"""How commands create objects that they have made themselves.

Source: the `Run` functions of kubectl `pkg/cmd/create/create_*.go`, which are all alike, and
`CreateOrUpdateAnnotation` of `pkg/util/apply.go`.
"""

from __future__ import annotations

from course_lib.apiserver.statuses import to_json
from course_lib.client.last_applied import (
    LAST_APPLIED,
    annotated,
    configuration,
    last_applied,
    with_annotations,
)
from course_lib.command_line.values import ValueProblem, boolean
from course_lib.kubectl.dry_run import DryRun
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.typed import StructDocument, typed
from course_lib.objects.manifests import Document


def own_namespace(call: Invocation) -> dict[str, str]:
    """The namespace in the metadata of what is made: only where `--namespace` names it."""
    return {"namespace": call.namespace} if call.explicit_namespace else {}


def create(call: Invocation, document: Document, dry_run: DryRun) -> Document:
    """Send the `document` that a `call` has made; returns the object as the server has it.

    A dry run (`dry_run`) of the client returns what was made. Raises `RefusedRequest`.
    """
    document = saved(typed(document), call.flags.on("save-config"))
    if dry_run is DryRun.CLIENT:
        return document
    resource = call.resources.of(document)
    if resource is None:
        kind = document["kind"]
        raise CommandError(f'the server doesn\'t have a resource type "{kind}"')
    query = {"fieldManager": call.flags.text("field-manager")} | dry_run.query | validation(call)
    return typed(call.server.send("POST", resource.path(call.namespace), query, document))


def validation(call: Invocation) -> dict[str, str]:
    """The parameter that says what to do with unknown fields (`GetValidationDirective`).

    Raises `CommandError` for a value of `--validate` that there is not.
    """
    if "validate" not in call.flags.values:
        return {}
    text = call.flags.text("validate")
    try:
        directive = "Strict" if boolean(text) else "Ignore"
    except ValueProblem:
        if text not in ("strict", "warn", "ignore"):
            raise CommandError(
                f'invalid - validate option "{text}"; must be one of: strict (or true), warn, '
                "ignore (or false)"
            ) from None
        directive = text.capitalize()
    return {"fieldValidation": directive}


def saved(document: Document, create: bool) -> Document:
    """A document with itself in the annotation that `apply` reads (`CreateOrUpdateAnnotation`).

    `create` says whether to add the annotation; else it is renewed where it is.
    """
    if not create and not last_applied(document):
        return document
    if not isinstance(document, StructDocument):
        return annotated(document)
    plain = configuration(document)
    annotations = plain["metadata"]["annotations"]
    text = to_json(typed(plain if annotations else without_annotations(plain))) + "\n"
    return typed(with_annotations(document, annotations | {LAST_APPLIED: text}))


def without_annotations(document: Document) -> Document:
    """A document without annotations."""
    meta = {key: value for key, value in document["metadata"].items() if key != "annotations"}
    return document | {"metadata": meta}
