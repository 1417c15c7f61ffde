"""Exercises of chapter 02: names, layers, the cache, pulls."""

from __future__ import annotations

from course_lib.cluster import Cluster
from course_lib.cluster.packaged import packaged
from course_lib.course.answers import (
    applied,
    document,
    existing,
    has_image,
    holds,
    main_container,
    predicts_number,
    word,
)
from course_lib.course.forms import described, names_of, same_image
from course_lib.course.manifests import pod
from course_lib.course.questions import Mistake, Remarks, asks, no_answer_involved
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
    A Pod has the image `redis`. **What is the full name, with registry, repository and tag?**
    Answer as `registry/repository:tag`.
    """,
)
def full_name(answer: object) -> Remarks:
    parts = Reference.parse("redis")
    slips = {
        "docker.io/redis:latest": "on Docker Hub, official images are in `library/`",
        "library/redis:latest": "which registry is used, if the name has none?",
        "docker.io/library/redis": "add the tag that is used, if the name has none",
        "docker.io/library/redis:7": "which tag is used, if the name has none?",
        "redis:latest": "the tag is right; the registry and `library/` are missing",
        "redis": "this is the short name: add the registry, `library/` and the tag",
    }
    look = (
        "three parts are added: the registry Docker Hub (`docker.io`), `library/`, and the tag "
        "`latest`; which of them is missing or different here?"
    )
    full = f"{parts.registry}/{parts.repository}:{parts.tag}"
    yield word(answer, full, slips, also=[f"index.{full}", f"docker://{full}"], look=look)


@predicts_number(
    "02-push-again",
    "Only what is new",
    """
    An image has two layers: the runtime (36 kB) and the application. Version 1 is in the registry.
    You change the application, build version 2, and push it under a new tag. **How many layers
    does the push send?**
    """,
    slips={
        2: "the runtime's layer has the same content, so the same digest: the registry has it",
        0: "the application has changed, so its layer has another digest",
    },
    unit="layers",
    look="the image has two layers: which of them has a new digest?",
)
def push_again() -> int:
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
    "A recipe that uses the cache",
    """
    Whenever `app` changes, the builder also builds the runtime's layer again. **Reorder the
    recipe** so that it does not, and give its text to `check`. The image must have the same files.

    ```
    FROM scratch
    COPY app /srv
    COPY runtime /usr/lib
    ENTRYPOINT ["/usr/lib/python", "/srv/main.py"]
    ```
    """,
)
def cached_recipe(answer: object) -> Remarks:
    if isinstance(answer, list | tuple) and all(isinstance(line, str) for line in answer):
        answer = "\n".join(answer)
    if not isinstance(answer, str):
        raise Mistake(
            f"expected a recipe, got {described(answer)}",
            "write the four lines as text between triple quotes; the first is `FROM scratch`",
        )
    builder = Builder()
    built = _built(builder, answer, FILES)
    files = {path for path, file in built.image.variants[0].files().items() if file.kind == "file"}
    missing = {"usr/lib/python", "srv/main.py"} - {path.strip("/") for path in files}
    hint = "keep both COPY steps, and change only their order"
    yield holds(not missing, "all files are there", f"missing: {names_of(missing)}", hint)
    execution = built.image.variants[0].settings.config
    starts = [*execution.entrypoint, *execution.cmd]
    hint = "the image must start as before: keep the line ENTRYPOINT"
    said = f"it starts {' '.join(starts) or 'nothing'}"
    yield holds(starts == ["/usr/lib/python", "/srv/main.py"], said, said, hint)
    again = _built(builder, answer, CHANGED)
    runtime = all(
        kept for step, kept, _ in again.steps if step.startswith(COPIES) and "runtime" in step
    )
    hint = (
        "a step comes from the cache if it and all steps before it are the same: "
        "put what changes last"
    )
    yield holds(
        runtime,
        "the runtime's layer came from the cache",
        "the runtime's layer was built again",
        hint,
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
    "The registry does not answer",
    """
    The image `course/tool:v1` is on node-1, but the registry does not have it any more. **Correct
    the manifest** so that the Pod runs.

    ```
    apiVersion: v1
    kind: Pod
    metadata:
      name: tool
    spec:
      containers:
        - name: tool
          image: course/tool:v1
          imagePullPolicy: Always
    ```
    """,
)
def registry_away(answer: object) -> Remarks:
    wanted = document(answer, "Pod", "tool")
    main = main_container(wanted)
    hint = "the node has only `course/tool:v1`: keep this name"
    yield has_image(main, "course/tool:v1", "the image is the same", hint)
    with no_answer_involved():
        cluster = Cluster(nodes=1)
        cluster.registry.push("course/tool:v1", size=10_000_000)
        applied(cluster, pod("first", image="course/tool:v1"), 30)
        cluster.registry.withdraw("course/tool:v1")
    applied(cluster, wanted, 60)
    status = cluster.get("pods").query("NAME == 'tool'").STATUS.iloc[0]
    hint = (
        "with `imagePullPolicy: IfNotPresent` the kubelet asks the registry only if the node does "
        "not have the image"
    )
    if main.get("imagePullPolicy") in ("IfNotPresent", "Never"):
        hint = f"the pull policy is right, but the STATUS is {status}: leave the other fields"
    yield holds(status == "Running", "it runs", f"its STATUS is {status}", hint)


def _waits_for_an_image() -> Cluster:
    cluster = applied(Cluster(nodes=2), packaged("web"), 30)
    cluster.registry.push("course/web:v2")
    cluster.kubectl("set image deployment/web *=course/web:v22").checked()
    cluster.run(60)
    return cluster


@asks(
    "02-typo",
    "ImagePullBackOff",
    """
    Somebody updated `web` in `task.cluster` to version 2 (`course/web:v2`), but the update does not
    finish. **Find out why, and finish it.** Then run `task.check()`.
    """,
    starts=_waits_for_an_image,
)
def typo(cluster: Cluster) -> Remarks:
    cluster.run(90)
    again = 'apply "../data/web.yaml" again, and set the image to `course/web:v2`'
    main = main_container(existing(cluster, "deployment", "web", again))
    image = main.get("image")
    hint = "the new Pods come from the Deployment's template: correct the image there"
    if same_image(image, "nginx:1.27"):
        hint = "this goes back to version 1: it helps at first, but it is not the update"
    yield holds(
        same_image(image, "course/web:v2"), f"the image is {image}", f"the image is {image}", hint
    )
    yield holds(
        cluster.ready("deployment/web"), "all Pods are new and ready",
        "the update is not finished", "list the Pods: what is the STATUS of the new ones?",
    )  # fmt: skip
