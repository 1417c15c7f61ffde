"""The ImageService: images on the node, and their way there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from course_lib.cri import messages as v1
from course_lib.cri.translate import image_message, image_ref, invalid
from course_lib.runtimes import Runtime
from course_lib.runtimes.calls import Operation

Message = Any
IMAGES = "/var/lib/containerd"


class ImageCalls:
    """All that concerns images."""

    runtime: Runtime

    def PullImage(self, request: Message) -> Operation[Message]:  # noqa: N802
        """Fetch an image; the reply is its ID."""
        if not request.image.image:
            raise invalid("an image must be named")
        image = yield from self.runtime.images.pull(request.image.image)
        return v1.PullImageResponse(image_ref=image.id)

    def ListImages(self, request: Message) -> Message:  # noqa: N802
        """The images on the node; with a filter, the one of that name."""
        found = list(self.runtime.images.store.images.values())
        if wanted := request.filter.image.image:
            one = self.runtime.images.find(wanted)
            found = [one] if one else []
        return v1.ListImagesResponse(images=map(image_message, found))

    def StreamImages(self, request: Message) -> Iterator[Message]:  # noqa: N802
        """The same, in parts."""
        for image in self.ListImages(request).images:
            yield v1.StreamImagesResponse(images=[image])

    def ImageStatus(self, request: Message) -> Message:  # noqa: N802
        """One image; no image in the reply where the node has none of that name."""
        if not request.image.image:
            raise invalid("an image must be named")
        image = self.runtime.images.find(request.image.image)
        if image is None:
            return v1.ImageStatusResponse()
        info = {}
        if request.verbose:
            layers = [blob.descriptor.digest for blob in image.variant.layers]
            info["info"] = json.dumps({"ref": image_ref(image), "layers": layers})
        return v1.ImageStatusResponse(image=image_message(image), info=info)

    def RemoveImage(self, request: Message) -> Message:  # noqa: N802
        """Give an image up, with all its names; done twice is done."""
        if not request.image.image:
            raise invalid("an image must be named")
        image = self.runtime.images.find(request.image.image)
        if image is not None:
            self.runtime.images.store.remove(image)
        return v1.RemoveImageResponse()

    def ImageFsInfo(self, request: Message) -> Message:  # noqa: N802
        """What the images take on disk."""
        usage = v1.FilesystemUsage(
            timestamp=self.runtime.machine.clock(),
            fs_id=v1.FilesystemIdentifier(mountpoint=IMAGES),
            used_bytes=v1.UInt64Value(value=self.runtime.images.bytes_on_disk()),
            inodes_used=v1.UInt64Value(value=len(self.runtime.images.store.images)),
        )
        return v1.ImageFsInfoResponse(image_filesystems=[usage], container_filesystems=[usage])
