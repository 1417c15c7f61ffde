"""The volumes of a Pod (Kubernetes API reference, `core/v1`, "Volume")."""

from __future__ import annotations

import msgspec

from course_lib.objects.manifests import Document
from course_lib.objects.meta import Value

TOKEN = "kube-api-access-"  # the beginning of the name of the volume that admission adds


class ClaimSource(Value, frozen=True):
    """A PersistentVolumeClaim of the Pod's namespace."""

    claim_name: str
    read_only: bool = False


class SecretSource(Value, frozen=True):
    """A Secret as files."""

    secret_name: str = ""
    optional: bool = False
    items: list[Document] | None = None
    default_mode: int | None = None


class ConfigMapSource(Value, frozen=True):
    """A ConfigMap as files."""

    name: str = ""
    optional: bool = False
    items: list[Document] | None = None
    default_mode: int | None = None


class Volume(Value, frozen=True):
    """A directory that containers of the Pod can mount."""

    name: str
    persistent_volume_claim: ClaimSource | None = None
    ephemeral: Document | None = None  # with the template of a claim that the Pod owns
    secret: SecretSource | None = None
    config_map: ConfigMapSource | None = None
    empty_dir: Document | None = None
    host_path: Document | None = None
    projected: Document | None = None
    downward_api: Document | None = msgspec.field(default=None, name="downwardAPI")
    gce_persistent_disk: Document | None = msgspec.field(default=None, name="gcePersistentDisk")
    aws_elastic_block_store: Document | None = msgspec.field(
        default=None, name="awsElasticBlockStore"
    )
    iscsi: Document | None = None
    rbd: Document | None = None

    def claim_name(self, pod: str) -> str:
        """The name of the claim behind this volume of a `pod`, by name; empty for other volumes.

        Source: `VolumeClaimName` in `k8s.io/component-helpers/storage/ephemeral`.
        """
        if self.persistent_volume_claim is not None:
            return self.persistent_volume_claim.claim_name
        return f"{pod}-{self.name}" if self.ephemeral is not None else ""
