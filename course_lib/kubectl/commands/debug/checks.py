"""What `kubectl debug` refuses before it asks the server.

Source: `DebugOptions.Complete` and `Validate` of kubectl `pkg/cmd/debug/debug.go`.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.objects.image_names import reference_problem
from course_lib.objects.manifests import Document

PULLS = ("", "Always", "IfNotPresent", "Never")
TARGETING = (
    'Targeting container "{}". If you don\'t see processes from this container it may be because '
    "the container runtime doesn't support this feature.\n"
)
LEGACY = (
    "--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to "
    'specify other profile, for example "--profile=general".\n'
)
FIXED = ("name", "command", "image", "lifecycle", "volumeDevices")  # by flags, not by a file


def custom_container(call: Invocation) -> Document | None:
    """The part of a container that the file of `--custom` has.

    Raises `CommandError` for a file that is not there, or has none.
    """
    name = call.flags.text("custom")
    if not name:
        return None
    try:
        found = yaml.safe_load(Path(name).read_text(encoding="utf-8"))
    except OSError:
        raise CommandError(
            "must pass a container spec json file for custom profile: "
            f"open {name}: no such file or directory"
        ) from None
    except yaml.YAMLError as problem:
        raise CommandError(f"{name} does not contain a valid container spec: {problem}") from None
    if not isinstance(found, dict):
        raise CommandError(f"{name} does not contain a valid container spec")
    return found


def check(call: Invocation, names: list[str], args: list[str], custom: Document | None) -> None:
    """Raise `CommandError` for flags of a `call` that do not go together.

    `names` are the objects, `args` the command line, `custom` is the file's container.
    """
    flags, image = call.flags, call.flags.text("image")
    attach = flags.on("attach") and "attach" in flags.given
    if attach and not image and not flags.text("container"):
        raise CommandError(
            "you must specify --container or create a new container using --image in order to "
            "attach."
        )
    _check_copy(call, args)
    if image and reference_problem(image):
        raise CommandError(f'invalid image name "{image}": invalid reference format')
    if not names and not flags.texts("filename"):
        raise CommandError("NAME or filename is required for debug")
    if (policy := flags.text("image-pull-policy")) not in PULLS:
        raise CommandError(f"invalid image pull policy: {policy}")
    for name, other in flags.pairs("set-image").items():
        if reference_problem(other):
            raise CommandError(
                f'invalid image name "{other}" for container "{name}": invalid reference format'
            )
    _check_target(call)
    if flags.on("tty") and not flags.on("stdin"):
        raise CommandError("-i/--stdin is required for containers with -t/--tty=true")
    if custom is not None and any(custom.get(field) for field in FIXED):
        raise CommandError(
            "name, command, image, lifecycle and volume devices are not modifiable via custom "
            "profile"
        )
    if flags.text("profile") == "legacy":
        call.error(LEGACY)


def _check_copy(call: Invocation, args: list[str]) -> None:
    flags, image, images = call.flags, call.flags.text("image"), call.flags.pairs("set-image")
    if flags.text("copy-to"):
        if not image and not images and not args:
            raise CommandError("you must specify --image, --set-image or command arguments.")
        if args and not flags.text("container") and not image:
            raise CommandError(
                "you must specify an existing container or a new image when specifying args."
            )
        return
    for name, given in (
        ("replace", flags.on("replace")),
        ("same-node", flags.on("same-node")),
        ("set-image", bool(images)),
    ):
        if given:
            raise CommandError(f"--{name} may only be used with --copy-to.")
    if not image:
        raise CommandError("you must specify --image when not using --copy-to.")


def _check_target(call: Invocation) -> None:
    target = call.flags.text("target")
    if not target:
        return
    if call.flags.text("copy-to"):
        raise CommandError(
            "--target is incompatible with --copy-to. Use --share-processes instead."
        )
    if not call.flags.on("quiet"):
        call.out(TARGETING.format(target))
