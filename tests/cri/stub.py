"""The types of the CRI's messages, as a stub beside `messages.py`.

`make proto` runs `python -m tests.cri.stub`; a test compares the stored stub with the proto file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2

from course_lib.cri import messages

HERE = Path(messages.__file__).parent
STUB = HERE / "messages.pyi"
Field = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    **dict.fromkeys((Field.TYPE_DOUBLE, Field.TYPE_FLOAT), "float"),
    Field.TYPE_STRING: "str",
    Field.TYPE_BYTES: "bytes",
    Field.TYPE_BOOL: "bool",
}
HEAD = '''"""Types of the CRI's messages; made from `runtime_v1.proto` by `make proto`."""
# ruff: noqa: N802, N815

from collections.abc import Mapping
from typing import Any, Self

PACKAGE: str

class Message:
    DESCRIPTOR: Any
    def __init__(self, **fields: object) -> None: ...
    @classmethod
    def FromString(cls, data: bytes) -> Self: ...
    def SerializeToString(self) -> bytes: ...
    def HasField(self, name: str) -> bool: ...
    def ListFields(self) -> list[tuple[Any, Any]]: ...
    def MergeFrom(self, other: Self) -> None: ...
    def ClearField(self, name: str) -> None: ...

class Method:
    name: str
    service: str
    request: type[Message]
    response: type[Message]
    streams: bool
    @property
    def path(self) -> str: ...

MESSAGES: Mapping[str, type[Message]]
ENUMS: Mapping[str, Mapping[str, int]]
METHODS: Mapping[str, Method]

'''


def stub(descriptors: bytes) -> str:
    """The stub of the package in a descriptor set."""
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptors).file
    (file,) = (file for file in files if file.package == messages.PACKAGE)
    values = sorted(value.name for enum in file.enum_type for value in enum.value)
    lines = [f"{name}: int" for name in values]
    for message in sorted(file.message_type, key=lambda each: each.name):
        fields = list(_fields(message))
        lines += ["", f"class {message.name}(Message):{'' if fields else ' ...'}", *fields]
    return HEAD + "\n".join(lines) + "\n"


def _fields(message: Any) -> Iterator[str]:
    maps = {nested.name: nested for nested in message.nested_type if nested.options.map_entry}
    for field in message.field:
        kind = _type(field)
        if kind in maps:
            key, value = map(_type, maps[kind].field)
            kind = f"dict[{key}, {value}]"
        elif field.label == Field.LABEL_REPEATED:
            kind = f"list[{kind}]"
        yield f"    {field.name}: {kind}"


def _type(field: Any) -> str:
    if field.type == Field.TYPE_MESSAGE:
        return str(field.type_name.rpartition(".")[2])
    return SCALARS.get(field.type, "int")


if __name__ == "__main__":
    STUB.write_text(stub((HERE / "runtime_v1.binpb").read_bytes()))
