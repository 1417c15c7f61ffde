"""The messages of the CRI, by their names: `v1.RunPodSandboxRequest(...)`.

They are made from `runtime_v1.proto`, in the compiled form that lies beside it; so are their types
in `messages.pyi` (`make proto`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

PACKAGE = "runtime.v1"


def _load() -> Any:
    """The file's descriptor, in a pool of its own: another copy of the CRI does no harm."""
    compiled = Path(__file__).with_name("runtime_v1.binpb").read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(compiled).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool.FindFileByName("runtime_v1.proto")


FILE = _load()
MESSAGES: dict[str, type[Message]] = {
    name: message_factory.GetMessageClass(found)
    for name, found in FILE.message_types_by_name.items()
}
ENUMS: dict[str, dict[str, int]] = {
    name: {value.name: value.number for value in found.values}
    for name, found in FILE.enum_types_by_name.items()
}
_CONSTANTS = {value: number for values in ENUMS.values() for value, number in values.items()}


class Method:
    """One method of a service: what it takes, what it gives."""

    def __init__(self, found: Any) -> None:
        self.name: str = found.name
        self.service: str = found.containing_service.name
        self.request = MESSAGES[found.input_type.name]
        self.response = MESSAGES[found.output_type.name]
        self.streams: bool = found.server_streaming

    @property
    def path(self) -> str:
        """Its name on the wire."""
        return f"/{PACKAGE}.{self.service}/{self.name}"


METHODS: dict[str, Method] = {
    method.name: Method(method)
    for service in FILE.services_by_name.values()
    for method in service.methods
}


globals().update(MESSAGES, **_CONSTANTS)  # the names that `messages.pyi` declares
