"""Images: fetched, found, and weighed as a runtime keeps them."""

from __future__ import annotations

from course_lib.errors import CourseError
from course_lib.images import Reference, RegistryError
from course_lib.images.oci import AMD64
from course_lib.runtimes.base import Base, Operation
from course_lib.runtimes.errors import RuntimeFault
from course_lib.runtimes.store import NodeImage

PULL_BANDWIDTH = 50_000_000.0  # bytes a second, unpacking included
UNPACKED = 2.5  # bytes on disk for each byte of a compressed layer, roughly


class ImageOperations(Base):
    """What a runtime does with images."""

    def pull(self, name: str) -> Operation:
        """Fetch an image: resolve its name, then transfer the layers that are not here yet."""
        self.check()
        reference = _reference(name)
        yield from self._take("PullImage")
        try:
            digest, _ = self.registry.resolve(name)
            variant = self.registry.fetch(name).variant(AMD64)
        except RegistryError as error:
            code = "NotFound" if error.what.endswith(": not found") else "Unknown"
            raise RuntimeFault(code, error.what) from error
        except CourseError as error:
            raise RuntimeFault("NotFound", f"failed to pull {name}: {error.what}") from error
        known = variant.id in self.store.images
        weight = self.store.missing(variant) if self.shares_layers else 0 if known else variant.size
        yield from self._wait(weight / PULL_BANDWIDTH, "registry", self.name, "layers")
        return self.store.add(reference, digest, variant, self.sim.now)

    def image(self, name: str) -> NodeImage | None:
        """An image on the node, by tag, digest or ID; None where it is not here."""
        try:
            return self.store.find(name)
        except CourseError as error:
            raise RuntimeFault("InvalidArgument", f"{name!r}: {error.what}") from error

    def image_bytes(self) -> int:
        """Bytes on disk that images take: as this runtime keeps them."""
        total, seen = 0.0, set()
        for image in self.store.images.values():
            for blob in image.variant.layers:
                if blob.descriptor.digest not in seen or not self.shares_layers:
                    seen.add(blob.descriptor.digest)
                    size = blob.descriptor.size
                    total += size if blob.data is not None else size * UNPACKED
                    total += size if self.keeps_compressed else 0
        return round(total)


def _reference(name: str) -> Reference:
    try:
        return Reference.parse(name)
    except CourseError as error:
        raise RuntimeFault("InvalidArgument", f"{name!r}: {error.what}") from error
