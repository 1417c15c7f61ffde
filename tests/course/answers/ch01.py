"""Chapter 01: reference solutions, and wrong answers."""

CACHE = """
apiVersion: v1
kind: Pod
metadata: {name: cache}
spec:
  containers:
    - name: cache
      image: course/cache
      resources: {requests: {memory: 64Mi}, limits: {memory: %s}}
"""
HELLO = """
apiVersion: v1
kind: Pod
metadata: {name: hello}
spec:
  %s
  containers:
    - {name: main, image: "busybox:1.36", command: [echo, %s]}
"""

ANSWERS = {
    "01-exit-code": (137, {9: "128 and its number", 1: "had no say", 143: "does not ask"}),
    "01-deaf": (20, {30: "default", 0: "asks first"}),
    "01-back-off": (5, {0: "restartPolicy", 30: "doubles"}),
    "01-memory-limit": (
        CACHE % "256Mi",
        {
            CACHE % "64Mi": "limit* decides",
            CACHE.replace(", limits: {memory: %s}", ""): "without a limit",
            CACHE % "1Gi": "268,435,456",
            CACHE.replace("64Mi", "256m") % "256m": "thousandths",
        },
    ),
    "01-once": (
        HELLO % ("restartPolicy: Never", "hello"),
        {
            HELLO % ("restartPolicy: Always", "hello"): "restartPolicy",
            HELLO % ("restartPolicy: Never", "hallo"): "give it a command",
        },
    ),
}
