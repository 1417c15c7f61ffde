"""Whether a container starts again after its end, by its own rules and by its Pod's policy.

Source: `ContainerShouldRestart` in `pkg/api/v1/pod/util.go` of Kubernetes.
"""

from __future__ import annotations

from course_lib.objects.manifests import Document

RULES = ("Restart", "RestartAllContainers")


def should_restart(container: Document, spec: Document, exit_code: int) -> bool:
    """Whether a container of a `spec` starts again, that ended with an `exit_code`."""
    own = container.get("restartPolicy")
    if own is not None and _rule(container, exit_code) in RULES:
        return True
    policy = own if own in ("Always", "OnFailure", "Never") else spec.get("restartPolicy", "Always")
    return policy != "Never" and (policy != "OnFailure" or exit_code != 0)


def _rule(container: Document, exit_code: int) -> str:
    """What the first rule that fits says; empty where none fits."""
    for rule in container.get("restartPolicyRules") or ():
        codes = rule.get("exitCodes") or {}
        among = exit_code in (codes.get("values") or ())
        if codes and among == (codes.get("operator") == "In"):
            return str(rule.get("action", ""))
    return ""


def all_may_restart(spec: Document) -> bool:
    """Whether the end of one container can start all containers of a `spec` again."""
    return any(
        rule.get("action") == "RestartAllContainers"
        for group in ("initContainers", "containers")
        for container in spec.get(group) or ()
        for rule in container.get("restartPolicyRules") or ()
    )
