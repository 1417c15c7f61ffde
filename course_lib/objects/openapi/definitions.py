"""The parts of a CustomResourceDefinition (apiextensions-apiserver, `v1/types.go`)."""

from __future__ import annotations

import re

import msgspec

from course_lib.objects.meta import Condition, Object, Value, is_true
from course_lib.objects.openapi.schema import JSON, JSONSchemaProps

NAMESPACED, CLUSTER = "Namespaced", "Cluster"
NAMES_ACCEPTED, ESTABLISHED, TERMINATING = "NamesAccepted", "Established", "Terminating"
FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")


class CustomResourceDefinitionNames(Value, frozen=True):
    """What the objects are called, in paths, manifests and commands."""

    plural: str = ""
    singular: str = ""
    kind: str = ""
    list_kind: str = ""
    short_names: list[str] | None = None
    categories: list[str] | None = None


class CustomResourceSubresourceScale(Value, frozen=True):
    """Where the objects keep what their subresource `scale` shows."""

    spec_replicas_path: str = ""
    status_replicas_path: str = ""
    label_selector_path: str = ""


class CustomResourceSubresources(Value, frozen=True):
    """The parts of the objects that have a path of their own."""

    status: dict[str, JSON] | None = None
    scale: CustomResourceSubresourceScale | None = None


class CustomResourceColumnDefinition(Value, frozen=True):
    """A column of `kubectl get`; with a priority above 0, of `-o wide`."""

    name: str = ""
    type: str = ""
    format: str = ""
    description: str = ""
    priority: int = 0
    json_path: str = ""


class CustomResourceValidation(Value, frozen=True):
    """The schema of a version."""

    open_api_v3_schema: JSONSchemaProps | None = msgspec.field(default=None, name="openAPIV3Schema")


class SelectableField(Value, frozen=True):
    """A field by which objects can be selected."""

    json_path: str = ""


class CustomResourceDefinitionVersion(Value, frozen=True):
    """One version of the objects; exactly one of all is the one in which they are stored."""

    name: str = ""
    served: bool = False
    storage: bool = False
    deprecated: bool = False
    deprecation_warning: str | None = None
    schema: CustomResourceValidation | None = None
    subresources: CustomResourceSubresources | None = None
    additional_printer_columns: list[CustomResourceColumnDefinition] | None = None
    selectable_fields: list[SelectableField] | None = None

    @property
    def properties(self) -> JSONSchemaProps:
        """The schema; an empty one where there is none."""
        return (self.schema and self.schema.open_api_v3_schema) or JSONSchemaProps()

    @property
    def has_status(self) -> bool:
        """Whether the status is a subresource."""
        return self.subresources is not None and self.subresources.status is not None

    @property
    def priority(self) -> tuple[int, int, int]:
        """The place among the versions: stable before beta before alpha, newest first.

        Source: kubernetes.io "Versions in CustomResourceDefinitions", "Version priority".
        """
        match = _VERSION.fullmatch(self.name)
        if match is None:
            return 3, 0, 0
        stage = {None: 0, "beta": 1, "alpha": 2}[match[2]]
        return stage, -int(match[1]), -int(match[3] or 0)


class CustomResourceConversion(Value, frozen=True):
    """How objects of one version become those of another."""

    strategy: str = "None"
    webhook: dict[str, JSON] | None = None


class CustomResourceDefinitionSpec(Value, frozen=True):
    """The kind as it shall be."""

    group: str = ""
    names: CustomResourceDefinitionNames = msgspec.field(
        default_factory=CustomResourceDefinitionNames
    )
    scope: str = ""
    versions: list[CustomResourceDefinitionVersion] | None = None
    conversion: CustomResourceConversion | None = None
    preserve_unknown_fields: bool = False

    @property
    def served(self) -> list[CustomResourceDefinitionVersion]:
        """The versions that are served, the one that clients prefer first."""
        found = [version for version in self.versions or () if version.served]
        return sorted(found, key=lambda version: (version.priority, version.name))


class CustomResourceDefinitionStatus(Value, frozen=True):
    """What became of it: the names it has, and in which versions objects are stored."""

    conditions: list[Condition] | None = None
    accepted_names: CustomResourceDefinitionNames = msgspec.field(
        default_factory=CustomResourceDefinitionNames
    )
    stored_versions: list[str] | None = None


class CustomResourceDefinition(Object, frozen=True):
    """A kind that somebody adds to a cluster."""

    spec: CustomResourceDefinitionSpec = msgspec.field(default_factory=CustomResourceDefinitionSpec)
    status: CustomResourceDefinitionStatus = msgspec.field(
        default_factory=CustomResourceDefinitionStatus
    )

    @property
    def established(self) -> bool:
        """Whether its objects are served."""
        return is_true(self.status.conditions, ESTABLISHED)
