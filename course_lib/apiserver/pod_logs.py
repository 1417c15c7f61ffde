"""The part `log` of a Pod: which container's log is asked for, and how much of it.

The API server checks the request and sends it on to the Pod's kubelet, which has the log.
Source: `pkg/registry/core/pod/strategy.go` (`LogLocation`, `validateContainer`) and
`pkg/apis/core/validation/validation.go` (`ValidatePodLogOptions`).
"""

from __future__ import annotations

import re

import msgspec

from course_lib.apiserver.bodies import Request
from course_lib.apiserver.errors import BadRequest
from course_lib.engine.timestamps import timestamp
from course_lib.objects.field_errors import FORBIDDEN, INVALID, FieldError, InvalidObject
from course_lib.objects.kinds.pod import Pod

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
NOT_NEGATIVE, POSITIVE = "must be greater than or equal to 0", "must be greater than 0"


class LogOptions(msgspec.Struct, frozen=True):
    """How much of a container's log is asked for.

    With `previous`, of the one before the last restart. `since` is a timestamp, `tail` a number of
    lines, `most` one of bytes; with `timestamps`, the time stands before each line.
    """

    previous: bool = False
    timestamps: bool = False
    since: str = ""
    tail: int | None = None
    most: int | None = None


def log_options(request: Request, pod: str, now: float) -> LogOptions:
    """The options of a request for the log of a `pod`; `now` is the time (simulated s).

    Raises `InvalidObject` for options that make no sense.
    """
    tail, most = request.number("tailLines"), request.number("limitBytes")
    seconds, since = request.number("sinceSeconds"), request.text("sinceTime")
    errors: list[FieldError] = []
    if tail is not None and tail < 0:
        errors.append(FieldError("tailLines", INVALID, tail, NOT_NEGATIVE))
    if most is not None and most < 1:
        errors.append(FieldError("limitBytes", INVALID, most, POSITIVE))
    if seconds is not None and since:
        said = "at most one of `sinceTime` or `sinceSeconds` may be specified"
        errors.append(FieldError("", FORBIDDEN, detail=said))
    elif seconds is not None and seconds < 1:
        errors.append(FieldError("sinceSeconds", INVALID, seconds, POSITIVE))
    if errors:
        raise InvalidObject({"kind": "PodLogOptions", "metadata": {"name": pod}}, errors)
    if since and not _TIME.fullmatch(since):
        raise BadRequest(f"the query parameter sinceTime is no time: {since}")
    if seconds is not None:
        since = timestamp(max(0.0, now - seconds))
    return LogOptions(
        previous=bool(request.flag("previous")),
        timestamps=bool(request.flag("timestamps")),
        since=since,
        tail=tail,
        most=most,
    )


def container_of(pod: Pod, name: str) -> str:
    """The container that is meant: the one of that `name`, or the only one of the Pod.

    Raises `BadRequest` for one that the Pod does not have, and where it has several.
    """
    spec = pod.spec
    every = [*(spec.init_containers or ()), *spec.containers, *(spec.ephemeral_containers or ())]
    names = [each.name for each in every]
    if name:
        if name not in names:
            raise BadRequest(f"container {name} is not valid for pod {pod.name}")
        return name
    if len(spec.containers) == 1:
        return spec.containers[0].name
    said = f"a container name must be specified for pod {pod.name}"
    raise BadRequest(f"{said}, choose one of: [{' '.join(names)}]")
