"""What a volume is made of: each kind of source with its fields.

Source: the functions `print...VolumeSource` in `pkg/describe/describe.go` of k8s.io/kubectl. As
there, a field that is not set shows Go's zero value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from course_lib.apiserver.go_values import go_text
from course_lib.kubectl.describing.claims import inside
from course_lib.kubectl.describing.values import quantity
from course_lib.kubectl.describing.writing import (
    LONGEST_NOTE,
    NONE,
    UNSET,
    Lines,
    field,
)
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity

Fields = Callable[[Document], Lines]


class VolumeKind(NamedTuple):
    """A kind of volume: how it is called, and which lines tell of it."""

    words: str
    fields: Fields

    def lines(self, source: Document) -> Lines:
        """All lines of such a source."""
        yield field("Type", self.words)
        yield from self.fields(source)


def plain(*fields: tuple[str, str] | tuple[str, str, object]) -> Fields:
    """Fields as they are: title, name, and the value where there is none (empty text)."""

    def lines(source: Document) -> Lines:
        for title, name, *zero in fields:
            yield field(title, go_text(source.get(name, zero[0] if zero else "")))

    return lines


def then(*parts: Fields) -> Fields:
    """All lines of several parts."""
    return lambda source: (line for part in parts for line in part(source))


def _reference(kind: str) -> Fields:
    """A reference to a Secret, as Go's generated code writes one of its `kind`."""

    def lines(source: Document) -> Lines:
        reference = source.get("secretRef")
        if reference is None:
            yield field("SecretRef", "nil")
            return
        names = {"Name": reference.get("name", "")}
        if kind == "SecretReference":
            names["Namespace"] = reference.get("namespace", "")
        inside = "".join(f"{key}:{value}," for key, value in names.items())
        yield field("SecretRef", f"&{kind}{{{inside}}}")

    return lines


LOCAL, GLOBAL = _reference("LocalObjectReference"), _reference("SecretReference")
READ_ONLY = ("ReadOnly", "readOnly", False)
FS_TYPE = ("FSType", "fsType")


def empty_dir(source: Document) -> Lines:
    """Where an empty directory is kept, and how large it may become."""
    limit = source.get("sizeLimit")
    yield field("Medium", source.get("medium"))
    yield field("SizeLimit", quantity(limit) if limit and Quantity(limit).nano > 0 else UNSET)


def named(title: str, name: str) -> Fields:
    """A Secret or a ConfigMap by its name, and whether it may be missing."""
    return plain((title, name), ("Optional", "optional", False))


def projected(source: Document) -> Lines:
    """Each of the parts that are projected into one directory."""
    for part in source.get("sources") or ():
        if "secret" in part:
            yield from named("SecretName", "name")(part["secret"])
        elif "downwardAPI" in part:
            yield field("DownwardAPI", "true")
        elif "configMap" in part:
            yield from named("ConfigMapName", "name")(part["configMap"])
        elif "serviceAccountToken" in part:
            lasts = part["serviceAccountToken"].get("expirationSeconds", 0)
            yield field("TokenExpirationSeconds", lasts)


def downward(source: Document) -> Lines:
    """Which field of the Pod is in which file."""
    yield "Items:"
    for item in source.get("items") or ():
        for name, of in (("fieldRef", "fieldPath"), ("resourceFieldRef", "resource")):
            if name in item:
                yield f"  {item[name].get(of, '')} -> {item.get('path', '')}"


def ephemeral(source: Document) -> Lines:
    """The template of a claim that lives as long as its Pod."""
    template = source.get("volumeClaimTemplate")
    return inside(template) if template else iter(())


def _attributes(source: Document) -> Lines:
    """Attributes one below the other; as in the real one, further to the right than others."""
    attributes = sorted((source.get("volumeAttributes") or {}).items())
    if not attributes:
        yield field("VolumeAttributes", NONE)
    for n, (key, value) in enumerate(attributes):
        line = f"{key}={value}"
        shown = line if len(line) <= LONGEST_NOTE else f"{line[:LONGEST_NOTE]}..."
        yield f"{'' if n else 'VolumeAttributes:'}\t    {shown}"


def channels(source: Document) -> Lines:
    """Names and number of a disk behind Fibre Channel."""
    yield field("TargetWWNs", ", ".join(source.get("targetWWNs") or ()))
    yield field("LUN", source.get("lun", NONE))


def iscsi(reference: Fields) -> Fields:
    """A disk behind iSCSI; `reference` names its Secret."""
    return then(
        plain(("TargetPortal", "targetPortal"), ("IQN", "iqn"), ("Lun", "lun", 0)),
        lambda source: iter([f"ISCSIInterface\t{source.get('iscsiInterface', '')}"]),
        plain(FS_TYPE, READ_ONLY, ("Portals", "portals", [])),
        plain(("DiscoveryCHAPAuth", "chapAuthDiscovery", False)),
        plain(("SessionCHAPAuth", "chapAuthSession", False)),
        reference,
        plain(("InitiatorName", "initiatorName", NONE)),
    )


def rbd(reference: Fields) -> Fields:
    """A block device of Ceph; `reference` names its Secret."""
    return then(
        plain(("CephMonitors", "monitors", []), ("RBDImage", "image"), FS_TYPE),
        plain(("RBDPool", "pool"), ("RadosUser", "user"), ("Keyring", "keyring")),
        reference,
        plain(READ_ONLY),
    )


def ceph(reference: Fields) -> Fields:
    """A file system of Ceph; `reference` names its Secret."""
    return then(
        plain(("Monitors", "monitors", []), ("Path", "path"), ("User", "user")),
        plain(("SecretFile", "secretFile")),
        reference,
        plain(READ_ONLY),
    )


def flex(reference: Fields) -> Fields:
    """A volume of an exec plugin; `reference` names its Secret."""
    driver = plain(("Driver", "driver"), FS_TYPE)
    return then(driver, reference, plain(READ_ONLY, ("Options", "options", {})))


def cinder(reference: Fields) -> Fields:
    """A disk of OpenStack; `reference` names its Secret."""
    return then(plain(("VolumeID", "volumeID"), FS_TYPE, READ_ONLY), reference)


def csi(*handle: tuple[str, str]) -> Fields:
    """A volume of a CSI driver; `handle` is the field with its name there."""
    return then(plain(("Driver", "driver"), FS_TYPE, *handle, READ_ONLY), _attributes)


def secret_of_scale_io(source: Document) -> Lines:
    """The Secret of a persistent volume in ScaleIO."""
    reference = source.get("secretRef") or {}
    yield field("SecretName", reference.get("name"))
    yield field("SecretNamespace", reference.get("namespace"))
