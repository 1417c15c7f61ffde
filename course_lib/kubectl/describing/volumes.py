"""Volumes of Pods, and the sources of PersistentVolumes: a row for each kind of source.

Source: `describeVolumes` and `describePersistentVolume` in `pkg/describe/describe.go` of
k8s.io/kubectl; the first source in this order counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from course_lib.kubectl.describing import volume_sources as of
from course_lib.kubectl.describing.volume_sources import FS_TYPE, READ_ONLY, VolumeKind, plain
from course_lib.kubectl.describing.writing import NONE, Lines, field, indented
from course_lib.objects.manifests import Document

CSI = "CSI (a Container Storage Interface (CSI) volume source)"
CINDER = "Cinder (a Persistent Disk resource in OpenStack)"
ISCSI = (
    "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed "
    "to the pod)"
)
RBD = "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)"
CEPH = "CephFS (a CephFS mount on the host that shares a pod's lifetime)"
FLEX = (
    "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)"
)
GLUSTER = "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)"
SCALE_IO = "ScaleIO (a persistent volume backed by a block device in ScaleIO)"
AZURE_FILE = "AzureFile (an Azure File Service mount on the host and bind mount to the pod)"
PARTITION = ("Partition", "partition", 0)
ENDPOINTS = ("EndpointsName", "endpoints")
GATEWAY = plain(
    ("Gateway", "gateway"),
    ("System", "system"),
    ("Protection Domain", "protectionDomain"),
    ("Storage Pool", "storagePool"),
    ("Storage Mode", "storageMode"),
    ("VolumeName", "volumeName"),
)

BOTH: dict[str, VolumeKind] = {
    "hostPath": VolumeKind(
        "HostPath (bare host directory volume)",
        plain(("Path", "path"), ("HostPathType", "type", NONE)),
    ),
    "gcePersistentDisk": VolumeKind(
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        plain(("PDName", "pdName"), FS_TYPE, PARTITION, READ_ONLY),
    ),
    "awsElasticBlockStore": VolumeKind(
        "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        plain(("VolumeID", "volumeID"), FS_TYPE, PARTITION, READ_ONLY),
    ),
    "nfs": VolumeKind(
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        plain(("Server", "server"), ("Path", "path"), READ_ONLY),
    ),
    "quobyte": VolumeKind(
        "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
        plain(("Registry", "registry"), ("Volume", "volume"), READ_ONLY),
    ),
    "vsphereVolume": VolumeKind(
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        plain(("VolumePath", "volumePath"), FS_TYPE, ("StoragePolicyName", "storagePolicyName")),
    ),
    "azureDisk": VolumeKind(
        "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        plain(
            ("DiskName", "diskName"),
            ("DiskURI", "diskURI"),
            ("Kind", "kind"),
            FS_TYPE,
            ("CachingMode", "cachingMode"),
            READ_ONLY,
        ),
    ),
    "photonPersistentDisk": VolumeKind(
        "PhotonPersistentDisk (a Persistent Disk resource in photon platform)",
        plain(("PdID", "pdID"), FS_TYPE),
    ),
    "portworxVolume": VolumeKind(
        "PortworxVolume (a Portworx Volume resource)", plain(("VolumeID", "volumeID"))
    ),
    "storageos": VolumeKind(
        "StorageOS (a StorageOS Persistent Disk resource)",
        plain(
            ("VolumeName", "volumeName"), ("VolumeNamespace", "volumeNamespace"), FS_TYPE, READ_ONLY
        ),
    ),
    "fc": VolumeKind("FC (a Fibre Channel disk)", of.then(of.channels, plain(FS_TYPE, READ_ONLY))),
    "flocker": VolumeKind(
        "Flocker (a Flocker volume mounted by the Flocker agent)",
        plain(("DatasetName", "datasetName"), ("DatasetUUID", "datasetUUID")),
    ),
}
VOLUMES: dict[str, VolumeKind] = BOTH | {
    "emptyDir": VolumeKind(
        "EmptyDir (a temporary directory that shares a pod's lifetime)", of.empty_dir
    ),
    "gitRepo": VolumeKind(
        "GitRepo (a volume that is pulled from git when the pod is created)",
        plain(("Repository", "repository"), ("Revision", "revision")),
    ),
    "secret": VolumeKind(
        "Secret (a volume populated by a Secret)", of.named("SecretName", "secretName")
    ),
    "configMap": VolumeKind(
        "ConfigMap (a volume populated by a ConfigMap)", of.named("Name", "name")
    ),
    "iscsi": VolumeKind(ISCSI, of.iscsi(of.LOCAL)),
    "glusterfs": VolumeKind(GLUSTER, plain(ENDPOINTS, ("Path", "path"), READ_ONLY)),
    "persistentVolumeClaim": VolumeKind(
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        plain(("ClaimName", "claimName"), READ_ONLY),
    ),
    "ephemeral": VolumeKind(
        "EphemeralVolume (an inline specification for a volume that gets created and deleted "
        "with the pod)",
        of.ephemeral,
    ),
    "rbd": VolumeKind(RBD, of.rbd(of.LOCAL)),
    "downwardAPI": VolumeKind(
        "DownwardAPI (a volume populated by information about the pod)", of.downward
    ),
    "cinder": VolumeKind(CINDER, of.cinder(of.LOCAL)),
    "scaleIO": VolumeKind(SCALE_IO, of.then(GATEWAY, plain(FS_TYPE, READ_ONLY))),
    "cephfs": VolumeKind(CEPH, of.ceph(of.LOCAL)),
    "azureFile": VolumeKind(
        AZURE_FILE, plain(("SecretName", "secretName"), ("ShareName", "shareName"), READ_ONLY)
    ),
    "flexVolume": VolumeKind(FLEX, of.flex(of.LOCAL)),
    "projected": VolumeKind(
        "Projected (a volume that contains injected data from multiple sources)", of.projected
    ),
    "csi": VolumeKind(CSI, of.csi()),
    "image": VolumeKind(
        "Image (a container image or OCI artifact)",
        plain(("Reference", "reference"), ("PullPolicy", "pullPolicy")),
    ),
}
PERSISTENT: dict[str, VolumeKind] = BOTH | {
    "iscsi": VolumeKind(ISCSI, of.iscsi(of.GLOBAL)),
    "glusterfs": VolumeKind(
        GLUSTER,
        plain(
            ENDPOINTS,
            ("EndpointsNamespace", "endpointsNamespace", "<unset>"),
            ("Path", "path"),
            READ_ONLY,
        ),
    ),
    "rbd": VolumeKind(RBD, of.rbd(of.GLOBAL)),
    "cinder": VolumeKind(CINDER, of.cinder(of.GLOBAL)),
    "scaleIO": VolumeKind(
        SCALE_IO, of.then(GATEWAY, of.secret_of_scale_io, plain(FS_TYPE, READ_ONLY))
    ),
    "local": VolumeKind(
        "LocalVolume (a persistent volume backed by local storage on a node)",
        plain(("Path", "path")),
    ),
    "cephfs": VolumeKind(CEPH, of.ceph(of.GLOBAL)),
    "azureFile": VolumeKind(
        AZURE_FILE,
        plain(
            ("SecretName", "secretName"),
            ("SecretNamespace", "secretNamespace"),
            ("ShareName", "shareName"),
            READ_ONLY,
        ),
    ),
    "flexVolume": VolumeKind(FLEX, of.flex(of.GLOBAL)),
    "csi": VolumeKind(CSI, of.csi(("VolumeHandle", "volumeHandle"))),
}


def source_lines(volume: Document, sources: Mapping[str, VolumeKind]) -> Lines:
    """What a volume is made of; `sources` are the kinds that it can have."""
    name = next((name for name in sources if volume.get(name) is not None), "")
    if name:
        yield from indented(sources[name].lines(volume[name]), 2)
    else:
        yield from indented(["<unknown>"])


def of_pod(volumes: Sequence[Document]) -> Lines:
    """The volumes of a Pod."""
    yield from _title(volumes)
    for volume in volumes:
        yield f"  {volume['name']}:"
        yield from source_lines(volume, VOLUMES)


def of_template(volumes: Sequence[Document]) -> Lines:
    """The volumes of a Pod template, as they stand below its other lines."""
    yield from _title(volumes)
    for volume in volumes:
        yield f" {volume['name']}:"
        yield from (line.removeprefix("  ") for line in source_lines(volume, VOLUMES))


def _title(volumes: Sequence[Document]) -> Lines:
    yield "Volumes:" if volumes else field("Volumes", NONE)
