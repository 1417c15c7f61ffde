"""Chapter 08: answers that are right, and wrong ones with a part of the hint that each gets."""

from tests.course.answers.shapes import manifest, number, solution

FRONT, DENY = "08-only-front", "08-deny"
SENDER = "podSelector: {matchLabels: {app: front}}"
API = "podSelector: {matchLabels: {app: api}}"
NARROW = f"{{namespaceSelector: {{}}, {SENDER}}}"


ANSWERS = {
    "08-nodes": (
        number(64, "nodes"),
        {16: "wrong way round", 6: "6 bits are", 62: "no block", 4096: "addresses", 100: "blocks"},
    ),
    "08-full-node": (
        number(13, "Pods"),
        {16: "and the bridge", 14: "gateway", 15: "broadcasts", 12: "not four", 28: "too many"},
    ),
    "08-host-port": (
        number(1, "Pods"),
        {2: "shared by all", 0: "port free", 3: "given once", "two": "a number", -1: "too few"},
    ),
    FRONT: (
        [
            *manifest(FRONT),
            solution(FRONT, ("port: 8080", "port: 8080, protocol: TCP")),
            solution(FRONT, ("      ports: [{port: 8080}]\n", "")),
            solution(FRONT, (f"{{{SENDER}}}", NARROW)),
        ],
        {
            solution(FRONT, (API, "podSelector: {}")): "too much",
            solution(FRONT, ("port: 8080", "port: 80")): "at port 8080",
            solution(
                FRONT, ("app: front", "app: x"), ("app: api", "app: front"), ("app: x", "app: api")
            ): ("those that it protects"),
            solution(FRONT, (f"from: [{{{SENDER}}}]\n      ports", "ports")): "without `from`",
            solution(FRONT, ("[Ingress]", "[Ingress, Egress]")): "closes api's way out",
            solution(
                FRONT, ("[Ingress]", "[Egress]"), ("  ingress:", "  egress: [{}]\n  ingress:")
            ): ("policyTypes: [Ingress]"),
            solution(FRONT, (f"[{{{SENDER}}}]", f"[{{namespaceSelector: {{}}}}, {{{SENDER}}}]")): (
                "an *or*"
            ),
            solution(FRONT, (SENDER, "podSelector: {app: front}")): "podSelector.app",
            solution(FRONT, (f"{{{SENDER}}}", "{ipBlock: {cidr: 10.244.0.0/16}}")): "an `ipBlock`",
            solution(FRONT, (SENDER, "podSelector: {}")): "every Pod of the namespace",
        },
    ),
    DENY: (
        [
            *manifest(DENY),
            solution(DENY, ("  policyTypes: [Ingress]\n", "")),
            solution(DENY, ("[Ingress]", "[Ingress]\n  ingress: []")),
        ],
        {
            solution(DENY, ("podSelector: {}", API)): "selects all",
            solution(DENY, ("[Ingress]", "[Ingress]\n  ingress: [{}]")): "*no* rule",
            solution(DENY, ("[Ingress]", "[Ingress, Egress]")): "way to DNS",
            solution(DENY, ("[Ingress]", "[Egress]\n  egress: [{}]")): "the way in is Ingress",
            solution(DENY, ("[Ingress]", "[Inbound]")): "policyTypes",
            solution(DENY, ("kind: NetworkPolicy", "kind: Policy")): "kind: NetworkPolicy",
        },
    ),
    "08-bridge": (
        ["Pod-1", "pod 1", "`pod-1`", "pod-1's address", ["pod-1"]],
        {
            "node": "rules out",
            "the node": "rules out",
            "Bridge": "joins cables",
            "pod-3": "the receiver",
            "10.244.0.1": "one of the three words",
        },
    ),
}
