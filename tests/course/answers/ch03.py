"""Chapter 03: reference solutions, and wrong answers."""

from tests.conftest import service

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: course/slow:v1
          ports: [{containerPort: 80}]
"""
READY = WEB + "          readinessProbe: {httpGet: {path: /, port: %d}, periodSeconds: 1}\n"
BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {%s, selector: {matchLabels: {app: %s}}}
"""


def shop(app="shop", **port):
    made = service("shop")
    made["spec"] = {"selector": {"app": app}, "ports": [port]}
    return made


def asks_for(cpu):
    def repair(cluster):
        spec = cluster.document("deployment", "web")["spec"]["template"]["spec"]
        main = spec["containers"][0] | {"resources": {"requests": {"cpu": cpu}}}
        patch = {"spec": {"template": {"spec": {"containers": [main]}}}}
        cluster.api.patch("Deployment", "web", "default", patch)

    return repair


ANSWERS = {
    "03-most-pods": (13, {12: "rounded up", 10: "maxSurge: 0", 20: "100%", 15: "may be missing"}),
    "03-autoscaler": (8, {7: "7.2", 5: "one by one", 15: "not so many"}),
    "03-ready": (
        READY % 80,
        {
            WEB: "keeps a Pod out",
            WEB + "          livenessProbe: {httpGet: {path: /, port: 80}}\n": "restarts",
            READY % 8080: "which port",
            (READY % 80).replace(
                "replicas: 3", "replicas: 3\n  strategy: {type: Recreate}"
            ): "strategy",
        },
    ),
    "03-budget": (
        BUDGET % ("minAvailable: 2", "web"),
        {
            BUDGET % ("minAvailable: 3", "web"): "no node can ever",
            BUDGET % ("minAvailable: 2", "wbe"): "selector",
            BUDGET % ("minAvailable: 1", "web"): "two have to stay",
        },
    ),
    "03-service": (
        shop(port=80, targetPort=8080),
        {
            str(shop(port=80)): "Service's own port",
            str(shop(port=8080)): "`port` is",
            str(shop("shops", port=80, targetPort=8080)): "letter by letter",
        },
    ),
    "03-wasted": (
        asks_for("100m"),
        {
            asks_for("1200m"): "how many Pods",
            asks_for("10m"): "knows nothing",
            lambda c: c.add_node(): "new node",
            lambda c: c.scale("deployment/web", 1): "take less",
        },
    ),
}
