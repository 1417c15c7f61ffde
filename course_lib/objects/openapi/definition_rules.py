"""What a CustomResourceDefinition must be like.

What all versions have in common has its path at the top of `spec`, as in the API server's own form.
Source: `pkg/apis/apiextensions/validation/validation.go` of k8s.io/apiextensions-apiserver.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from course_lib.objects.field_errors import (
    Errors,
    FieldError,
    forbidden,
    invalid,
    not_supported,
    required,
)
from course_lib.objects.manifests import Document
from course_lib.objects.openapi.definitions import (
    CLUSTER,
    NAMESPACED,
    CustomResourceColumnDefinition,
    CustomResourceDefinition,
    CustomResourceDefinitionNames,
    CustomResourceDefinitionSpec,
    CustomResourceDefinitionVersion,
    CustomResourceSubresources,
)
from course_lib.objects.openapi.schema import JSONSchemaProps
from course_lib.objects.openapi.schema_rules import schema_errors
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid

APPROVAL = "api-approved.kubernetes.io"
_PULL = "see https://github.com/kubernetes/enhancements/pull/1111"
COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
COLUMN_FORMATS = (
    "byte", "date", "date-time", "double", "float", "int32", "int64", "password",
)  # fmt: skip


def complete(document: Document) -> None:
    """Fill in what a definition leaves out: names that follow from others, the conversion."""
    spec = document.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    if not isinstance(spec, dict) or not isinstance(names, dict):
        return
    kind = names.get("kind")
    if isinstance(kind, str) and kind:
        names["singular"] = names.get("singular") or kind.lower()
        names["listKind"] = names.get("listKind") or f"{kind}List"
    spec.setdefault("conversion", {"strategy": "None"})


def definition_errors(definition: CustomResourceDefinition, new: bool = True) -> list[FieldError]:
    """What is wrong with a definition; only a new one is held against its name."""
    name = _name(definition) if new else ()
    stored = _stored_at_first(definition.spec.versions or []) if new else ()
    return [*name, *_spec(definition.spec), *stored, *_approval(definition), *_pruned(definition)]


def _pruned(definition: CustomResourceDefinition) -> Errors:
    if definition.spec.preserve_unknown_fields:
        rule = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
            "spec.versions[*].schema instead"
        )
        yield invalid("spec.preserveUnknownFields", True, rule)


def update_errors(
    before: CustomResourceDefinition, after: CustomResourceDefinition
) -> list[FieldError]:
    """What an update changes that must stay: names and scope, once objects are served."""
    old, new = before.spec, after.spec
    pairs = [("group", old.group, new.group), ("names.plural", old.names.plural, new.names.plural)]
    if before.established:
        pairs += [("scope", old.scope, new.scope), ("names.kind", old.names.kind, new.names.kind)]
    changed = [(f"spec.{path}", now) for path, was, now in pairs if was != now]
    found = [invalid(path, now, "field is immutable") for path, now in changed]
    return found + list(_stored(before, after))


def _stored(before: CustomResourceDefinition, after: CustomResourceDefinition) -> Errors:
    """A version in which objects may be stored stays among the versions."""
    names = [version.name for version in after.spec.versions or ()]
    for position, name in enumerate(before.status.stored_versions or ()):
        if name not in names:
            rule = (
                f"missing from spec.versions; {name} was previously a storage version, and must "
                f"remain in spec.versions until a storage migration ensures no data remains "
                f"persisted in {name} and removes {name} from status.storedVersions"
            )
            yield invalid(f"status.storedVersions[{position}]", name, rule)


def _name(definition: CustomResourceDefinition) -> Errors:
    spec = definition.spec
    if not definition.name:
        yield required("metadata.name", "name or generateName is required")
        return
    yield from all_invalid("metadata.name", definition.name, formats.subdomain(definition.name))
    if definition.name != f"{spec.names.plural}.{spec.group}":
        rule = 'must be spec.names.plural+"."+spec.group'
        yield invalid("metadata.name", definition.name, rule)


def _approval(definition: CustomResourceDefinition) -> Errors:
    """Groups of the Kubernetes community need a link to where their API was approved."""
    group = f".{definition.spec.group}"
    if not group.endswith((".k8s.io", ".kubernetes.io")):
        return
    said = definition.annotations.get(APPROVAL, "")
    here = f"metadata.annotations[{APPROVAL}]"
    rule = f'protected groups must have approval annotation "{APPROVAL}"'
    if not said:
        yield required(here, f"{rule}, {_PULL}")
    elif not said.startswith("unapproved") and not all(urlsplit(said)[:2]):
        how = 'with either a URL or a reason starting with "unapproved"'
        yield invalid(here, said, f"{rule} {how}, {_PULL}")


def _spec(spec: CustomResourceDefinitionSpec) -> Errors:
    if not spec.group:
        yield required("spec.group")
    elif problems := formats.subdomain(spec.group):
        yield from all_invalid("spec.group", spec.group, problems)
    elif "." not in spec.group:
        yield invalid("spec.group", spec.group, "should be a domain with at least one dot")
    if not spec.scope:
        yield required("spec.scope")
    elif spec.scope not in (CLUSTER, NAMESPACED):
        yield not_supported("spec.scope", spec.scope, (CLUSTER, NAMESPACED))
    if spec.preserve_unknown_fields and any(
        _has_default(v.properties) for v in spec.versions or ()
    ):
        rule = "must be false in order to use defaults in the schema"
        yield invalid("spec.preserveUnknownFields", True, rule)
    yield from _versions(spec)
    for name in ("plural", "singular", "kind", "listKind"):
        if not msgspec.to_builtins(spec.names).get(name):
            yield required(f"spec.names.{name}")
    yield from _names(spec.names)
    yield from _conversion(spec)


def _names(names: CustomResourceDefinitionNames) -> Errors:
    yield from _label("spec.names.plural", names.plural)
    yield from _label("spec.names.singular", names.singular)
    mixed = "may have mixed case, but should otherwise match: "
    for field, name in (("kind", names.kind), ("listKind", names.list_kind)):
        for error in _label(f"spec.names.{field}", name.lower()):
            yield invalid(error.path, name, mixed + error.detail)
    for field, each in (("shortNames", names.short_names), ("categories", names.categories)):
        for position, name in enumerate(each or ()):
            yield from _label(f"spec.names.{field}[{position}]", name)
    if names.kind and names.kind == names.list_kind:
        rule = "kind and listKind may not be the same"
        yield invalid("spec.names.listKind", names.list_kind, rule)


def _label(path: str, name: str) -> Errors:
    if not name:
        return
    if rules := formats.label_1035(name):
        yield invalid(path, name, ",".join(rules))


def _conversion(spec: CustomResourceDefinitionSpec) -> Errors:
    conversion = spec.conversion
    if conversion is None:
        return
    if conversion.strategy not in ("None", "Webhook"):
        yield not_supported("spec.conversion.strategy", conversion.strategy, ("None", "Webhook"))
    elif conversion.strategy == "Webhook" and conversion.webhook is None:
        rule = "required when strategy is set to Webhook"
        yield required("spec.conversion.webhookClientConfig", rule)
        yield required("spec.conversion.conversionReviewVersions")
    elif conversion.strategy == "None":
        for said, name in (
            ("clientConfig", "webhookClientConfig"),
            ("conversionReviewVersions", "conversionReviewVersions"),
        ):
            if (conversion.webhook or {}).get(said):
                rule = "should not be set when strategy is not set to Webhook"
                yield forbidden(f"spec.conversion.{name}", rule)


# Versions


def _versions(spec: CustomResourceDefinitionSpec) -> Errors:
    versions = spec.versions or []
    names = [version.name for version in versions]
    for position, version in enumerate(versions):
        here = f"spec.versions[{position}]"
        if not version.schema or version.schema.open_api_v3_schema is None:
            yield required(f"{here}.schema.openAPIV3Schema")
        yield from _label(f"{here}.name", version.name)
        if not version.name:
            yield from all_invalid(f"{here}.name", "", formats.label_1035(""))
        if not version.deprecated and version.deprecation_warning is not None:
            rule = "can only be set for deprecated versions"
            yield invalid(f"{here}.deprecationWarning", version.deprecation_warning, rule)
    if versions:
        yield from _label("spec.version", versions[0].name)
    yield from _parts(versions)
    shown = _own_form(versions) if spec.versions is not None else None
    if len(set(names)) < len(names):
        yield invalid("spec.versions", shown, "must contain unique version names")
    if sum(version.storage for version in versions) != 1:
        rule = "must have exactly one version marked as storage version"
        yield invalid("spec.versions", shown, rule)


def _has_default(schema: JSONSchemaProps) -> bool:
    return schema.default is not None or any(_has_default(inner) for _, inner in schema.below())


def _own_form(versions: list[CustomResourceDefinitionVersion]) -> list[Document]:
    """Versions as messages show them: what all have in common stands beside them, not in them.

    Schemas, subresources and columns that differ are shown as documents have them.
    """
    shown: list[Document] = []
    for version in versions:
        parts: Document = {}
        for name in ("schema", "subresources", "additional_printer_columns"):
            part = getattr(version, name)
            shared = all(getattr(other, name) == part for other in versions)
            parts[name] = None if shared else msgspec.to_builtins(part)
        shown.append(
            {
                "Name": version.name,
                "Served": version.served,
                "Storage": version.storage,
                "Deprecated": version.deprecated,
                "DeprecationWarning": version.deprecation_warning,
                "Schema": parts["schema"],
                "Subresources": parts["subresources"],
                "AdditionalPrinterColumns": parts["additional_printer_columns"],
                "SelectableFields": None,
            }
        )
    return shown


def _stored_at_first(versions: list[CustomResourceDefinitionVersion]) -> Errors:
    """The first storage version is the one that the status begins with."""
    stored = [version.name for version in versions if version.storage]
    if not stored:
        yield invalid("status.storedVersions", None, "must have at least one stored version")
    for name in stored[1:]:
        yield invalid("status.storedVersions", stored[:1], f"must have the storage version {name}")


def _parts(versions: list[CustomResourceDefinitionVersion]) -> Errors:
    """Schemas, subresources and columns; those that all versions share are told once."""
    if not versions:
        return
    first = versions[0]
    status = any(version.has_status for version in versions)
    shared = all(version.schema == first.schema for version in versions)
    for here, version in _places(versions, shared, "schema", "validation"):
        of = version.schema.open_api_v3_schema if version.schema else None
        if of is not None:
            has_status = status if shared else version.has_status
            yield from schema_errors(of, f"{here}.openAPIV3Schema", has_status)
    shared = all(version.subresources == first.subresources for version in versions)
    for here, version in _places(versions, shared, "subresources", "subresources"):
        yield from _subresources(version.subresources, here)
    columns = first.additional_printer_columns
    shared = all(version.additional_printer_columns == columns for version in versions)
    name = "additionalPrinterColumns"
    for here, version in _places(versions, shared, name, name):
        for position, column in enumerate(version.additional_printer_columns or ()):
            yield from _column(column, f"{here}[{position}]")


def _places(
    versions: list[CustomResourceDefinitionVersion], shared: bool, name: str, at_top: str
) -> list[tuple[str, CustomResourceDefinitionVersion]]:
    """A part of each version with its path; once, at the top, where all versions share it."""
    if shared:
        return [(f"spec.{at_top}", versions[0])]
    return [(f"spec.versions[{i}].{name}", version) for i, version in enumerate(versions)]


def _subresources(subresources: CustomResourceSubresources | None, path: str) -> Errors:
    scale = subresources.scale if subresources else None
    if scale is None:
        return
    for name, said, roots in (
        ("specReplicasPath", scale.spec_replicas_path, (".spec.",)),
        ("statusReplicasPath", scale.status_replicas_path, (".status.",)),
        ("labelSelectorPath", scale.label_selector_path, (".spec.", ".status.")),
    ):
        here = f"{path}.scale.{name}"
        if not said:
            if len(roots) == 1:
                yield required(here)
        elif not said.startswith("."):
            yield invalid(here, said, "must be a simple json path starting with .")
        elif not said.startswith(roots):
            under = roots[0][:-1] if len(roots) == 1 else "either .spec or .status"
            yield invalid(here, said, f"should be a json path under {under}")


def _column(column: CustomResourceColumnDefinition, path: str) -> Errors:
    if not column.name:
        yield required(f"{path}.name")
    if column.type not in COLUMN_TYPES:
        rule, here = f"must be one of {','.join(COLUMN_TYPES)}", f"{path}.type"
        yield invalid(here, column.type, rule) if column.type else required(here, rule)
    if column.format and column.format not in COLUMN_FORMATS:
        rule = f"must be one of {','.join(COLUMN_FORMATS)}"
        yield invalid(f"{path}.format", column.format, rule)
    if not column.json_path:
        yield required(f"{path}.JSONPath")
    elif not column.json_path.startswith("."):
        rule = "must be a simple json path starting with ."
        yield invalid(f"{path}.JSONPath", column.json_path, rule)
