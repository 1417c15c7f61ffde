"""`crictl images`, `pull`, `rmi`: the images of a node.

Source: cri-tools `image.go`.
"""

from __future__ import annotations

import re

from course_lib.cri import messages as v1
from course_lib.cri.ctl.node import HelpAsked, TypedCommand, within
from course_lib.cri.ctl.options import Option
from course_lib.cri.ctl.screen import CrictlError, log, short, size, table, write_list

NONE, DIGEST = "<none>", "sha256:"
LIST_OPTIONS = (
    Option("verbose", "v", "bool", usage="All that is known, line by line"),
    Option("quiet", "q", "bool", usage="Only IDs"),
    Option("filter", "f", "stringSlice", usage="dangling=, reference=, before= or since="),
    Option("output", "o", usage="json, yaml or table"),
    Option("digests", "", "bool", usage="With digests"),
    Option("no-trunc", "", "bool", usage="Whole IDs"),
    Option("pinned", "", "bool", usage="Whether it is never removed"),
)
PULL_OPTIONS = (
    Option("creds", usage="USERNAME[:PASSWORD] for the registry"),
    Option("auth", usage="The same in base64"),
    Option("username", "u", usage="USERNAME for the registry"),
    Option("pull-timeout", "pt", "duration", usage="Time for the pull; 0: no limit"),
    Option("pod-config", usage="A file with the configuration of a Pod"),
    Option("annotation", "a", "stringSlice", usage="An annotation for the image"),
)
REMOVE_OPTIONS = (
    Option("all", "a", "bool", usage="All images"),
    Option("prune", "q", "bool", usage="All images that no container uses"),
)


def list_images(typed: TypedCommand) -> None:
    """List images; raises `CrictlError`."""
    given = typed.given
    if len(typed.args) > 1:
        raise HelpAsked
    name, found = typed.args[0] if typed.args else "", list[v1.Image]()
    within("listing images", lambda: found.extend(images(typed, name, given.texts("filter"))))
    message = v1.ListImagesResponse(images=found)
    if write_list(message, given.text("output"), typed.terminal):
        return
    if given.on("quiet"):
        typed.terminal.out("".join(f"{image.id}\n" for image in found))
    elif given.on("verbose"):
        typed.terminal.out("".join(f"{_described(image)}\n" for image in found))
    else:
        typed.terminal.out(table(_table(typed, found)))


def _table(typed: TypedCommand, found: list[v1.Image]) -> list[list[str]]:
    digests, pinned = typed.given.on("digests"), typed.given.on("pinned")
    rows = [["IMAGE", "TAG", *(["DIGEST"] if digests else []), "IMAGE ID", "SIZE"]]
    rows[0] += ["PINNED"] if pinned else []
    for image in found:
        name, digest = _name_and_digest(image)
        id = image.id
        if not typed.given.on("no-trunc"):
            id, digest = short(id, DIGEST), short(digest, DIGEST)
        for repository, tag in _tags(image, name):
            row = [repository, tag, *([digest] if digests else []), id, size(image.size, 3)]
            rows.append(row + ([str(image.pinned).lower()] if pinned else []))
    return rows


def _described(image: v1.Image) -> str:
    rows = [("ID", image.id), *(("RepoTags", tag) for tag in image.repo_tags)]
    rows += [("RepoDigests", digest) for digest in image.repo_digests]
    rows += [("Size", str(image.size))] if image.size else []
    rows += [("Uid", f"value:{image.uid.value}")] if image.HasField("uid") else []
    rows += [("Username", image.username)] if image.username else []
    rows += [("Pinned", "true")] if image.pinned else []
    return "".join(f"{title}: {value}\n" for title, value in rows)


def _name_and_digest(image: v1.Image) -> tuple[str, str]:
    if not image.repo_digests:
        return NONE, NONE
    name, at, digest = image.repo_digests[0].partition("@")
    return (name, digest) if at else ("errorName", "errorRepoDigest")


