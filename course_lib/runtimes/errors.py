"""What a runtime refuses, in the words that gRPC has for it.

Source: grpc.io "Status Codes"; containerd's `errdefs`, which each error of a runtime maps to.
"""

from __future__ import annotations

from course_lib.errors import CourseError

# Name and number of the status codes that a runtime uses.
CODES = {
    "Unknown": 2,
    "InvalidArgument": 3,
    "DeadlineExceeded": 4,
    "NotFound": 5,
    "AlreadyExists": 6,
    "ResourceExhausted": 8,
    "FailedPrecondition": 9,
    "Unimplemented": 12,
    "Internal": 13,
    "Unavailable": 14,
}

# What most calls say before "not found", and the calls that say it differently.
TRIED = 'an error occurred when try to find {kind} "{id}"'
CREATING = 'failed to find sandbox id "{id}"'
EXECUTING = 'failed to exec in container: failed to find container "{id}" in store'
# How the stream of a command that could not be run ends, before the reason (k8s.io/cri-streaming,
# `remotecommand/exec.go`).
NOT_EXECUTED = "Internal error occurred: error executing command in container"


class RuntimeFault(CourseError):
    """A call to a runtime that failed: a code, and what it says."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code

    def __str__(self) -> str:
        return f"rpc error: code = {self.code} desc = {self.what}"


def not_found(kind: str, id: str, said: str = TRIED) -> RuntimeFault:
    """The fault for a sandbox or container that is not there.

    `said` is the call's own text for it; `{kind}` and `{id}` are filled in.
    Source: containerd 2.3, `internal/cri/server` (each call wraps the store's "not found").
    """
    return RuntimeFault("NotFound", f"{said.format(kind=kind, id=id)}: not found")
