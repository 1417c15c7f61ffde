"""The facts of a CRI proto file, one a line: calls, fields with numbers and types, enums.

`cri_api.txt` holds those of `k8s.io/cri-api`, which tests/peers compares with the Go module of the
release. `python -m tests.cri.facts` draws them again from it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2

STORED = Path(__file__).with_name("cri_api.txt")
PACKAGE = "runtime.v1"
Field = descriptor_pb2.FieldDescriptorProto
TYPES = {number: name.removeprefix("TYPE_").lower() for name, number in Field.Type.items()}


def compiled(proto: Path) -> bytes:
    """A proto file as a descriptor set."""
    protoc = import_module("grpc_tools.protoc")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.binpb"
        code = protoc.main(["", f"-I{proto.parent}", f"--descriptor_set_out={out}", proto.name])
        assert code == 0, f"{proto} does not compile"
        return out.read_bytes()


def facts(descriptors: bytes) -> list[str]:
    """All facts of the package, sorted."""
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptors).file
    (file,) = (file for file in files if file.package == PACKAGE)
    found = []
    for message in file.message_type:
        found += _message(message, "")
    for enum in file.enum_type:
        found += _enum(enum, "")
    for service in file.service:
        for method in service.method:
            stream = "stream " if method.server_streaming else ""
            types = f"{_short(method.input_type)} -> {stream}{_short(method.output_type)}"
            found.append(f"call {service.name}.{method.name} {types}")
    return sorted(found)


def _message(message: Any, within: str) -> Iterator[str]:
    name = f"{within}{message.name}"
    maps = {nested.name for nested in message.nested_type if nested.options.map_entry}
    yield f"message {name}"
    for field in message.field:
        kind = _short(field.type_name) or TYPES[field.type]
        if kind in maps:
            (entry,) = (n for n in message.nested_type if n.name == kind)
            kind = f"map<{', '.join(_short(f.type_name) or TYPES[f.type] for f in entry.field)}>"
        elif field.label == Field.LABEL_REPEATED:
            kind = f"repeated {kind}"
        elif field.HasField("oneof_index"):
            kind = f"oneof {kind}"
        yield f"field {name}.{field.name} = {field.number} {kind}"
    for enum in message.enum_type:
        yield from _enum(enum, f"{name}.")


def _enum(enum: Any, within: str) -> Iterator[str]:
    for value in enum.value:
        yield f"enum {within}{enum.name}.{value.name} = {value.number}"


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def of_the_release() -> list[str]:
    """The facts of the release's Go module; needs Go."""
    from tests.peers import golang

    proto = golang.source("k8s.io/cri-api") / "pkg/apis/runtime/v1/api.proto"
    return facts(compiled(proto))


if __name__ == "__main__":
    STORED.write_text("\n".join(of_the_release()) + "\n")
