"""The rules of the fields of a Pod's volumes (`validateVolumeSource`)."""

from __future__ import annotations

from course_lib.objects.field_rules import (
    Check,
    absolute,
    below,
    mapping,
    needs,
    no_way_up,
    one_field,
    one_of,
    quantity,
    text,
    unreserved,
    whole,
)
from course_lib.objects.kinds.pod.references import resource_field, volume_field

_MODE = whole(0, 0o777)
_ITEMS: dict[str, Check] = {
    "items[*]": needs("key", "path"),
    "items[*].path": unreserved,
    "items[*].mode": _MODE,
}
_DOWNWARD: dict[str, Check] = {
    "items[*]": lambda item: needs("path")(item) or one_field("fieldRef", "resourceFieldRef")(item),
    "items[*].path": unreserved,
    "items[*].mode": _MODE,
    "items[*].fieldRef.fieldPath": volume_field,
    "items[*].resourceFieldRef": needs("containerName", "resource"),
    "items[*].resourceFieldRef.resource": resource_field,
}
_SOURCES = (
    "clusterTrustBundle", "configMap", "downwardAPI", "podCertificate", "secret",
    "serviceAccountToken",
)  # fmt: skip
VOLUME: dict[str, Check] = {
    "hostPath": needs("path"),
    "hostPath.path": no_way_up,
    "hostPath.type": one_of(
        "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate",
        "Socket",
    ),
    "emptyDir": mapping,
    "emptyDir.medium": text,
    "emptyDir.sizeLimit": quantity,
    "configMap": needs("name"),
    "configMap.defaultMode": _MODE,
    **below("configMap", _ITEMS),
    "secret": needs("secretName"),
    "secret.defaultMode": _MODE,
    **below("secret", _ITEMS),
    "persistentVolumeClaim": needs("claimName"),
    "downwardAPI.defaultMode": _MODE,
    **below("downwardAPI", _DOWNWARD),
    "nfs": needs("server", "path"),
    "nfs.path": absolute,
    "csi": needs("driver"),
    "image": needs("reference"),
    "ephemeral": needs("volumeClaimTemplate"),
    "ephemeral.volumeClaimTemplate.spec": needs("accessModes"),
    "projected.sources[*]": lambda source: "" if source == {} else one_field(*_SOURCES)(source),
    "projected.defaultMode": _MODE,
    "projected.sources[*].configMap": needs("name"),
    "projected.sources[*].secret": needs("name"),
    **below("projected.sources[*].configMap", _ITEMS),
    **below("projected.sources[*].secret", _ITEMS),
    **below("projected.sources[*].downwardAPI", _DOWNWARD),
    "projected.sources[*].serviceAccountToken": needs("path"),
    "projected.sources[*].serviceAccountToken.expirationSeconds": whole(600, 2**32),
}  # fmt: skip
