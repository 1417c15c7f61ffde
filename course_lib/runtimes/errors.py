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


class RuntimeFault(CourseError):
    """A call to a runtime that failed: a code, and what it says."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code

    def __str__(self) -> str:
        return f"rpc error: code = {self.code} desc = {self.what}"


def not_found(kind: str, id: str) -> RuntimeFault:
    """There is no such sandbox, container or image."""
    return RuntimeFault("NotFound", f'an error occurred when try to find {kind} "{id}": not found')
