"""The ImageService: images on the node, and their way there."""

from __future__ import annotations

import json
from collections.abc import Iterator

from course_lib.cri import messages as v1
from course_lib.cri.handlers import Handlers
from course_lib.cri.translate import image_message, image_ref, invalid
from course_lib.runtimes.calls import Operation
from course_lib.runtimes.images import Images
from course_lib.runtimes.machine import RuntimeMachine

IMAGES = "/var/lib/containerd"


class ImageService:
    """All that concerns images."""

    def __init__(self, images: Images, machine: RuntimeMachine) -> None:
        self._images, self._machine = images, machine
        self.handlers: Handlers = {
            "PullImage": self.pull_image,
            "ListImages": self.list_images,
            "StreamImages": self.stream_images,
            "ImageStatus": self.image_status,
            "RemoveImage": self.remove_image,
            "ImageFsInfo": self.image_fs_info,
        }

    def pull_image(self, request: v1.PullImageRequest) -> Operation[v1.PullImageResponse]:
        """Fetch an image; the reply is its ID."""
        image = yield from self._images.pull(_name(request.image))
        return v1.PullImageResponse(image_ref=image.id)

    def list_images(self, request: v1.ListImagesRequest) -> v1.ListImagesResponse:
        """The images on the node; with a filter, the one of that name."""
        found = list(self._images.store.images.values())
        if name := request.filter.image.image:
            one = self._images.find(name)
            found = [one] if one else []
        return v1.ListImagesResponse(images=map(image_message, found))

    def stream_images(self, request: v1.StreamImagesRequest) -> Iterator[v1.StreamImagesResponse]:
        """The same, in parts."""
        listed = self.list_images(v1.ListImagesRequest(filter=request.filter))
        for image in listed.images:
            yield v1.StreamImagesResponse(images=[image])

    def image_status(self, request: v1.ImageStatusRequest) -> v1.ImageStatusResponse:
        """One image; no image in the reply where the node has none of that name."""
        image = self._images.find(_name(request.image))
        if image is None:
            return v1.ImageStatusResponse()
        info = {}
        if request.verbose:
            layers = [blob.descriptor.digest for blob in image.variant.layers]
            info["info"] = json.dumps({"ref": image_ref(image), "layers": layers})
        return v1.ImageStatusResponse(image=image_message(image), info=info)

    def remove_image(self, request: v1.RemoveImageRequest) -> v1.RemoveImageResponse:
        """Give an image up, with all its names; done twice is done."""
        image = self._images.find(_name(request.image))
        if image is not None:
            self._images.remove(image)
        return v1.RemoveImageResponse()

    def image_fs_info(self, request: v1.ImageFsInfoRequest) -> v1.ImageFsInfoResponse:
        """What the images take on disk."""
        usage = v1.FilesystemUsage(
            timestamp=self._machine.clock(),
            fs_id=v1.FilesystemIdentifier(mountpoint=IMAGES),
            used_bytes=v1.UInt64Value(value=self._images.bytes_on_disk()),
            inodes_used=v1.UInt64Value(value=len(self._images.store.images)),
        )
        return v1.ImageFsInfoResponse(image_filesystems=[usage], container_filesystems=[usage])


def _name(image: v1.ImageSpec) -> str:
    if not image.image:
        raise invalid("an image must be named")
    return image.image
