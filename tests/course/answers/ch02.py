"""Chapter 02: answers that are right, and wrong ones with a part of the hint that each gets."""

from tests.course.answers.shapes import manifest, number, solution

RECIPE, TOOL = "02-cache", "02-registry-away"
START = 'ENTRYPOINT ["/usr/lib/python", "/srv/main.py"]'
BOTH = "COPY runtime /usr/lib\nCOPY app /srv"


def image(name):
    return lambda cluster: cluster.kubectl(f"set image deployment/web *={name}")


def patched(name):
    containers = [{"name": "web", "image": name}]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    return lambda cluster: cluster.api.patch("Deployment", "web", "default", patch)


def first_aid_first(cluster):
    cluster.kubectl("rollout undo deployment/web")
    cluster.run(30)
    image("course/web:v2")(cluster)


def with_the_pods_deleted(cluster):
    image("course/web:v2")(cluster)
    for name in cluster.get("pods").NAME:
        cluster.delete("pod", name)


ANSWERS = {
    "02-full-name": (
        [
            "docker.io/library/redis:latest",
            " Docker.io/library/redis:latest ",
            "`docker.io/library/redis:latest`",
            "index.docker.io/library/redis:latest",
            ["docker.io/library/redis:latest"],
        ],
        {
            "docker.io/redis:latest": "library",
            "docker.io/library/redis": "add the tag",
            "library/redis:latest": "which registry",
            "docker.io/library/redis:7": "which tag",
            "redis": "short name",
            "quay.io/redis": "three parts",
            7: "in quotes",
        },
    ),
    "02-push-again": (
        number(1, "layers"),
        {2: "same digest", 0: "another digest", 3: "has two layers", None: "a number", True: "3"},
    ),
    RECIPE: (
        [
            solution(RECIPE, ("COPY", "ADD")),
            solution(RECIPE, ("COPY runtime /usr/lib", 'COPY ["runtime", "/usr/lib"]')),
            solution(RECIPE, ("COPY app", "COPY --chown=1000:1000 app")),
            solution(RECIPE, (BOTH, f"{BOTH}/\nWORKDIR /srv")),
            solution(RECIPE, (START, 'ENTRYPOINT ["/usr/lib/python"]\nCMD ["/srv/main.py"]')),
            solution(RECIPE, (START, 'CMD ["/usr/lib/python", "/srv/main.py"]')),
            solution(RECIPE, ("COPY", "# a word\ncopy")),
            solution(RECIPE).strip().split("\n"),
        ],
        [
            (solution(RECIPE, (BOTH, "COPY app /srv\nCOPY runtime /usr/lib")), "changes last"),
            (solution(RECIPE, ("COPY runtime /usr/lib\n", "")), "both COPY"),
            (solution(RECIPE, (START, "")), "keep the line ENTRYPOINT"),
            (solution(RECIPE, ("FROM scratch\n", "")), "line 2: write FROM"),
            (solution(RECIPE, ("COPY app", "COPY --from=x app")), "--chown=UID:GID"),
            (solution(RECIPE, ("COPY app", "COPY apps")), "inside the build context"),
            (["FROM scratch", 7], "between triple quotes"),
        ],
    ),
    TOOL: (
        [
            *manifest(TOOL),
            solution(TOOL, ("IfNotPresent", "Never")),
            solution(TOOL, (", imagePullPolicy: IfNotPresent", "")),
            solution(TOOL, ("course/tool:v1", "docker.io/course/tool:v1")),
        ],
        {
            solution(TOOL, ("IfNotPresent", "Always")): "`imagePullPolicy: IfNotPresent`",
            solution(TOOL, ("course/tool:v1", "course/tool:v2")): "keep this name",
            solution(TOOL, ("course/tool:v1", "course/tool")): "keep this name",
            solution(TOOL, ("IfNotPresent", "ifnotpresent")): "imagePullPolicy",
            solution(TOOL, ("name: tool}", "name: tools}")): "`name: tool`",
        },
    ),
    "02-typo": (
        [
            image("docker.io/course/web:v2"),
            patched("course/web:v2"),
            first_aid_first,
            with_the_pods_deleted,
        ],
        {
            lambda c: c.kubectl("rollout undo deployment/web"): "not the update",
            lambda c: [c.delete("pod", n) for n in c.get("pods").NAME]: "template",
            image("course/web"): "template",
            image("nginx:1.28"): "template",
            lambda c: c.delete("deployment", "web"): "apply",
            lambda c: (image("course/web:v2")(c), c.registry.withdraw("course/web:v2")): "STATUS",
        },
    ),
}