def _tags(image: v1.Image, name: str) -> list[tuple[str, str]]:
    if not image.repo_tags:
        return [(name, NONE)]
    parted = [tag.rpartition(":")[::2] for tag in image.repo_tags]
    return [(name if repository == NONE else repository, tag) for repository, tag in parted]


def images(typed: TypedCommand, name: str, filters: list[str]) -> list[v1.Image]:
    """The images of a `name` (empty: all) that all `filters` let through, by their names.

    `typed` reaches the runtime. Raises `CrictlError`.
    """
    answer = typed.rpc("ListImages", filter={"image": {"image": name}})
    found = sorted(answer.images, key=lambda i: [*i.repo_tags, *i.repo_digests, i.id][0])
    for condition in filters if found else ():
        kind, equals, value = condition.partition("=")
        if not equals or kind not in ("before", "since", "dangling", "reference"):
            raise CrictlError(f"filter images: unknown filter flag: {condition}")
        if kind == "before":
            found = _until(value, found[::-1])[::-1]
        elif kind == "since":
            found = _until(value, found)
        elif kind == "dangling":
            wanted = {"true": False, "false": True}.get(value)
            found = [image for image in found if bool(image.repo_tags) is wanted]
        else:
            found = [image for image in found if re.search(value, _name_and_digest(image)[0])]
    return found


def _until(value: str, found: list[v1.Image]) -> list[v1.Image]:
    """The images before the one that a name, an ID or a digest means."""
    for place, image in enumerate(found):
        if ":" in value:
            means = value in image.repo_tags or any(
                digest.startswith(value) for digest in image.repo_digests
            )
        else:
            means = image.id.startswith(value)
        if means:
            return found[:place]
    return found


def pull(typed: TypedCommand) -> None:
    """Pull an image; raises `CrictlError`."""
    if not typed.args or not typed.args[0]:
        raise CrictlError("image name cannot be empty")
    if len(typed.args) > 1:
        raise HelpAsked
    for option in sorted(typed.given.names - {"annotation"}):
        raise CrictlError(f"crictl pull --{option} is not simulated by the course")
    image = {"image": typed.args[0]}
    answer = typed.rpc("PullImage", "pulling image: ", image=image)
    typed.terminal.out(f"Image is up to date for {answer.image_ref}\n")


def rmi(typed: TypedCommand) -> None:
    """Remove images; raises `CrictlError`."""
    given, ids = typed.given, dict.fromkeys(typed.args, True)
    if given.on("all") or given.on("prune"):
        for image in typed.rpc("ListImages").images:
            if not (given.on("prune") and image.pinned):
                ids[image.id] = True
    if given.on("prune"):
        for container in typed.rpc("ListContainers").containers:
            used = typed.rpc("ImageStatus", image={"image": container.image.image})
            ids[used.image.id] = False
    if not ids:
        if given.on("all") or given.on("prune"):
            log(typed.terminal, "info", "No images to remove", typed.host.clock())
            return
        raise HelpAsked
    failed = []
    for id in [id for id, remove in ids.items() if remove]:
        try:
            _remove(typed, id)
        except CrictlError as trouble:
            failed.append(str(trouble))
    if failed:
        raise CrictlError("\n".join(failed))


def _remove(typed: TypedCommand, id: str) -> None:
    before = f'image status request for "{id}" failed: '
    answer = typed.rpc("ImageStatus", before, image={"image": id})
    if not answer.HasField("image"):
        raise CrictlError(f"no such image {id}")
    tags = answer.image.repo_tags
    if len(tags) > 1 and not id.startswith(DIGEST) and (":" in id or "/" in id):
        said = f'Image "{id}" has multiple tags. Removing this image will delete all of the '
        log(typed.terminal, "warning", f"{said}following tags:", typed.host.clock())
        for tag in tags:
            log(typed.terminal, "warning", f"  {tag}", typed.host.clock())
    typed.rpc("RemoveImage", f'error of removing image "{id}": ', image={"image": id})
    for name in tags or answer.image.repo_digests:
        typed.terminal.out(f"Deleted: {name}\n")
