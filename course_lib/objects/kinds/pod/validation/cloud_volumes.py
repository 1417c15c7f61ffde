"""Volumes of networks and of clouds, most of which are deprecated (`validate...VolumeSource`)."""

from __future__ import annotations

import re

from course_lib.objects.field_errors import Errors, invalid, not_supported, required
from course_lib.objects.kinds.pod.validation.paths import descending_path
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid
from course_lib.objects.validation.resources import driver_name

_ISCSI = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$"),
    "eui": re.compile(r"^eui.[A-Za-z0-9]{16}$"),
    "naa": re.compile(r"^naa.[A-Za-z0-9]{32}$"),
}
_PARTITION = formats.outside(1, 255)
_HOSTS = "must be a host:port pair or multiple pairs separated by commas"
_RESERVED = "kubernetes.io and k8s.io namespaces are reserved"
_MANAGED = (
    "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/"
    "{disk-id}"
)
_BLOB = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
_DISK_KINDS = ("Dedicated", "Managed", "Shared")


def _needs(source: Document, path: str, *fields: str) -> Errors:
    for field in fields:
        if not source.get(field):
            yield required(f"{path}.{field}")


def _secret(source: Document, path: str, field: str = "secretRef") -> Errors:
    reference = source.get(field)
    if reference is not None and not reference.get("name"):
        yield required(f"{path}.{field}.name")


def git_repo(source: Document, path: str) -> Errors:
    """A git repository."""
    yield from _needs(source, path, "repository")
    yield from descending_path(source.get("directory", ""), f"{path}.directory")


def _disk(source: Document, path: str, name: str) -> Errors:
    yield from _needs(source, path, name)
    if not 0 <= (part := source.get("partition", 0)) <= 255:
        yield invalid(f"{path}.partition", part, _PARTITION)


def gce_disk(source: Document, path: str) -> Errors:
    """A persistent disk of Google Compute Engine."""
    yield from _disk(source, path, "pdName")


def aws_disk(source: Document, path: str) -> Errors:
    """A disk of AWS Elastic Block Store."""
    yield from _disk(source, path, "volumeID")


def nfs(source: Document, path: str) -> Errors:
    """A directory of an NFS server."""
    yield from _needs(source, path, "server", "path")
    if not source.get("path", "").startswith("/"):
        yield invalid(f"{path}.path", source.get("path", ""), "must be an absolute path")


def iscsi(source: Document, path: str) -> Errors:
    """A disk that speaks iSCSI."""
    yield from _needs(source, path, "targetPortal", "iqn")
    if name := source.get("iqn"):
        yield from _iscsi_name(name, f"{path}.iqn")
    if not 0 <= (lun := source.get("lun", 0)) <= 255:
        yield invalid(f"{path}.lun", lun, formats.outside(0, 255))
    chap = source.get("chapAuthDiscovery") or source.get("chapAuthSession")
    if chap and source.get("secretRef") is None:
        yield required(f"{path}.secretRef")
    initiator = source.get("initiatorName")
    if initiator is not None:
        yield from _iscsi_name(initiator, f"{path}.initiatorname")


def _iscsi_name(name: str, path: str) -> Errors:
    form = _ISCSI.get(name[:3])
    if form is None:
        yield invalid(path, name, "must be valid format starting with iqn, eui, or naa")
    elif not form.search(name):
        yield invalid(path, name, "must be valid format")


def glusterfs(source: Document, path: str) -> Errors:
    """A volume of GlusterFS."""
    yield from _needs(source, path, "endpoints", "path")


def flocker(source: Document, path: str) -> Errors:
    """A dataset of Flocker."""
    name, uuid = source.get("datasetName", ""), source.get("datasetUUID", "")
    if not name and not uuid:
        yield required(path, "one of datasetName and datasetUUID is required")
    if name and uuid:
        rule = "datasetName and datasetUUID can not be specified simultaneously"
        yield invalid(path, "resource", rule)
    if "/" in name:
        yield invalid(f"{path}.datasetName", name, "must not contain '/'")


def rbd(source: Document, path: str) -> Errors:
    """An image of Ceph's block device."""
    yield from _needs(source, path, "monitors", "image")


def cinder(source: Document, path: str) -> Errors:
    """A volume of OpenStack."""
    yield from _needs(source, path, "volumeID")
    yield from _secret(source, path)


