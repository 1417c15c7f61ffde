"""`kubectl logs`: what containers have said.

Source: kubectl `pkg/cmd/logs/logs.go`, `pkg/polymorphichelpers/logsforobject.go`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from course_lib.apiserver.followed_logs import FollowedLog, runs
from course_lib.kubectl.command import Command
from course_lib.kubectl.failures import CommandError, RefusedRequest
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.pods import (
    PodContainer,
    by_logging,
    chosen_container,
    containers_of,
    pods_of,
    silent,
)
from course_lib.kubectl.selection import Wanted
from course_lib.kubectl.server import Path
from course_lib.objects.manifests import Document

USAGE = (
    "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\n"
    "POD or TYPE/NAME is a required argument for the logs command"
)
RETRY = 1.0  # s until a log that is not there yet is asked for again
OF_SELECTED = 10  # lines of each Pod that a selector chooses, unless told
NO_TIME = 'parsing time "{0}" as "2006-01-02T15:04:05Z07:00": cannot parse "{0}" as "2006"'


def run(call: Invocation) -> None:
    """Print the logs, one after the other."""
    _check_words(call)
    query = _query(call)
    _check(call, query)
    found = _containers(call, _owners(call))
    if call.flags.on("follow"):
        _Following(call, found, query).print()
        return
    for container in found:
        try:
            call.out(_prefixed(call, container, _text(call, container, query)))
        except RefusedRequest as refusal:
            if not call.flags.on("ignore-errors"):
                raise
            call.out(f"error: {refusal.message}\n")


def _check_words(call: Invocation) -> None:
    selector = call.flags.text("selector")
    if (not call.args and not selector) or len(call.args) > 2:
        raise call.usage_error(USAGE)
    if len(call.args) == 1 and selector:
        raise call.usage_error("only a selector (-l) or a POD name is allowed")


def _query(call: Invocation) -> dict[str, str]:
    """The parameters of the request, as the flags have them."""
    flags, query = call.flags, dict[str, str]()
    for name in ("previous", "timestamps"):
        if flags.on(name):
            query[name] = "true"
    if flags.text("since-time"):
        query["sinceTime"] = _in_utc(flags.text("since-time"))
    if flags.seconds("since"):
        query["sinceSeconds"] = str(round(flags.seconds("since")))
    if flags.number("limit-bytes"):
        query["limitBytes"] = str(flags.number("limit-bytes"))
    tail = flags.number("tail")
    if flags.text("selector") and tail == -1 and "tail" not in flags.given:
        tail = OF_SELECTED
    if tail != -1:
        query["tailLines"] = str(tail)
    return query


def _in_utc(text: str) -> str:
    """A time with a zone (RFC 3339) as the API writes it; raises `CommandError` for other text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(NO_TIME.format(text)) from None
    if moment.tzinfo is None:
        raise CommandError(NO_TIME.format(text))
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _check(call: Invocation, query: dict[str, str]) -> None:
    flags, name = call.flags, _container_name(call)
    if flags.seconds("pod-running-timeout") <= 0:
        raise CommandError("--pod-running-timeout must be higher than zero")
    if flags.text("since-time") and flags.seconds("since"):
        raise CommandError("at most one of `sinceTime` or `sinceSeconds` may be specified")
    if flags.on("all-containers") and name:
        said = "--all-containers=true should not be specified with container name"
        raise CommandError(f"{said} {name}")
    if "container" in flags.given and len(call.args) == 2:
        raise CommandError("only one of -c or an inline [CONTAINER] arg is allowed")
    if flags.number("limit-bytes") < 0:
        raise CommandError("--limit-bytes must be greater than 0")
    if flags.seconds("since") < 0:
        raise CommandError("--since must be greater than 0")
    if int(query.get("tailLines", "0")) < -1:
        raise CommandError("--tail must be greater than or equal to -1")


def _container_name(call: Invocation) -> str:
    return call.args[1] if len(call.args) == 2 else call.flags.text("container")


def _owners(call: Invocation) -> list[Document]:
    """The Pods that a selector chooses, or the one object that is named."""
    selector = call.flags.text("selector")
    if selector:
        found = call.select(Wanted(words=["pods"], labels=selector)).all()
        if not found:
            call.error(f"No resources found in {call.namespace} namespace.\n")
        return [each.document for each in found]
    word = call.args[0]
    try:
        found = call.select(Wanted(words=[word if "/" in word else f"pods/{word}"])).all()
    except RefusedRequest as refusal:
        if refusal.reason != "NotFound":
            raise
        said = f"error from server (NotFound): {refusal.message}"
        raise CommandError(f'{said} in namespace "{call.namespace}"') from None
    return [each.document for each in found]


