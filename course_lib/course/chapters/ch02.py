"""Exercises of chapter 02: names, layers, the cache, pulls."""

from __future__ import annotations

from functools import cache
from typing import Any

from course_lib.cluster import Cluster
from course_lib.course.answers import (
    applied,
    document,
    existing,
    holds,
    main_container,
    number,
    word,
)
from course_lib.course.exercise import Findings, Mistake, asks
from course_lib.course.forms import described, names_of, same_image
from course_lib.course.manifests import pod
from course_lib.course.shop import DATA
from course_lib.errors import CourseError
from course_lib.images import Builder, File, Reference, Registry
from course_lib.images.builder import Built
from course_lib.images.dockerfile import COPIES

FILES = {"runtime/python": File(b"\x7fELF" * 9000, mode=0o755), "app/main.py": File(b"print(1)")}
CHANGED = FILES | {"app/main.py": File(b"print(2)")}


@asks(
    "02-full-name",
    "The full name",
    """
    A Pod asks for the image `redis`. **Which registry, repository and tag is that, in full?**
    Answer as `registry/repository:tag`.
    """,
)
def full_name(answer: Any) -> Findings:
    parts = Reference.parse("redis")
    slips = {
        "docker.io/redis:latest": "images of no user are in the repository `library` there",
        "library/redis:latest": "which registry is asked, if none is named?",
        "docker.io/library/redis": "a name without a tag or digest has one all the same",
        "docker.io/library/redis:7": "which tag is meant, if none is written?",
        "redis:latest": "the tag is right; registry and the user's part are missing",
        "redis": "that is what the Pod says; a runtime fills in registry, user and tag",
    }
    look = (
        "three parts are filled in: the registry Docker Hub (`docker.io`), the user `library`, and "
        "the tag `latest`; which of them is missing or other here?"
    )
    full = f"{parts.registry}/{parts.repository}:{parts.tag}"
    yield word(answer, full, slips, also=[f"index.{full}", f"docker://{full}"], look=look)


@asks(
    "02-push-again",
    "Only what is new",
    """
    An image has two layers: the runtime (36 kB) and the application. Version 1 is in the registry.
    You change the application, build version 2, and push it under a new tag. **How many of its
    layers are sent?**
    """,
)
def push_again(answer: Any) -> Findings:
    slips = {
        2: "the runtime's layer has the same content, thus the same digest: the registry has it",
        0: "the application has changed, thus its layer has another digest",
    }
    look = "the image has two layers: of which of them does the digest change?"
    yield number(answer, _sent(), slips, unit="layers", look=look)


@cache
def _sent() -> int:
    recipe = "FROM scratch\nCOPY runtime /usr/lib\nCOPY app /srv"
    builder, registry = Builder(), Registry()
    old, new = (builder.build(recipe, files).image for files in (FILES, CHANGED))
    registry.push("course/shop:v1", content=old)
    known = {layer.descriptor.digest for layer in old.variants[0].layers}
    sent = [each for each in new.variants[0].layers if each.descriptor.digest not in known]
    pushed = registry.push("course/shop:v2", content=new)
    assert pushed.uploaded < pushed.present  # the large layer is there already
    return len(sent)


