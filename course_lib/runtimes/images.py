"""Images: fetched, found, and weighed as a runtime keeps them."""

from __future__ import annotations

import re

from course_lib.errors import CourseError
from course_lib.images import Reference, Registry, RegistryError
from course_lib.images.oci import AMD64
from course_lib.runtimes.calls import Calls, CallStep, Operation
from course_lib.runtimes.errors import RuntimeFault
from course_lib.runtimes.flavour import Flavour
from course_lib.runtimes.store import ImageStore, NodeImage

PULL_BANDWIDTH = 50_000_000.0  # bytes a second, unpacking included
UNPACKED = 2.5  # bytes on disk for each byte of a compressed layer, roughly
ID = re.compile("(sha256:)?[0-9a-f]{64}")  # of an image, which may be gone
PAUSE = "registry.k8s.io/pause:3.10"


class Images:
    """The images of one node, pulled from a `registry` while the daemon answers `calls`.

    `flavour` says what is kept of an image.
    """

    def __init__(self, flavour: Flavour, registry: Registry, calls: Calls) -> None:
        self._flavour, self._registry, self._calls = flavour, registry, calls
        self.store = ImageStore()
        if not flavour.pod_native:  # installed with the runtime: what holds a sandbox
            found = registry.fetch(PAUSE)
            pause = Reference.parse(PAUSE)
            self.store.add(pause, found.digest, found.variant(), 0.0, pinned=True)

    def pull(self, name: str) -> Operation[NodeImage]:
        """Resolve an image's name, then transfer the layers that are not here yet.

        Raises `RuntimeFault` for what the registry does not have.
        """
        self._calls.check()
        reference = _reference(name)
        yield from self._calls.take("PullImage")
        try:
            digest, _ = self._registry.resolve(name)
            variant = self._registry.fetch(name).variant(AMD64)
        except RegistryError as error:
            code = "NotFound" if error.what.endswith(": not found") else "Unknown"
            raise RuntimeFault(code, error.what) from error
        except CourseError as error:
            raise RuntimeFault("NotFound", f"failed to pull {name}: {error.what}") from error
        if self._flavour.shares_layers:
            weight = self.store.missing(variant)
        else:
            weight = 0 if variant.id in self.store.images else variant.size
        transfer = CallStep("registry", self._flavour.name, "layers", weight / PULL_BANDWIDTH)
        yield from self._calls.step(transfer)
        self._calls.change()
        return self.store.add(reference, digest, variant, self._calls.sim.now)

    def remove(self, image: NodeImage) -> None:
        """Give an image up, with all its names."""
        self.store.remove(image)
        self._calls.change()

    def find(self, name: str) -> NodeImage | None:
        """An image on the node, by tag, digest or ID; None where it is not here.

        Raises `RuntimeFault` for a text that is no image name.
        """
        try:
            return self.store.find(name)
        except CourseError as error:
            if ID.fullmatch(name):
                return None
            raise RuntimeFault("InvalidArgument", f"{name!r}: {error.what}") from error

    def bytes_on_disk(self) -> int:
        """Bytes on disk that images take: as this runtime keeps them."""
        total, seen = 0.0, set()
        for image in self.store.images.values():
            for blob in image.variant.layers:
                if blob.descriptor.digest not in seen or not self._flavour.shares_layers:
                    seen.add(blob.descriptor.digest)
                    size = blob.descriptor.size
                    total += size if blob.data is not None else size * UNPACKED
                    total += size if self._flavour.keeps_compressed else 0
        return round(total)


def _reference(name: str) -> Reference:
    try:
        return Reference.parse(name)
    except CourseError as error:
        raise RuntimeFault("InvalidArgument", f"{name!r}: {error.what}") from error
