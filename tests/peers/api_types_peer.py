"""The types of the API as Go has them: `python -m tests.peers.api_types_peer` writes them anew."""

from __future__ import annotations

import subprocess

from course_lib.objects.kinds import BUILT_IN
from tests.peers import golang

BINARY, MEMORY_BINARY = golang.BUILT / "api-types", golang.BUILT / "go-types"
FOLDER = golang.HERE.parents[1] / "course_lib" / "objects" / "api_types"
STORED, MEMORY = FOLDER / "release.txt", FOLDER / "memory.txt"
# Types that are no kinds of the course: other versions, what requests consist of.
BESIDE = (
    "v1 Binding", "v1 DeleteOptions", "v1 List", "autoscaling/v1 HorizontalPodAutoscaler",
    "autoscaling/v1 Scale", "policy/v1 Eviction", "authentication.k8s.io/v1 TokenRequest",
    "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy",
    "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding",
    "authentication.k8s.io/v1 SelfSubjectReview", "authorization.k8s.io/v1 SelfSubjectAccessReview",
    "authorization.k8s.io/v1 SelfSubjectRulesReview", "authorization.k8s.io/v1 SubjectAccessReview",
)  # fmt: skip
# Kinds of which messages show parts as the API server has them in memory.
SHOWN = (
    "v1 Pod", "v1 PersistentVolumeClaim", "v1 PersistentVolume", "v1 Service",
    "apps/v1 Deployment", "apps/v1 DaemonSet", "apps/v1 StatefulSet", "batch/v1 CronJob",
    "policy/v1 PodDisruptionBudget", "networking.k8s.io/v1 Ingress",
    "networking.k8s.io/v1 NetworkPolicy",
)  # fmt: skip


def build() -> None:
    """Build them; needs Go, and the Go module proxy the first time."""
    golang.build(BINARY.name, "./apitypes")
    golang.build(MEMORY_BINARY.name, "./gotypes")


def memory() -> str:
    """The structs in memory of the kinds that are shown so, as the package keeps them."""
    asked = "\n".join(SHOWN)
    told = subprocess.run(
        [str(MEMORY_BINARY)], input=asked, capture_output=True, text=True, check=True
    )
    return told.stdout


def types() -> str:
    """The types of all kinds that the course serves, as the package keeps them."""
    kinds = sorted(
        {f"{kind.api_version} {kind.kind}" for kind in BUILT_IN.all_versions()} | {*BESIDE}
    )
    asked = "\n".join(kinds)
    said = subprocess.run([str(BINARY)], input=asked, capture_output=True, text=True, check=True)
    return said.stdout


if __name__ == "__main__":
    build()
    STORED.write_text(types())
    MEMORY.write_text(memory())