def cephfs(source: Document, path: str) -> Errors:
    """A directory of CephFS."""
    yield from _needs(source, path, "monitors")


def quobyte(source: Document, path: str) -> Errors:
    """A volume of Quobyte."""
    registry = source.get("registry", "")
    if not registry:
        yield required(f"{path}.registry", _HOSTS)
    elif len(source.get("tenant", "").encode()) >= 65:
        rule = "must be a UUID and may not exceed a length of 64 characters"
        yield required(f"{path}.tenant", rule)
    else:
        for pair in registry.split(","):
            if not re.fullmatch(r"(\[[^\[\]]*\]|[^:\[\]]*):[^:\[\]]*", pair):
                yield invalid(f"{path}.registry", registry, _HOSTS)
    yield from _needs(source, path, "volume")


def fibre_channel(source: Document, path: str) -> Errors:
    """A disk behind Fibre Channel."""
    targets, names = source.get("targetWWNs") or [], source.get("wwids") or []
    here, lun = f"{path}.targetWWNs", source.get("lun")
    if not targets and not names:
        yield required(here, "must specify either targetWWNs or wwids, but not both")
    if targets and names:
        yield invalid(here, targets, "targetWWNs and wwids can not be specified simultaneously")
    if targets and lun is None:
        yield required(f"{path}.lun", "lun is required if targetWWNs is specified")
    elif targets and lun is not None and not 0 <= lun <= 255:
        yield invalid(f"{path}.lun", lun, formats.outside(0, 255))


def flex_volume(source: Document, path: str) -> Errors:
    """A volume of an external program."""
    yield from _needs(source, path, "driver")
    for key in source.get("options") or {}:
        space = f".{key.partition('/')[0].lower()}"
        if space.endswith((".kubernetes.io", ".k8s.io")):
            yield invalid(f"{path}.options[{key}]", key, _RESERVED)


def azure_file(source: Document, path: str) -> Errors:
    """A share of Azure Files."""
    yield from _needs(source, path, "secretName", "shareName")


def azure_disk(source: Document, path: str) -> Errors:
    """A data disk of Azure."""
    yield from _needs(source, path, "diskName", "diskURI")
    caching, kind = source.get("cachingMode"), source.get("kind")
    if caching is not None and caching not in (modes := ("None", "ReadOnly", "ReadWrite")):
        yield not_supported(f"{path}.cachingMode", caching, modes)
    if kind is not None and kind not in _DISK_KINDS:
        yield not_supported(f"{path}.kind", kind, _DISK_KINDS)
    uri = source.get("diskURI", "")
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        yield not_supported(f"{path}.diskURI", uri, (_MANAGED,))
    if kind not in (None, "Managed") and not uri.startswith("https://"):
        yield not_supported(f"{path}.diskURI", uri, (_BLOB,))


def vsphere(source: Document, path: str) -> Errors:
    """A disk of vSphere."""
    yield from _needs(source, path, "volumePath")


def photon(source: Document, path: str) -> Errors:
    """A disk of the Photon controller."""
    yield from _needs(source, path, "pdID")


def portworx(source: Document, path: str) -> Errors:
    """A volume of Portworx."""
    yield from _needs(source, path, "volumeID")


def storage_os(source: Document, path: str) -> Errors:
    """A volume of StorageOS."""
    yield from _needs(source, path, "volumeName")
    for field in ("volumeName", "volumeNamespace"):
        if value := source.get(field, ""):
            yield from all_invalid(f"{path}.{field}", value, formats.label(value))
    yield from _secret(source, path)


def scale_io(source: Document, path: str) -> Errors:
    """A volume of ScaleIO."""
    yield from _needs(source, path, "gateway", "system", "volumeName")


def csi(source: Document, path: str) -> Errors:
    """A volume of a CSI driver, for this Pod alone (`validateCSIVolumeSource`)."""
    yield from driver_name(source.get("driver", ""), f"{path}.driver")
    secret = source.get("nodePublishSecretRef")
    if secret is None:
        return
    if name := secret.get("name", ""):
        yield from all_invalid(f"{path}.name", name, formats.subdomain(name))
    else:
        yield required(f"{path}.nodePublishSecretRef.name")