def _containers(call: Invocation, owners: list[Document]) -> list[PodContainer]:
    flags, found = call.flags, list[PodContainer]()
    for owner in owners:
        pods = [owner]
        if owner.get("kind") != "Pod":
            pods = pods_of(call, owner, by_logging, "cannot get the logs from")
            if len(pods) > 1 and not flags.on("all-pods"):
                call.error(f"Found {len(pods)} pods, using pod/{pods[0]['metadata']['name']}\n")
            pods = pods if flags.on("all-pods") else pods[:1]
        for pod in pods:
            if flags.on("all-containers"):
                found += containers_of(pod)
            else:
                warn = silent if flags.on("all-pods") else call.error
                found.append(chosen_container(pod, _container_name(call), warn))
    return found


def _text(call: Invocation, container: PodContainer, query: dict[str, str]) -> str:
    """The log of a container; raises `RefusedRequest` where there is none."""
    meta = container.pod["metadata"]
    path = Path("v1", "pods", meta["namespace"], meta["name"], "log")
    return call.server.text(path, query | {"container": container.name})


def _prefixed(call: Invocation, container: PodContainer, text: str) -> str:
    if not (call.flags.on("prefix") or call.flags.on("all-pods")):
        return text
    prefix = f"[pod/{container.pod['metadata']['name']}/{container.name}] "
    return "".join(prefix + line for line in text.splitlines(keepends=True))


class _Following:
    """Prints what containers say while time passes, until they have ended.

    The real one reads a stream; here the log is asked for again when the Pod may have said more.
    A log that is not there yet is asked for once a second (`consumeWithRetry`).
    """

    def __init__(
        self, call: Invocation, containers: list[PodContainer], query: dict[str, str]
    ) -> None:
        most = call.flags.number("max-log-requests")
        if len(containers) > most:
            raise CommandError(
                f"you are attempting to follow {len(containers)} log streams, but maximum allowed "
                f"concurrency is {most}, use --max-log-requests to increase the limit"
            )
        self._call = call
        self._open = [(container, FollowedLog(query)) for container in containers]

    def print(self) -> None:
        """Print it; raises `CommandError` where a log is not there in time."""
        call = self._call
        for container, log in list(self._open):
            left = call.flags.seconds("pod-running-timeout")
            while not self._begun(container, log):
                call.time.wait(never, min(RETRY, left))
                left -= RETRY
                if left <= 0:
                    raise CommandError("context deadline exceeded")
        call.time.wait(self._over, call.patience)

    def _begun(self, container: PodContainer, log: FollowedLog) -> bool:
        """Print the beginning of a log; False where there is none, which is told."""
        try:
            self._print_new(container, log)
        except RefusedRequest as refusal:
            if self._call.flags.on("ignore-errors"):
                self._call.out(f"error: {refusal.message}\n")
                self._open.remove((container, log))
                return True
            self._call.error(refusal.message + "\n")
            return False
        return True

    def _over(self) -> bool:
        """Print what is new; whether all containers have ended."""
        for each in list(self._open):
            try:
                self._print_new(*each)
            except RefusedRequest:  # the Pod is gone
                self._open.remove(each)
        return not any(self._runs(container) for container, _ in self._open)

    def _print_new(self, container: PodContainer, log: FollowedLog) -> None:
        text = log.new(_text(self._call, container, log.query))
        self._call.out(_prefixed(self._call, container, text))

    def _runs(self, container: PodContainer) -> bool:
        meta = container.pod["metadata"]
        path = Path("v1", "pods", meta["namespace"], meta["name"])
        try:
            return runs(self._call.server.get(path), container.name)
        except RefusedRequest:
            return False


def never() -> bool:
    """A condition that does not come true: a second passes."""
    return False


COMMANDS = {
    "logs": Command(
        run,
        frozenset(
            {
                "all-containers", "all-pods", "container", "follow", "ignore-errors",
                "limit-bytes", "max-log-requests", "pod-running-timeout", "prefix", "previous",
                "selector", "since", "since-time", "tail", "timestamps",
            }
        ),
    )
}  # fmt: skip
