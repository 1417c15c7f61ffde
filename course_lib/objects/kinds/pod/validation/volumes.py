"""The volumes of a Pod (`ValidateVolumes`): one source each, and names that are used once."""

from __future__ import annotations

from collections.abc import Callable

from course_lib.objects.field_errors import (
    Errors,
    FieldError,
    duplicate,
    forbidden,
    invalid,
    required,
)
from course_lib.objects.kinds.pod.validation import cloud_volumes as cloud
from course_lib.objects.kinds.pod.validation import file_volumes as files
from course_lib.objects.kinds.pod.validation.claim_templates import ephemeral
from course_lib.objects.kinds.pod.validation.containers_of import each
from course_lib.objects.kinds.pod.validation.handlers import pull_policy
from course_lib.objects.kinds.pod.validation.projections import projected
from course_lib.objects.manifests import Document
from course_lib.objects.quantity import Quantity
from course_lib.objects.validation import formats
from course_lib.objects.validation.meta import all_invalid

Rule = Callable[[Document, str], Errors]
ONE_TYPE = "may not specify more than 1 volume type"


def _empty_dir(source: Document, path: str) -> Errors:
    if "sizeLimit" in source and Quantity(source["sizeLimit"]).nano < 0:
        yield forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")


def _image(source: Document, path: str) -> Errors:
    if not source.get("reference"):
        yield required(f"{path}.reference")
    yield from pull_policy(source.get("pullPolicy", ""), f"{path}.pullPolicy")


# In the order in which they are looked at; some paths differ from the field's name.
_SOURCES: dict[str, Rule] = {
    "emptyDir": _empty_dir,
    "hostPath": files.host_path,
    "gitRepo": cloud.git_repo,
    "gcePersistentDisk": cloud.gce_disk,
    "awsElasticBlockStore": cloud.aws_disk,
    "secret": files.secret,
    "nfs": cloud.nfs,
    "iscsi": cloud.iscsi,
    "glusterfs": cloud.glusterfs,
    "flocker": cloud.flocker,
    "persistentVolumeClaim": files.claim,
    "rbd": cloud.rbd,
    "cinder": cloud.cinder,
    "cephfs": cloud.cephfs,
    "quobyte": cloud.quobyte,
    "downwardAPI": files.downward_api,
    "fc": cloud.fibre_channel,
    "flexVolume": cloud.flex_volume,
    "configMap": files.config_map,
    "azureFile": cloud.azure_file,
    "vsphereVolume": cloud.vsphere,
    "photonPersistentDisk": cloud.photon,
    "portworxVolume": cloud.portworx,
    "azureDisk": cloud.azure_disk,
    "storageos": cloud.storage_os,
    "projected": projected,
    "scaleIO": cloud.scale_io,
    "csi": cloud.csi,
    "ephemeral": ephemeral,
    "image": _image,
}
_SECOND = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
_FIRST = {"gcePersistentDisk": "persistentDisk"}
LONGEST_PORTAL = 64
ISCSI_TOO_LONG = (
    "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if "
    "iscsi.initiatorName is specified."
)


def volumes(spec: Document, name: str, path: str) -> tuple[dict[str, Document], list[FieldError]]:
    """The volumes of a spec that are right, by name, and what is wrong with the others.

    `name` is that of the Pod, empty where it is not known; `path` is that of the volumes.
    """
    errors: list[FieldError] = []
    good: dict[str, Document] = {}
    listed = spec.get("volumes") or ()
    made = {f"{name}-{volume.get('name', '')}" for volume in listed if "ephemeral" in volume}
    for volume, here in each(listed, path):
        told = list(_volume(volume, name, here))
        if volume.get("name", "") in good:
            told.append(duplicate(f"{here}.name", volume.get("name", "")))
        errors += told
        if not told:
            good[volume["name"]] = volume
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
        if name and claim and claim in made:
            rule = "must not reference a PVC that gets created for an ephemeral volume"
            errors.append(invalid(f"{here}.persistentVolumeClaim.claimName", claim, rule))
    return good, errors


def _volume(volume: Document, pod: str, path: str) -> Errors:
    name = volume.get("name", "")
    yield from _source(volume, pod, path)
    if name:
        yield from all_invalid(f"{path}.name", name, formats.label(name))
    else:
        yield required(f"{path}.name")


def _claim_name(name: str, pod: str, path: str) -> Errors:
    """The name of the claim that is made for an ephemeral volume of a `pod`."""
    claim = f"{pod}-{name}"
    for problem in formats.subdomain(claim):
        yield invalid(f"{path}.name", name, f'PVC name "{claim}": {problem}')


def _source(volume: Document, pod: str, path: str) -> Errors:
    """One source (`validateVolumeSource`)."""
    name, found = volume.get("name", ""), 0
    for field, rule in _SOURCES.items():
        source = volume.get(field)
        if source is None:
            continue
        if found:
            yield forbidden(f"{path}.{_SECOND.get(field, field)}", ONE_TYPE)
        else:
            found += 1
            yield from rule(source, f"{path}.{_FIRST.get(field, field)}")
            if field == "ephemeral" and pod and name:
                yield from _claim_name(name, pod, path)
        if field == "iscsi" and source.get("initiatorName") is not None:
            yield from _portal(name, source.get("targetPortal", ""), path)
    if not found:
        yield required(path, "must specify a volume type")


def _portal(name: str, portal: str, path: str) -> Errors:
    """The name of a volume and the portal of its disk are one text."""
    if len(f"{name}:{portal}".encode()) > LONGEST_PORTAL:
        yield invalid(f"{path}.name", name, ISCSI_TOO_LONG)


def claim_names(document: Document) -> Errors:
    """What the name of a Pod is to the claims of its volumes, which are right by themselves."""
    pod, listed = document["metadata"].get("name", ""), document["spec"].get("volumes") or ()
    made = {f"{pod}-{volume['name']}" for volume in listed if "ephemeral" in volume}
    for volume, here in each(listed, "spec.volumes") if made and pod else ():
        if "ephemeral" in volume:
            yield from _claim_name(volume["name"], pod, here)
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
        if claim in made:
            rule = "must not reference a PVC that gets created for an ephemeral volume"
            yield invalid(f"{here}.persistentVolumeClaim.claimName", claim, rule)
