"""Where the storage of a PersistentVolume is: what each kind of source must say.

Source: `ValidatePersistentVolumeSpec` and what it calls in `pkg/apis/core/validation`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

import course_lib.objects.kinds.pod.validation.cloud_volumes as of_pods
from course_lib.objects.field_errors import Errors, forbidden, invalid, required
from course_lib.objects.kinds.pod.validation.file_volumes import host_path
from course_lib.objects.kinds.pod.validation.paths import no_backsteps
from course_lib.objects.manifests import Document
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid
from course_lib.objects.validation.resources import driver_name

Judge = Callable[[Document, str], Errors]
# The fields of each source in the API server's own form and order: the name there, the name in
# documents where it is another one, and its value while empty where that is not "".
_OWN = {
    "gcePersistentDisk": "GCEPersistentDisk PDName=pdName FSType=fsType Partition:0 ReadOnly:false",
    "awsElasticBlockStore": "AWSElasticBlockStore VolumeID FSType=fsType Partition:0 "
    "ReadOnly:false",
    "hostPath": "HostPath Path Type:null",
    "glusterfs": "Glusterfs EndpointsName=endpoints Path ReadOnly:false EndpointsNamespace:null",
    "nfs": "NFS Server Path ReadOnly:false",
    "rbd": "RBD CephMonitors=monitors:null RBDImage=image FSType=fsType RBDPool=pool "
    "RadosUser=user Keyring SecretRef:null ReadOnly:false",
    "iscsi": "ISCSI TargetPortal IQN=iqn Lun:0 ISCSIInterface=iscsiInterface FSType=fsType "
    "ReadOnly:false Portals:null DiscoveryCHAPAuth=chapAuthDiscovery:false "
    "SessionCHAPAuth=chapAuthSession:false SecretRef:null InitiatorName:null",
    "cinder": "Cinder VolumeID FSType=fsType ReadOnly:false SecretRef:null",
    "cephfs": "CephFS Monitors:null Path User SecretFile SecretRef:null ReadOnly:false",
    "fc": "FC TargetWWNs:null Lun:null FSType=fsType ReadOnly:false WWIDs=wwids:null",
    "flocker": "Flocker DatasetName DatasetUUID",
    "flexVolume": "FlexVolume Driver FSType=fsType SecretRef:null ReadOnly:false Options:null",
    "azureFile": "AzureFile SecretName ShareName ReadOnly:false SecretNamespace:null",
    "vsphereVolume": "VsphereVolume VolumePath FSType=fsType StoragePolicyName StoragePolicyID",
    "quobyte": "Quobyte Registry Volume ReadOnly:false User Group Tenant",
    "azureDisk": "AzureDisk DiskName DataDiskURI=diskURI CachingMode:null FSType=fsType:null "
    "ReadOnly:null Kind:null",
    "photonPersistentDisk": "PhotonPersistentDisk PdID FSType=fsType",
    "portworxVolume": "PortworxVolume VolumeID FSType=fsType ReadOnly:false",
    "scaleIO": "ScaleIO Gateway System SecretRef:null SSLEnabled=sslEnabled:false "
    "ProtectionDomain StoragePool StorageMode VolumeName FSType=fsType ReadOnly:false",
    "local": "Local Path FSType=fsType:null",
    "storageos": "StorageOS VolumeName VolumeNamespace FSType=fsType ReadOnly:false SecretRef:null",
    "csi": "CSI Driver VolumeHandle ReadOnly:false FSType=fsType VolumeAttributes:null "
    "ControllerPublishSecretRef:null NodeStageSecretRef:null NodePublishSecretRef:null "
    "ControllerExpandSecretRef:null NodeExpandSecretRef:null",
}
SOURCES = tuple(_OWN)
ONE = "may not specify more than 1 volume type"
PORTAL = (
    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if "
    "iscsi.initiatorName is specified."
)
SPACE = "if the endpointnamespace is set, it must be a valid namespace name"


def own_form(spec: Document) -> Document:
    """The source of a spec as the API server has it: all kinds of sources, with all fields."""
    shown: Document = {}
    for field, text in _OWN.items():
        name, *parts = text.split()
        source = spec.get(field)
        shown[name] = None if source is None else dict(_part(source, part) for part in parts)
    return shown


def _part(source: Document, part: str) -> tuple[str, object]:
    text, _, empty = part.partition(":")
    name, _, field = text.partition("=")
    value = source.get(field or name[0].lower() + name[1:])
    if value is None:
        return name, {"": "", "0": 0, "false": False, "null": None}[empty]
    if name.endswith("SecretRef"):
        return name, {"Name": value.get("name", ""), "Namespace": value.get("namespace", "")}
    return name, value


def source_errors(spec: Document, path: str, name: str) -> Errors:
    """The source of a volume of a `name`, whose `spec` has one; the path is that of the spec."""
    found = False
    for field, judge in _JUDGES.items():
        if (source := spec.get(field)) is None:
            continue
        if found and field != "flexVolume":
            yield forbidden(f"{path}.{'cephFS' if field == 'cephfs' else field}", ONE)
            continue
        found = True
        here = f"{path}.{'persistentDisk' if field == 'gcePersistentDisk' else field}"
        yield from judge(source, here)
        if field == "iscsi":
            yield from _portal(source, here, name)
        if field == "local" and spec.get("nodeAffinity") is None:
            yield required(f"{path}.nodeAffinity", "Local volume requires node affinity")
    if not found:
        yield required(path, "must specify a volume type")


def _portal(source: Document, path: str, name: str) -> Errors:
    portal = source.get("targetPortal", "")
    if source.get("initiatorName") is not None and len(f"{name}:{portal}".encode()) > 64:
        yield invalid(f"{path}.targetportal", portal, PORTAL)


def _iscsi(source: Document, path: str) -> Errors:
    for error in of_pods.iscsi(source, path):
        form = error.detail.startswith("must be valid format")
        yield msgspec.structs.replace(error, detail="must be valid format") if form else error
    yield from _named(source, path, "name")


def _named(source: Document, path: str, *fields: str) -> Errors:
    """The Secret of a source."""
    reference: Document | None = source.get("secretRef")
    for field in fields:
        if reference is not None and not reference.get(field):
            yield required(f"{path}.secretRef.{field}")


def _glusterfs(source: Document, path: str) -> Errors:
    yield from of_pods.glusterfs(source, path)
    space = source.get("endpointsNamespace")
    if space == "":
        yield invalid(f"{path}.endpointsNamespace", space, SPACE)
    elif space is not None:
        yield from all_invalid(f"{path}.endpointsNamespace", space, formats.label(space))


def _cinder(source: Document, path: str) -> Errors:
    yield from of_pods.cinder({**source, "secretRef": None}, path)
    yield from _named(source, path, "name", "namespace")


def _storage_os(source: Document, path: str) -> Errors:
    yield from of_pods.storage_os({**source, "secretRef": None}, path)
    yield from _named(source, path, "name", "namespace")


def _azure_file(source: Document, path: str) -> Errors:
    yield from of_pods.azure_file(source, path)
    if source.get("secretNamespace") == "":
        yield required(f"{path}.secretNamespace")


def _local(source: Document, path: str) -> Errors:
    if not source.get("path"):
        yield required(f"{path}.path")
    else:
        yield from no_backsteps(source["path"], f"{path}.path")


def _csi(source: Document, path: str) -> Errors:
    yield from driver_name(source.get("driver", ""), f"{path}.driver")
    if not source.get("volumeHandle"):
        yield required(f"{path}.volumeHandle")
    for use in ("controllerPublish", "controllerExpand", "nodePublish", "nodeExpand"):
        reference, here = source.get(f"{use}SecretRef"), f"{path}.{use}SecretRef"
        for field, form in (("name", formats.subdomain), ("namespace", formats.label)):
            if reference is not None and not reference.get(field):
                yield required(f"{here}.{field}")
            elif reference is not None:
                yield from all_invalid(f"{here}.{field}", reference[field], form(reference[field]))


_JUDGES: Mapping[str, Judge] = {
    "hostPath": host_path,
    "gcePersistentDisk": of_pods.gce_disk,
    "awsElasticBlockStore": of_pods.aws_disk,
    "glusterfs": _glusterfs,
    "flocker": of_pods.flocker,
    "nfs": of_pods.nfs,
    "rbd": of_pods.rbd,
    "quobyte": of_pods.quobyte,
    "cephfs": of_pods.cephfs,
    "iscsi": _iscsi,
    "cinder": _cinder,
    "fc": of_pods.fibre_channel,
    "flexVolume": of_pods.flex_volume,
    "azureFile": _azure_file,
    "vsphereVolume": of_pods.vsphere,
    "photonPersistentDisk": of_pods.photon,
    "portworxVolume": of_pods.portworx,
    "azureDisk": of_pods.azure_disk,
    "scaleIO": of_pods.scale_io,
    "local": _local,
    "storageos": _storage_os,
    "csi": _csi,
}