@asks(
    "02-cache",
    "A recipe that remembers",
    """
    Each change of `app` builds the runtime's layer anew. **Reorder the recipe** (give its text to
    `check`) so that it does not; the image must hold the same files.

    ```
    FROM scratch
    COPY app /srv
    COPY runtime /usr/lib
    ENTRYPOINT ["/usr/lib/python", "/srv/main.py"]
    ```
    """,
)
def cached_recipe(answer: Any) -> Findings:
    if isinstance(answer, list | tuple) and all(isinstance(line, str) for line in answer):
        answer = "\n".join(answer)
    if not isinstance(answer, str):
        raise Mistake(
            f"a recipe is asked for, and this is {described(answer)}",
            "write the four lines as text between triple quotes; the first is `FROM scratch`",
        )
    builder = Builder()
    built = _built(builder, answer, FILES)
    files = {path for path, file in built.image.variants[0].files().items() if file.kind == "file"}
    missing = {"usr/lib/python", "srv/main.py"} - {path.strip("/") for path in files}
    hint = "both COPY steps are needed; only their order is free"
    yield holds(not missing, "all files are there", f"missing: {names_of(missing)}", hint)
    execution = built.image.variants[0].settings.config
    starts = [*execution.entrypoint, *execution.cmd]
    hint = "the image has to start as before: keep the line ENTRYPOINT as it is"
    said = f"it starts {' '.join(starts) or 'nothing'}"
    yield holds(starts == ["/usr/lib/python", "/srv/main.py"], said, said, hint)
    again = _built(builder, answer, CHANGED)
    runtime = all(
        kept for step, kept, _ in again.steps if step.startswith(COPIES) and "runtime" in step
    )
    hint = (
        "a step is remembered as long as all steps before it are the same: what changes comes late"
    )
    yield holds(
        runtime, "the runtime's layer was remembered", "the runtime's layer was built anew", hint
    )


def _built(builder: Builder, recipe: str, files: dict[str, File]) -> Built:
    """Build; a refusal names the line, and what belongs there."""
    try:
        return builder.build(recipe, files)
    except CourseError as refusal:
        at = refusal.where or "the recipe"
        raise Mistake(str(refusal), f"correct {at}: write {refusal.expected}") from refusal


@asks(
    "02-registry-away",
    "The registry is away",
    """
    Node-1 has the image `course/tool:v1`; the registry no longer answers for it. **Correct the
    manifest** so that the Pod runs all the same.

    ```
    apiVersion: v1
    kind: Pod
    metadata: {name: tool}
    spec:
      containers:
        - {name: tool, image: "course/tool:v1", imagePullPolicy: Always}
    ```
    """,
)
def registry_away(answer: Any) -> Findings:
    wanted = document(answer, "Pod", "tool")
    main = main_container(wanted)
    image = main.get("image")
    hint = "the node has `course/tool:v1`; under another name there is nothing"
    same = same_image(image, "course/tool:v1")
    yield holds(same, "the image is the same", f"the image is {image}", hint)
    cluster = Cluster(nodes=1)
    cluster.registry.push("course/tool:v1", size=10_000_000)
    applied(cluster, pod("first", image="course/tool:v1"), 30)
    cluster.registry.withdraw("course/tool:v1")
    applied(cluster, wanted, 60)
    status = cluster.get("pods").query("NAME == 'tool'").STATUS.iloc[0]
    hint = "`imagePullPolicy: IfNotPresent` asks the registry only where the node has no image"
    if main.get("imagePullPolicy") in ("IfNotPresent", "Never"):
        hint = f"the pull policy is right; STATUS {status} is of the program: leave the rest"
    yield holds(status == "Running", "it runs", f"its STATUS is {status}", hint)


def _waits_for_an_image() -> Cluster:
    cluster = applied(Cluster(nodes=2), DATA / "web.yaml", 30)
    cluster.registry.push("course/web:v2")
    cluster.set_image("deployment/web", "course/web:v22")
    cluster.run(60)
    return cluster


@asks(
    "02-typo",
    "ImagePullBackOff",
    """
    Somebody updated `web` in `task.cluster` to version 2 (`course/web:v2`), and the update hangs.
    **Find out why, and finish the update**; then `task.check()`.
    """,
    starts=_waits_for_an_image,
)
def typo(cluster: Cluster) -> Findings:
    cluster.run(90)
    again = 'apply "../data/web.yaml" again, and set the image to `course/web:v2`'
    main = main_container(existing(cluster, "deployment", "web", again))
    image = main.get("image")
    hint = "the new Pods come from the Deployment's template: it has to name another image"
    if same_image(image, "nginx:1.27"):
        hint = "that is the way back to version 1: a good first aid, but not the update"
    yield holds(
        same_image(image, "course/web:v2"), f"the image is {image}", f"the image is {image}", hint
    )
    yield holds(
        cluster.ready("deployment/web"), "all Pods are new and ready",
        "the update is not finished", "list the Pods: what is the STATUS of the new ones?",
    )  # fmt: skip
