"""The proto file against the published facts of the CRI, and its compiled form against itself."""

from __future__ import annotations

from pathlib import Path

from course_lib.cri import messages as v1
from tests.cri.facts import STORED, compiled, facts
from tests.cri.stub import STUB, stub

HERE = Path(v1.__file__).parent
# Nodes here run Linux: messages and fields of Windows are left out, their numbers reserved.
WINDOWS = "Windows"


def test_calls_fields_and_enums_are_those_of_the_cri_api():
    wanted = [fact for fact in STORED.read_text().splitlines() if WINDOWS not in fact]
    ours = facts((HERE / "runtime_v1.binpb").read_bytes())
    assert sorted(set(wanted) ^ set(ours)) == []
    assert len(ours) > 650


def test_the_compiled_form_is_that_of_the_proto_file():
    fresh = compiled(HERE / "runtime_v1.proto")
    assert fresh == (HERE / "runtime_v1.binpb").read_bytes(), "run: make proto"


def test_the_types_are_those_of_the_proto_file():
    assert stub((HERE / "runtime_v1.binpb").read_bytes()) == STUB.read_text(), "run: make proto"


def test_a_name_that_the_cri_does_not_have_is_an_attribute_error():
    assert v1.CONTAINER_EXITED == 2 and v1.VersionRequest is v1.MESSAGES["VersionRequest"]
    assert not hasattr(v1, "NoSuchRequest")


def test_a_message_survives_the_wire_with_fields_of_the_future():
    """What an older reader does not know it hands on: so clients and servers can be of two ages."""
    config = v1.PodSandboxConfig(hostname="web", labels={"app": "web"})
    config.metadata.name = "web"
    data = config.SerializeToString() + b"\xfa\x3e\x03new"  # a field that nobody knows yet
    again = v1.PodSandboxConfig.FromString(data)
    assert again.hostname == "web"
    assert v1.PodSandboxConfig.FromString(again.SerializeToString()) == again
    assert b"new" in again.SerializeToString()
