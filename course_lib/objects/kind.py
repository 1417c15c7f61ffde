"""One kind of Kubernetes in one place, and the registry of the kinds that a cluster serves.

A `Kind` declares all that the API server, its clients and `kubectl get` need to know of it. A
registry begins with the built-in kinds and grows by CustomResourceDefinitions.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from course_lib.errors import CourseError, InvalidManifest
from course_lib.objects.api_types.table import fields_of, type_at, type_of
from course_lib.objects.field_errors import Errors, no_errors
from course_lib.objects.headings import Columns, table_columns
from course_lib.objects.manifests import Document, places, value_at
from course_lib.objects.meta import Object
from course_lib.objects.quantity import ResourceList
from course_lib.objects.selectors import FieldSelector, UnreadableSelector, parse_field_selector
from course_lib.objects.validation.meta import object_meta

NOTHING: Document = {}
Row = Sequence[Any]  # the cells of `kubectl get`, but AGE


class Subresource(msgspec.Struct, frozen=True):
    """A part of an object with a path of its own (`pods/eviction`); the type of its requests.

    Some parts are updates of the object: `narrow` leaves of a new version what the part may change
    of the old one, and `validate` judges it. One `of_status` is an update of the status.
    """

    name: str
    kind: str
    group: str = ""
    version: str = "v1"
    narrow: Callable[[Document, Document], Document] | None = None  # new, old
    validate: Callable[[Document, Document], Errors] = no_errors  # new, old
    of_status: bool = False


class Scale(msgspec.Struct, frozen=True):
    """Where a kind keeps what its subresource `scale` shows; `selector` is "" for none."""

    replicas: str = "spec.replicas"
    current: str = "status.replicas"
    selector: str = "spec.selector"


def _unchanged(*documents: Document) -> None:
    pass


def _new_status(new: Document, old: Document, part: str, now: str) -> Document | None:
    return None


def _no_warnings(new: Document, old: Document | None) -> Iterable[str]:
    return ()


def _no_default(views: object) -> None:
    return None


def no_usage(view: Any) -> ResourceList:
    """What quota counts of an object of most kinds: nothing but that it is there."""
    return {}


def plural_of(kind: str) -> str:
    """The name of a kind in URLs (apimachinery `pkg/api/meta/restmapper.go`).

    >>> plural_of("Pod"), plural_of("Ingress"), plural_of("NetworkPolicy"), plural_of("Endpoints")
    ('pods', 'ingresses', 'networkpolicies', 'endpoints')
    """
    name = kind.lower()
    if name.endswith("y"):
        return f"{name[:-1]}ies"
    return name if name == "endpoints" else f"{name}es" if name.endswith("s") else f"{name}s"


def by_path(*fields: str) -> dict[str, str]:
    """Fields that selectors name by their paths."""
    return dict(zip(fields, fields, strict=True))


class Kind(msgspec.Struct, frozen=True, eq=False):
    """A kind: its names, how its documents are completed and judged, and how they are shown.

    Paths are fields with dots between; `[*]` is every item of a list.
    """

    api_version: str
    type: type[Object] = Object  # of its views; it has the name of the kind
    short_names: tuple[str, ...] = ()
    kind: str = ""  # where it is not the name of the type
    plural: str = ""  # where it does not follow from the kind
    namespaced: bool = True
    categories: tuple[str, ...] = ()
    removed_versions: Mapping[str, str] = {}  # and the release that stopped serving each
    singular: str = ""  # where it is not the kind in lower case
    deprecation: str = ""  # the warning that each use of it gets
    custom: bool = False  # defined by a CustomResourceDefinition
    versions: tuple[Kind, ...] = ()  # served beside this one, each with fields of its own

    # Reading a document
    view: Callable[[Document], Object] | None = None  # in place of decoding into `type`
    serve: Callable[[Document], Document] | None = None  # a stored document, as this version has it
    store: Callable[[Document], Document] | None = None  # and the other way round
    unknown: Callable[[Document], list[str]] | None = None  # paths, where a schema says which
    # Fields that field selectors may name, beside the metadata, and the path that each means; None:
    # of the metadata alone. Then what is said of other fields.
    selectable: Mapping[str, str] | None = None
    not_selectable: str = "field label not supported: {}"
    not_simulated: tuple[str, ...] = ()  # paths that are kept, and that nothing acts on

    # Completing it
    defaults: Mapping[str, Any] = {}  # by path
    complete: Callable[[Document], None] = _unchanged  # defaults that depend on other fields
    # What several kinds hold, such as a Pod's template, and how it is completed; by path
    parts: Mapping[str, Callable[[Document], None]] = {}
    # What the server writes into an object before it is judged (`PrepareForCreate`, with its uid;
    # `PrepareForUpdate`: new, old).
    prepare: Callable[[Document], None] = _unchanged
    prepare_update: Callable[[Document, Document], None] = _unchanged
    carry_over: Callable[[Document, Document], None] = _unchanged  # what an update leaves out
    first_status: Callable[[Any], Document] | None = None  # of the view of a new object
    generations: bool = False  # changes are counted in metadata.generation
    counted_fields: tuple[str, ...] = ("spec",)  # paths: whose changes are counted
    status_metadata: tuple[str, ...] = ("annotations",)  # what may come with a status
    # The status that an update is stored with, where its strategy changes it: new, old, which part
    # of the object is written, and the time.
    prepare_status: Callable[[Document, Document, str, str], Document | None] = _new_status
    complete_status: Callable[[Document], Document] = lambda status: status  # defaults of a status
    status_at_creation: bool = False  # a new object keeps the status that it is written with

    packed: bool = False  # many objects, seldom read: each is kept as bytes

    whole_collection: bool = True  # all of its objects can be deleted by one request
    orphans: bool = False  # whether a deletion leaves what they own, if it does not say so itself
    warning_of_orphans: str = ""  # what such a deletion is answered
    deletion_finalizer: str = ""  # what an object gets when its deletion begins

    # Judging it: what its strategy upstream refuses, in the same words and order
    spec_alone: bool = False  # its spec is completed and judged by itself, whatever stands beside
    validate: Callable[[Document], Errors] = object_meta  # a new object, with its metadata
    validate_beside_spec: Callable[[Document], Errors] = no_errors  # where the spec is valid
    validate_update: Callable[[Document, Document], Errors] | None = None  # new, old
    validate_status: Callable[[Document, Document], Errors] = no_errors  # new, old
    warnings: Callable[[Document, Document | None], Iterable[str]] = (
        _no_warnings  # of a valid object, and of the one that it replaces
    )

    # Showing it
    columns: Columns = table_columns("Name  Created At:date")
    row: Callable[[Any, float], Row] = lambda view, now: (  # of a view, at a simulated time (s)
        view.name,
        view.metadata.creation_timestamp,
    )
    default_of: Callable[..., Object | None] = _no_default  # which of a list is marked so

    # Parts and costs
    status: bool = True  # whether the status is a subresource
    scale: Scale | None = None
    subresources: tuple[Subresource, ...] = ()
    counted: bool = False  # whether quota counts its objects by the plural alone
    usage: Callable[[Any], ResourceList] = no_usage  # what else quota counts of an object

    def __post_init__(self) -> None:
        kind = self.kind or self.type.__name__
        msgspec.structs.force_setattr(self, "kind", kind)
        msgspec.structs.force_setattr(self, "plural", self.plural or plural_of(kind))
        known = None if self.custom else type_of(self.api_version, kind)
        if known is not None and "status" not in fields_of(known.shape):
            msgspec.structs.force_setattr(self, "status", False)

    def field_selector(self, text: str) -> FieldSelector:
        """Read a field selector for objects of this kind.

        Raises `UnreadableSelector` for a text that is none, and for fields by which this kind
        cannot be selected. Source: `AddFieldLabelConversionFunc` of each group upstream.

        >>> Kind("v1", kind="Pod", selectable={"spec.host": "spec.nodeName"}).field_selector(
        ...     "spec.host=node-1").terms
        (('spec.nodeName', 'node-1', True),)
        """
        terms = []
        for field, value, equal in parse_field_selector(text).terms:
            if field or value:
                terms.append((self._selected(field), value, equal))
        return FieldSelector(tuple(terms))

    def _selected(self, field: str) -> str:
        """The path that a field of a selector means."""
        known = {"metadata.name": "metadata.name"}
        if self.namespaced or self.selectable is None:
            known["metadata.namespace"] = "metadata.namespace"
        known |= self.selectable or {}
        if field in known:
            return known[field]
        said = self.not_selectable.format(field)
        if self.selectable is None:
            told = ", ".join(f'"{each}"' for each in known)
            said = f'"{field}" is not a known field selector: only {told}'
        raise UnreadableSelector(said, expected=f"one of {', '.join(known)}", found=repr(field))

    def part(self, name: str) -> Subresource | None:
        """The part of this name by which the object itself is updated, or None."""
        found = (part for part in self.subresources if part.name == name)
        return next((part for part in found if part.narrow or part.of_status), None)

    def writes_status(self, subresource: str) -> bool:
        """Whether an update of a part changes the status, and the rest stays."""
        part = self.part(subresource)
        return subresource == "status" or bool(part and part.of_status)

    def set_defaults(self, document: Document, before: Document = NOTHING) -> None:
        """Write what a document leaves out into it, in place.

        Empty text counts as left out, but where Go has a pointer, which tells them apart. A part of
        `before` is complete.
        """
        document["apiVersion"] = self.api_version
        for path, value in self.defaults.items():
            parent, _, field = path.rpartition(".")
            for place in places(document, parent, before=before):
                there = place.get(field)
                if there is None or (there == "" and path not in self.pointers):
                    place[field] = copy.deepcopy(value)
        self.complete(document)
        for path, complete in self.parts.items():
            for place in places(document, path):
                complete(place)

    @property
    def pointers(self) -> frozenset[str]:
        """The paths of defaults at which Go has a pointer: an empty value is one of its own."""
        return _pointers(self)

    @property
    def plain_defaults(self) -> bool:
        """Whether each default depends on nothing else, so that it stays when something changes."""
        return self.complete is _unchanged and not self.parts

    @property
    def warns(self) -> bool:
        """Whether it may warn of a valid object."""
        return self.warnings is not _no_warnings

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def resource(self) -> str:
        """The name in `kubectl`'s messages: `deployment.apps`, `pod`."""
        return f"{self.kind.lower()}.{self.group}" if self.group else self.kind.lower()

    @property
    def title(self) -> str:
        """The name in the API server's messages: `deployments.apps`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def content(self, document: Document) -> Any:
        """The parts whose changes count as generations."""
        if not self.custom:
            return [value_at(document, path) for path in self.counted_fields]
        beside = ("metadata", "status") if self.status else ("metadata",)
        return {key: value for key, value in document.items() if key not in beside}

    @property
    def names(self) -> tuple[str, ...]:
        """All names that `kubectl get` takes, in lower case."""
        singular = (self.singular,) if self.singular else ()
        own = self.kind.lower(), *singular, self.plural, *self.short_names
        return *own, self.resource, self.title


@cache
def _pointers(kind: Kind) -> frozenset[str]:
    root = None if kind.custom else type_of(kind.api_version, kind.kind)
    paths = kind.defaults if root else ()
    return frozenset(path for path in paths if root and type_at(root, path).type.pointer)


class Kinds:
    """The kinds that one cluster serves, in a fixed order; a registry of its own for each server.

    >>> kinds = Kinds([Kind("example.com/v1", kind="Widget", short_names=("wg",))])
    >>> kinds.named("wg").title
    'widgets.example.com'
    """

    def __init__(self, kinds: Iterable[Kind] = ()) -> None:
        self._kinds = {(kind.group, kind.kind): kind for kind in kinds}
        self._named: dict[str, Kind] = {}
        self._types: dict[type[Object], Kind] = {}
        self._index()

    def __iter__(self) -> Iterator[Kind]:
        return iter(tuple(self._kinds.values()))

    def all_versions(self) -> Iterator[Kind]:
        """Every version of every kind, the preferred one of each first."""
        for kind in self:
            yield kind
            yield from kind.versions

    def __len__(self) -> int:
        return len(self._kinds)

    def add(self, kind: Kind) -> None:
        """Serve a kind; one of the same group and name is replaced, in its place."""
        self._kinds[kind.group, kind.kind] = kind
        self._index()

    def newest(self, kind: Kind) -> Kind:
        """The kind as it is served now; its definition may have changed since, or be gone."""
        served = self._kinds.get((kind.group, kind.kind)) if kind.custom else None
        for version in (served, *served.versions) if served else ():
            if version.api_version == kind.api_version:
                return version
        return kind

    def remove(self, kind: Kind) -> None:
        """Serve a kind no longer; nothing happens where it is not served."""
        self._kinds.pop((kind.group, kind.kind), None)
        self._index()

    def _index(self) -> None:
        """Of two kinds with one name, the earlier has it, as in kubectl; a group makes it clear."""
        self._named, self._types = {}, {}
        for kind in self._kinds.values():
            self._types.setdefault(kind.type, kind)
            for name in kind.names:
                self._named.setdefault(name, kind)

    def find(self, name: str) -> Kind | None:
        """The kind of any name that kubectl takes, or None."""
        return self._named.get(name) or self._named.get(name.lower())

    def named(self, name: str) -> Kind:
        """The kind of a name (`Pod`, `pods`, `po`, `jobs.batch`); raises `CourseError`."""
        kind = self.find(name)
        if kind is None:
            raise CourseError(
                f"the server doesn't have a resource type {name!r}",
                expected="one of " + ", ".join(kind.plural for kind in self),
                found=repr(name),
            )
        return kind

    def of_type(self, type: type[Object]) -> Kind:
        """The kind whose views have this type; raises `CourseError` where there is none."""
        kind = self._types.get(type)
        if kind is None:
            raise CourseError(
                f"no kind has the type {type.__name__}", expected="a built-in kind's type"
            )
        return kind

    def of(self, api_version: str, kind: str) -> Kind:
        """The kind of documents with this apiVersion and kind.

        Raises `CourseError`, in kubectl's words, where the cluster does not serve it (cli-runtime
        `pkg/resource/mapper.go`).
        """
        group = api_version.rpartition("/")[0]
        served = self._kinds.get((group, kind))
        for version in served.versions if served else ():
            if version.api_version == api_version:
                return version
        if served and api_version == served.api_version:
            return served
        for other in self.all_versions():
            if other.kind == kind and api_version == other.api_version:
                return other
        raise self._no_match(api_version, kind)

    def _no_match(self, api_version: str, kind: str) -> CourseError:
        same = [each for each in self if each.kind == kind]
        do = f"write apiVersion: {same[0].api_version}" if same else ""
        for each in same:
            if release := each.removed_versions.get(api_version):
                do = f"write apiVersion: {each.api_version}; {api_version} is served no longer "
                do += f"since Kubernetes {release}"
        there = ", ".join(each.kind for each in self if each.api_version == api_version)
        known = f"the kinds of {api_version} are {there}"
        return CourseError(
            f'no matches for kind "{kind}" in version "{api_version}"\n'
            "ensure CRDs are installed first",
            do=do or (known if there else f"no kind of {api_version} is served here"),
        )

    def of_document(self, document: Document) -> Kind:
        """The kind of a document; raises `InvalidManifest` where it does not say which."""
        for field in ("apiVersion", "kind"):
            value = document.get(field)
            if not isinstance(value, str) or not value:
                raise InvalidManifest(
                    f"{field} is missing" if field not in document else f"{field} is not text",
                    where=f"{title(document)}: {field}",
                    expected="text, such as v1 or apps/v1" if field == "apiVersion" else "a kind",
                    found=repr(value),
                )
        return self.of(document["apiVersion"], document["kind"])


def title(document: Document) -> str:
    """What to call a document in a message: `Deployment default/web`."""
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = metadata.get("name") or metadata.get("generateName") or "(no name)"
    space = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{document.get('kind', 'document')} {space}{name}"
