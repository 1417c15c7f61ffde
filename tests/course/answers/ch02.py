"""Chapter 02: reference solutions, and wrong answers."""

RECIPE = """FROM scratch
COPY runtime /usr/lib
COPY app /srv
ENTRYPOINT ["/usr/lib/python", "/srv/main.py"]
"""
UNCHANGED = """FROM scratch
COPY app /srv
COPY runtime /usr/lib
ENTRYPOINT ["/usr/lib/python", "/srv/main.py"]
"""
TOOL = """
apiVersion: v1
kind: Pod
metadata: {name: tool}
spec:
  containers:
    - {name: tool, image: "course/tool:%s", imagePullPolicy: %s}
"""

ANSWERS = {
    "02-full-name": (
        "docker.io/library/redis:latest",
        {
            "docker.io/redis:latest": "library",
            "docker.io/library/redis": "without a tag",
            "redis": "try it",
        },
    ),
    "02-push-again": (1, {2: "same digest", 0: "another digest"}),
    "02-cache": (
        RECIPE,
        {UNCHANGED: "comes late", RECIPE.replace("COPY runtime /usr/lib\n", ""): "both COPY"},
    ),
    "02-registry-away": (
        TOOL % ("v1", "IfNotPresent"),
        {TOOL % ("v1", "Always"): "IfNotPresent", TOOL % ("v2", "IfNotPresent"): "another name"},
    ),
    "02-typo": (
        lambda c: c.set_image("deployment/web", "course/web:v2"),
        {
            lambda c: c.rollback("deployment/web"): "first aid",
            lambda c: [c.delete("pod", n) for n in c.get("pods").NAME]: "template",
        },
    ),
}
