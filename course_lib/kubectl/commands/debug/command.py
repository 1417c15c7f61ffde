"""`kubectl debug`: a container with tools beside one that has none.

Source: kubectl `pkg/cmd/debug/debug.go`.
"""

from __future__ import annotations

import msgspec

from course_lib.client.strategic_diff import two_way
from course_lib.kubectl.attaching import attach_options
from course_lib.kubectl.attended_pods import (
    attach_or_log,
    path_of,
    show_log,
    status_of,
    wait_for,
)
from course_lib.kubectl.chosen import Chosen
from course_lib.kubectl.commands.debug.checks import check, custom_container
from course_lib.kubectl.commands.debug.making import Made, Maker
from course_lib.kubectl.commands.debug.profiles import Kept, Profile
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.pods import chosen_container
from course_lib.kubectl.selection import Wanted
from course_lib.kubectl.server import STRATEGIC_PATCH, Path
from course_lib.objects.manifests import Document

NON_ROOT = (
    "Warning: Non-root user is configured for the entire target Pod, and some capabilities granted "
    'by debug profile may not work. Please consider using "--custom" with a custom profile that '
    'specifies "securityContext.runAsUser: 0".\n'
)


def run(call: Invocation) -> None:
    """Make what is asked for, for each object, and attach to it; raises `CommandError`."""
    flags, dash = call.flags, call.flags.dash
    names, args = (call.args[:dash], call.args[dash:]) if dash >= 0 else (call.args, [])
    kept = Kept(
        flags.on("keep-labels"),
        flags.on("keep-annotations"),
        flags.on("keep-liveness"),
        flags.on("keep-readiness"),
        flags.on("keep-startup"),
        flags.on("keep-init-containers"),
    )
    profile, custom = Profile(flags.text("profile"), kept), custom_container(call)
    check(call, names, args, custom)
    maker = Maker(call, args, profile, custom)
    words = [name if "/" in name else f"pods/{name}" for name in names]
    selection = call.select(Wanted(words=words, paths=flags.texts("filename"), latest=False))
    attached = flags.on("attach") or (flags.on("stdin") and "attach" not in flags.given)
    for each in selection.all():
        made = _made(call, maker, each)
        if attached and made.container:
            _attach(call, made)


def _made(call: Invocation, maker: Maker, chosen: Chosen) -> Made:
    document, kind = chosen.document, chosen.resource.kind
    if kind == "Node":
        return _created(call, maker.on_node(document))
    if kind != "Pod":
        resource = chosen.resource
        name = f"{resource.group}/{resource.version}, Kind={kind}"
        raise CommandError(f'"{name}" not supported by debug')
    document["metadata"].setdefault("namespace", chosen.namespace)
    if call.flags.text("copy-to"):
        made = maker.copied(document)
        _warn(call, made)
        created = _created(call, made)
        if call.flags.on("replace"):
            options = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
            call.server.send("DELETE", path_of(document), body=options)
        return created
    made = maker.in_pod(document)
    _warn(call, made)
    patch = msgspec.json.encode(two_way(document, made.pod), order="sorted")
    path = path_of(document, "ephemeralcontainers")
    sent = call.server.send("PATCH", path, None, msgspec.json.decode(patch), STRATEGIC_PATCH)
    return Made(sent, made.container)


def _created(call: Invocation, made: Made) -> Made:
    path = Path("v1", "pods", made.pod["metadata"]["namespace"])
    return Made(call.server.send("POST", path, None, made.pod), made.container)


def _warn(call: Invocation, made: Made) -> None:
    """Say that a user who is not root keeps the container from what the profile grants it."""
    spec = made.pod["spec"]
    groups = spec["containers"], spec.get("ephemeralContainers") or ()
    every: list[Document] = [each for group in groups for each in group]
    found = next((each for each in every if each["name"] == made.container), Document())
    context = found.get("securityContext") or {}
    granted = context.get("privileged") or (context.get("capabilities") or {}).get("add")
    user = (spec.get("securityContext") or {}).get("runAsUser")
    if user and granted and context.get("runAsUser") != 0:
        call.error(NON_ROOT)


def _attach(call: Invocation, made: Made) -> None:
    """Attach to the container once it runs; of one that has ended, show the log."""
    quiet, said = call.flags.on("quiet"), set[str]()

    def there(pod: Document) -> bool:
        state = (status_of(pod, made.container) or {}).get("state") or {}
        message = (state.get("waiting") or {}).get("message")
        if message and not quiet and message not in said:
            said.add(message)
            call.error(f"Warning: container {made.container}: {message}\n")
        return "running" in state or "terminated" in state

    pod = wait_for(call, made.pod, 0, there)
    container = chosen_container(pod, made.container, call.error)
    state = (status_of(pod, made.container) or {}).get("state") or {}
    if "terminated" in state:
        show_log(call, container)
    else:
        attach_or_log(call, container, attach_options(call))
