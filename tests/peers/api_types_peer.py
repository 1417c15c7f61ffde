"""The types of the API as Go has them: `python -m tests.peers.api_types_peer` writes them anew."""

from __future__ import annotations

import subprocess

from course_lib.objects.kinds import BUILT_IN
from tests.peers import golang

BINARY = golang.BUILT / "api-types"
STORED = golang.HERE.parents[1] / "course_lib" / "objects" / "api_types" / "release.txt"
# Types that are no kinds of the course: other versions, what requests consist of.
BESIDE = (
    "v1 Binding", "v1 DeleteOptions", "v1 List", "autoscaling/v1 HorizontalPodAutoscaler",
    "autoscaling/v1 Scale", "policy/v1 Eviction", "authentication.k8s.io/v1 TokenRequest",
    "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy",
    "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding",
)  # fmt: skip


def build() -> None:
    """Build it; needs Go, and the Go module proxy the first time."""
    golang.build(BINARY.name, "./apitypes")


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
