"""Chapter 01: answers that are right, and wrong ones with a part of the hint that each gets."""

from datetime import timedelta

from tests.course.answers.shapes import manifest, number, solution

CACHE, ONCE = "01-memory-limit", "01-once"
LIMITS = "limits: {memory: 256Mi}"
COMMAND = 'command: ["echo", "hello"]'

ANSWERS = {
    "01-exit-code": (
        number(137),
        {
            9: "128 plus this number",
            1: "the kernel ended it",
            143: "sends SIGKILL",
            "139": "SIGSEGV",
            0: "means success",
            128: "SIGKILL is 9",
            42: "Exit Code",
        },
    ),
    "01-deaf": (
        [*number(20, "s"), "20 seconds", 21.5, timedelta(seconds=20)],
        {
            30: "default",
            0: "comes first",
            "50 s": "do not add",
            10: "terminationGracePeriodSeconds",
            "1 min": "too late",
        },
    ),
    "01-back-off": (
        [*number(5, "restarts"), 4, "6 restarts"],
        {
            0: "restartPolicy",
            30: "doubles",
            2: "too few: add up",
            60: "10, 20, 40",
            "often": "a number of restarts",
        },
    ),
    CACHE: (
        [
            *manifest(CACHE),
            solution(CACHE, (LIMITS, "limits: {memory: 268435456}")),
            solution(CACHE, (LIMITS, "limits: {memory: 220Mi}"), ("64Mi", "220Mi")),
            solution(CACHE, ("        requests: {memory: 64Mi}\n", "")),
        ],
        {
            solution(CACHE, (LIMITS, "limits: {memory: 64Mi}")): "limit* decides",
            solution(CACHE, (f"        {LIMITS}\n", "")): "without a limit",
            solution(CACHE, (LIMITS, "limits: {memory: 1Gi}")): "268,435,456",
            solution(CACHE, ("256Mi", "256m")): "thousandths",
            solution(CACHE, ("256Mi", "256MB")): "limits",
            solution(CACHE, ("course/cache", "nginx:1.27")): "leave `image`",
            solution(CACHE, ("requests: {memory: 64Mi}", "requests: {memory: 512Mi}")): "requests",
        },
    ),
    ONCE: (
        [
            *manifest(ONCE),
            solution(ONCE, (COMMAND, 'command: [sh, -c, "sleep 2; echo hello"]')),
            solution(ONCE, (COMMAND, "command: [echo]\n      args: [hello]")),
            solution(ONCE, ("Never", "OnFailure")),
            solution(ONCE, ("busybox:1.36", "docker.io/library/busybox:1.36")),
        ],
        {
            solution(ONCE, ("  restartPolicy: Never\n", "")): "`restartPolicy`",
            solution(ONCE, ('"hello"]', '"hallo"]')): "in lower case",
            solution(ONCE, ('"hello"]', '"Hello"]')): "in lower case",
            solution(ONCE, (COMMAND, 'command: ["echo hello"]')): "as its own item",
            solution(ONCE, (f"      {COMMAND}\n", "")): "give it a command",
            solution(ONCE, ('"echo", "hello"', 'sh, -c, "echo hello; exit 3"')): "exit code 0",
            solution(ONCE, ('"echo", "hello"', 'sh, -c, "echo hello; sleep 999"')): "then end",
        },
    ),
}
