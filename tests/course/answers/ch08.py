"""Chapter 08: reference solutions, and wrong answers."""

FRONT = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api}
spec:
  podSelector: {%s}
  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: %s}}}]
      ports: [{port: %d}]
"""
API = "matchLabels: {app: api}"
DENY = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {%s}, policyTypes: [%s]%s}
"""

ANSWERS = {
    "08-nodes": (64, {16: "wrong way round", 6: "6 bits are", 62: "no block", 4096: "addresses"}),
    "08-full-node": (13, {16: "and the bridge", 14: "gateway"}),
    "08-host-port": (1, {2: "shared by all", 0: "port free"}),
    "08-only-front": (
        FRONT % (API, "front", 8080),
        {
            FRONT % ("", "front", 8080): "too much",
            FRONT % (API, "front", 80): "at port 8080",
            FRONT % ("matchLabels: {app: front}", "api", 8080): "the one that is protected",
            FRONT.replace("from: [{podSelector: {matchLabels: {app: %s}}}]\n      ", "")
            % (API, 8080): "without `from`",
        },
    ),
    "08-deny": (
        DENY % ("", "Ingress", ""),
        {
            DENY % ("matchLabels: {app: api}", "Ingress", ""): "selects all",
            DENY % ("", "Ingress", ", ingress: [{}]"): "*no* rule",
            DENY % ("", "Ingress, Egress", ""): "way to DNS",
        },
    ),
    "08-bridge": ("pod-1", {"node": "rules out", "bridge": "joins cables"}),
}
