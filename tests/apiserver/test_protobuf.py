"""Bodies in Protocol Buffers: what the typed clients of Go send is what they mean in JSON."""

from __future__ import annotations

import pytest

from course_lib.apiserver.bodies import PROTOBUF, Request
from course_lib.apiserver.errors import BadRequest
from course_lib.apiserver.protobuf import MAGIC, decode
from course_lib.apiserver.rest import Face
from course_lib.cluster import Cluster


def number(value: int) -> bytes:
    """A number as it is written, seven bits a byte."""
    head, rest = bytes([value & 0x7F]), value >> 7
    return head if not rest else bytes([head[0] | 0x80]) + number(rest)


def part(place: int, value: int | bytes | str) -> bytes:
    """A field of a message: a number, or what has a length."""
    if isinstance(value, int):
        return number(place << 3) + number(value % 2**64)
    data = value.encode() if isinstance(value, str) else value
    return number(place << 3 | 2) + number(len(data)) + data


def body(version: str, kind: str, *fields: bytes) -> bytes:
    """A whole body with an object of a kind."""
    return MAGIC + part(1, part(1, version) + part(2, kind)) + part(2, b"".join(fields))


def test_texts_maps_and_empty_values():
    meta = part(1, "c") + part(3, "") + part(11, part(1, "app") + part(2, "web"))
    data = part(2, part(1, "key") + part(2, "value")) + part(2, part(1, "none"))
    assert decode(body("v1", "ConfigMap", part(1, meta), data)) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "c", "labels": {"app": "web"}},
        "data": {"key": "value", "none": ""},
    }


def test_numbers_moments_amounts_and_what_is_number_or_text():
    port = part(3, 80) + part(4, part(2, 8080))
    named = part(3, 443) + part(4, part(1, 1) + part(3, "https"))
    spec = part(2, part(1, port) + part(1, named) + part(6, -1))
    made = part(1, part(1, "web") + part(8, part(1, 86_400)))
    document = decode(body("v1", "Service", made, spec))
    assert document["metadata"]["creationTimestamp"] == "1970-01-02T00:00:00Z"
    assert [each["targetPort"] for each in document["spec"]["ports"]] == [8080, "https"]
    hard = part(2, part(1, part(1, "cpu") + part(2, part(1, "500m"))))
    assert decode(body("v1", "ResourceQuota", hard))["spec"] == {"hard": {"cpu": "500m"}}


def test_a_moment_that_is_empty_is_none():
    condition = part(1, "Approved") + part(4, b"") + part(5, part(1, 86_400)) + part(6, "True")
    status = decode(
        body("certificates.k8s.io/v1", "CertificateSigningRequest", part(3, part(1, condition)))
    )["status"]
    [found] = status["conditions"]
    assert found == {
        "type": "Approved",
        "lastTransitionTime": "1970-01-02T00:00:00Z",
        "status": "True",
    }


def test_fields_of_an_embedded_struct_stand_beside_the_others():
    volume = part(1, "data") + part(2, part(2, b""))
    pod = decode(body("v1", "Pod", part(2, part(1, volume))))
    assert pod["spec"]["volumes"] == [{"name": "data", "emptyDir": {}}]


def test_bytes_are_in_base_64():
    secret = decode(body("v1", "Secret", part(2, part(1, "word") + part(2, b"hunter2"))))
    assert secret["data"] == {"word": "aHVudGVyMg=="}


def test_a_negative_number():
    scaled = decode(body("apps/v1", "Deployment", part(2, part(1, -3))))
    assert scaled["spec"]["replicas"] == -3


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (b"{}", "does not appear to be a protobuf message"),
        (body("v1", "Nosuch"), 'no kind "Nosuch" is registered for version "v1"'),
        (body("v1", "Pod", part(1, "web")[:-1]), "cannot be read"),
        (body("v1", "Pod")[:-3], "cannot be read"),
        (MAGIC + b"\xff", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(wrong, said):
    with pytest.raises(BadRequest, match=said):
        decode(wrong)


def test_a_namespace_is_created_of_such_a_body():
    cluster = Cluster(nodes=1)
    headers = {"content-type": PROTOBUF}
    sent = body("v1", "Namespace", part(1, part(1, "shop")))
    answer = Face(cluster.api.reach).answer(
        Request("POST", "/api/v1/namespaces", {}, headers, sent)
    )
    assert answer.status == 201 and answer.document["metadata"]["name"] == "shop"
