"""Which calls a client of the CRI remembers."""

from __future__ import annotations

import pytest

from course_lib.cri import CRIClient
from course_lib.cri import messages as v1
from course_lib.cri.client import KEPT, LONGEST, LOOKS


class Answers:
    """A runtime that gives each call the answer that is set."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def begin(self, method, request, done):
        done(self.answer)

    def wait(self, finished):
        """Every call has finished when it returns."""

    def hops(self):
        return ()


def version(size: int) -> v1.VersionResponse:
    """An answer of so many bytes; three of them are the field's number and length."""
    answer = v1.VersionResponse(runtime_name="x" * (size - 3))
    assert answer.ByteSize() == size
    return answer


@pytest.mark.parametrize(("size", "kept"), [(LONGEST - 1, True), (LONGEST, True),
                                            (LONGEST + 1, False)])  # fmt: skip
def test_a_long_answer_to_a_look_is_not_kept(size, kept):
    client = CRIClient(Answers(version(size)))
    assert client.call("Version").ByteSize() == size
    assert client.calls[0].response == (version(size) if kept else None)


def test_the_answer_to_a_change_is_kept_however_long_it_is():
    answer = v1.PullImageResponse(image_ref="x" * 2 * LONGEST)
    client = CRIClient(Answers(answer))
    client.call("PullImage", image={"image": "nginx"})
    assert client.calls[0].response == answer
    assert client.calls[0].request == v1.PullImageRequest(image={"image": "nginx"})


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_looks_do_not_drive_out_what_was_changed(more):
    client = CRIClient(Answers(v1.RemoveContainerResponse()))
    for number in range(KEPT + more):
        client.call("RemoveContainer", container_id=str(number))
    client.transport.answer = version(200)
    for _ in range(LOOKS + more):
        client.call("Version")
    changes = [call for call in client.calls if not call.looks]
    assert len(changes) == min(KEPT, KEPT + more)
    assert changes[-1].request.container_id == str(KEPT + more - 1)
    assert len(client.calls) - len(changes) == min(LOOKS, LOOKS + more)


def test_calls_are_in_the_order_of_their_ends():
    client = CRIClient(Answers(v1.RemoveContainerResponse()))
    for method in ("RemoveContainer", "ListContainers", "RemoveContainer", "Version"):
        client.call(method)
    assert [call.method for call in client.calls] == [
        "RemoveContainer", "ListContainers", "RemoveContainer", "Version"]  # fmt: skip
