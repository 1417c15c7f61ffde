"""Volumes of Pods, and the sources of PersistentVolumes: a row for each kind of source.

Source: `describeVolumes` and `describePersistentVolume` in `pkg/describe/describe.go` of
k8s.io/kubectl; the first source in this order counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from course_lib.kubectl.describing import volume_sources as of
from course_lib.kubectl.describing.volume_sources import FS_TYPE, READ_ONLY, Source, plain
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

BOTH: dict[str, Source] = {
    "hostPath": Source(
        "HostPath (bare host directory volume)",
        plain(("Path", "path"), ("HostPathType", "type", NONE)),
    ),
    "gcePersistentDisk": Source(
        "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        plain(("PDName", "pdName"), FS_TYPE, PARTITION, READ_ONLY),
    ),
    "awsElasticBlockStore": Source(
        "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        plain(("VolumeID", "volumeID"), FS_TYPE, PARTITION, READ_ONLY),
    ),
    "nfs": Source(
        "NFS (an NFS mount that lasts the lifetime of a pod)",
        plain(("Server", "server"), ("Path", "path"), READ_ONLY),
    ),
    "quobyte": Source(
        "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
        plain(("Registry", "registry"), ("Volume", "volume"), READ_ONLY),
    ),
    "vsphereVolume": Source(
        "vSphereVolume (a Persistent Disk resource in vSphere)",
        plain(("VolumePath", "volumePath"), FS_TYPE, ("StoragePolicyName", "storagePolicyName")),
    ),
    "azureDisk": Source(
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
    "photonPersistentDisk": Source(
        "PhotonPersistentDisk (a Persistent Disk resource in photon platform)",
        plain(("PdID", "pdID"), FS_TYPE),
    ),
    "portworxVolume": Source(
        "PortworxVolume (a Portworx Volume resource)", plain(("VolumeID", "volumeID"))
    ),
    "storageos": Source(
        "StorageOS (a StorageOS Persistent Disk resource)",
        plain(
            ("VolumeName", "volumeName"), ("VolumeNamespace", "volumeNamespace"), FS_TYPE, READ_ONLY
        ),
    ),
    "fc": Source("FC (a Fibre Channel disk)", of.then(of.channels, plain(FS_TYPE, READ_ONLY))),
    "flocker": Source(
        "Flocker (a Flocker volume mounted by the Flocker agent)",
        plain(("DatasetName", "datasetName"), ("DatasetUUID", "datasetUUID")),
    ),
}
VOLUMES: dict[str, Source] = BOTH | {
    "emptyDir": Source(
        "EmptyDir (a temporary directory that shares a pod's lifetime)", of.empty_dir
    ),
    "gitRepo": Source(
        "GitRepo (a volume that is pulled from git when the pod is created)",
        plain(("Repository", "repository"), ("Revision", "revision")),
    ),
    "secret": Source(
        "Secret (a volume populated by a Secret)", of.named("SecretName", "secretName")
    ),
    "configMap": Source("ConfigMap (a volume populated by a ConfigMap)", of.named("Name", "name")),
    "iscsi": Source(ISCSI, of.iscsi(of.LOCAL)),
    "glusterfs": Source(GLUSTER, plain(ENDPOINTS, ("Path", "path"), READ_ONLY)),
    "persistentVolumeClaim": Source(
        "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        plain(("ClaimName", "claimName"), READ_ONLY),
    ),
    "ephemeral": Source(
        "EphemeralVolume (an inline specification for a volume that gets created and deleted "
        "with the pod)",
        of.ephemeral,
    ),
    "rbd": Source(RBD, of.rbd(of.LOCAL)),
    "downwardAPI": Source(
        "DownwardAPI (a volume populated by information about the pod)", of.downward
    ),
    "cinder": Source(CINDER, of.cinder(of.LOCAL)),
    "scaleIO": Source(SCALE_IO, of.then(GATEWAY, plain(FS_TYPE, READ_ONLY))),
    "cephfs": Source(CEPH, of.ceph(of.LOCAL)),
    "azureFile": Source(
        AZURE_FILE, plain(("SecretName", "secretName"), ("ShareName", "shareName"), READ_ONLY)
    ),
    "flexVolume": Source(FLEX, of.flex(of.LOCAL)),
    "projected": Source(
        "Projected (a volume that contains injected data from multiple sources)", of.projected
    ),
    "csi": Source(CSI, of.csi()),
    "image": Source(
        "Image (a container image or OCI artifact)",
        plain(("Reference", "reference"), ("PullPolicy", "pullPolicy")),
    ),
}
PERSISTENT: dict[str, Source] = BOTH | {
    "iscsi": Source(ISCSI, of.iscsi(of.GLOBAL)),
    "glusterfs": Source(
        GLUSTER,
        plain(
            ENDPOINTS,
            ("EndpointsNamespace", "endpointsNamespace", "<unset>"),
            ("Path", "path"),
            READ_ONLY,
        ),
    ),
    "rbd": Source(RBD, of.rbd(of.GLOBAL)),
    "cinder": Source(CINDER, of.cinder(of.GLOBAL)),
    "scaleIO": Source(SCALE_IO, of.then(GATEWAY, of.secret_of_scale_io, plain(FS_TYPE, READ_ONLY))),
    "local": Source(
        "LocalVolume (a persistent volume backed by local storage on a node)",
        plain(("Path", "path")),
    ),
    "cephfs": Source(CEPH, of.ceph(of.GLOBAL)),
    "azureFile": Source(
        AZURE_FILE,
        plain(
            ("SecretName", "secretName"),
            ("SecretNamespace", "secretNamespace"),
            ("ShareName", "shareName"),
            READ_ONLY,
        ),
    ),
    "flexVolume": Source(FLEX, of.flex(of.GLOBAL)),
    "csi": Source(CSI, of.csi(("VolumeHandle", "volumeHandle"))),
}


def source_lines(volume: Document, sources: Mapping[str, Source]) -> Lines:
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
