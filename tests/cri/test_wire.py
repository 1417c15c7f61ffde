"""The proto file against the published facts of the CRI, and its compiled form against itself."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from course_lib.cri import messages as v1
from course_lib.cri.messages import ENUMS, FILE, MESSAGES, METHODS

ORACLE = Path(__file__).parents[3] / "shared" / "oracles" / "cri"
HERE = Path(v1.__file__).parent
needs_oracle = pytest.mark.skipif(not ORACLE.exists(), reason="the oracle is not here")
LABELS = {"repeated", "map", ""}
WINDOWS = "nodes here run Linux: messages and fields of Windows are left out, numbers reserved"


def rows(name: str) -> list[dict[str, str]]:
    with open(ORACLE / name, newline="") as file:
        return list(csv.DictReader(file))


def type_of(field) -> str:
    if field.message_type and field.message_type.GetOptions().map_entry:
        key, value = field.message_type.fields
        return f"map<{type_of(key)},{type_of(value)}>"
    if field.message_type:
        return field.message_type.name
    if field.enum_type:
        return field.enum_type.name
    names = {
        1: "double", 3: "int64", 4: "uint64", 5: "int32", 8: "bool", 9: "string", 12: "bytes",
        13: "uint32",
    }  # fmt: skip
    return names[field.type]


@needs_oracle
def test_every_message_has_the_fields_numbers_and_types_of_the_real_one():
    wanted: dict[str, dict] = {}
    for row in rows("v1-fields.csv"):
        wanted.setdefault(row["message"], {})[row["field"]] = row
    compared = 0
    for name, message in MESSAGES.items():
        expected = {
            field: (int(row["number"]), row["type"], row["label"])
            for field, row in wanted.get(name, {}).items()
            if not row["type"].startswith("Windows")
        }
        found = {}
        for field in message.DESCRIPTOR.fields:
            kind = type_of(field)
            label = "map" if kind.startswith("map<") else "repeated" if field.is_repeated else ""
            found[field.name] = field.number, kind, label
        assert found == expected, name
        compared += len(found)
    assert compared > 400
    left_out = {name for name in wanted if name not in MESSAGES}
    assert all(name.startswith("Windows") for name in left_out), WINDOWS


@needs_oracle
def test_every_enum_has_the_values_of_the_real_one():
    wanted: dict[str, dict[str, int]] = {}
    for row in rows("v1-enums.csv"):
        wanted.setdefault(row["enum"], {})[row["value"]] = int(row["number"])
    nested = {
        f"{message.name}.{enum.name}": {value.name: value.number for value in enum.values}
        for message in FILE.message_types_by_name.values()
        for enum in message.enum_types
    }
    assert ENUMS | nested == wanted


@needs_oracle
def test_every_method_takes_and_gives_what_the_real_one_does():
    wanted = {
        row["method"]: (row["service"], row["request"], row["response"], row["streaming"])
        for row in rows("v1-services.csv")
    }
    found = {
        name: (
            method.service,
            method.request.DESCRIPTOR.name,
            method.response.DESCRIPTOR.name,
            "server" if method.streams else "",
        )
        for name, method in METHODS.items()
    }
    assert found == wanted


def test_the_compiled_form_is_that_of_the_proto_file(tmp_path):
    protoc = pytest.importorskip("grpc_tools.protoc")
    out = tmp_path / "fresh.binpb"
    code = protoc.main(["", f"-I{HERE}", f"--descriptor_set_out={out}", "runtime_v1.proto"])
    assert code == 0
    assert out.read_bytes() == (HERE / "runtime_v1.binpb").read_bytes(), "run: make proto"


def test_a_message_survives_the_wire_with_fields_of_the_future():
    """What an older reader does not know it hands on: so clients and servers can be of two ages."""
    config = v1.PodSandboxConfig(hostname="web", labels={"app": "web"})
    config.metadata.name = "web"
    data = config.SerializeToString() + b"\xfa\x3e\x03new"  # a field that nobody knows yet
    again = v1.PodSandboxConfig.FromString(data)
    assert again.hostname == "web"
    assert v1.PodSandboxConfig.FromString(again.SerializeToString()) == again
    assert b"new" in again.SerializeToString()
