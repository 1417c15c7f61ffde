"""Chapter 03: answers that are right, and wrong ones with a part of the hint that each gets."""

from tests.course.answers.shapes import manifest, number, solution

READY, BUDGET, SHOP = "03-ready", "03-budget", "03-service"
PROBE = "readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}"
SELECTOR = "selector: {matchLabels: {app: web}}"
PORT = "- {port: 80, targetPort: 8080}"


def asks_for(**resources):
    def repair(cluster):
        spec = cluster.document("deployment", "web")["spec"]["template"]["spec"]
        main = spec["containers"][0] | {"resources": resources}
        patch = {"spec": {"template": {"spec": {"containers": [main]}}}}
        cluster.api.patch("Deployment", "web", "default", patch)

    return repair


def cpu(request):
    return asks_for(requests={"cpu": request})


def old_pods_first(cluster):
    cluster.kubectl("scale deployment/web --replicas=0")
    cluster.run(40)
    cpu("1")(cluster)
    cluster.kubectl("scale deployment/web --replicas=4")


ANSWERS = {
    "03-most-pods": (
        number(13, "Pods"),
        {
            12: "rounds the surge up",
            12.5: "up or down",
            10: "maxSurge: 0",
            20: "100%",
            15: "may be missing",
            11: "25% of 10",
        },
    ),
    "03-autoscaler": (
        number(8, "replicas"),
        {7: "rounds up", 7.2: "rounds up", 5: "one Pod at a time", 15: "too many",
         2: "divide by the target", 4: "adds Pods"},
    ),
    READY: (
        [
            solution(READY, (PROBE, "readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 2}")),
            solution(READY, ("course/slow:v1", "docker.io/course/slow:v1")),
            solution(READY, ("periodSeconds: 1", "initialDelaySeconds: 5")),
            solution(READY, ("port: 80}", "port: 80, scheme: HTTP}")),
        ],
        {
            solution(READY, (f"          {PROBE}\n", "")): "keeps a Pod out",
            solution(READY, ("readinessProbe", "livenessProbe")): "restart a container",
            solution(READY, ("port: 80}, per", "port: 8080}, per")): "must ask port 80",
            solution(READY, (PROBE, "readinessProbe: {exec: {command: [cat, /ok]}}")): "not test",
            solution(READY, (PROBE, "readinessProbe: {grpc: {port: 80}}")): "web server",
            solution(READY, ("s: 3", "s: 3\n  strategy: {type: Recreate}")): "strategy",
            solution(READY, ("readinessProbe", "readynessProbe")): "readynessProbe",
        },
    ),
    BUDGET: (
        [
            *manifest(BUDGET),
            solution(BUDGET, ("minAvailable: 2", "maxUnavailable: 1")),
            solution(BUDGET, ("minAvailable: 2", "maxUnavailable: 33%")),
            solution(BUDGET, ("matchLabels: {app: web}", "matchExpressions: "
                              "[{key: app, operator: In, values: [web]}]")),
        ],
        {
            solution(BUDGET, ("minAvailable: 2", "minAvailable: 3")): "never finishes",
            solution(BUDGET, ("app: web", "app: wbe")): "matchLabels: {app: web}",
            solution(BUDGET, ("minAvailable: 2", "minAvailable: 1")): "two of three Pods must stay",
            solution(BUDGET, ("selector: {matchLabels: {app: web}}", "selector: {app: web}")): (
                "spec.selector.app"
            ),
            solution(BUDGET, (SELECTOR, "selector: {}")): "every Pod of the namespace",
            solution(BUDGET, ("minAvailable: 2", "minAvailable: 2\n  maxUnavailable: 1")): "spec",
            solution(BUDGET, ("policy/v1", "v1")): "`apiVersion: policy/v1`",
        },
    ),
    SHOP: (
        [
            *manifest(SHOP),
            solution(SHOP, (PORT, f"- {{port: 443, targetPort: 8080, name: a}}\n    "
                                  f"{PORT[:-1]}, name: b}}")),
            solution(SHOP, ("spec:", "spec:\n  type: NodePort")),
        ],
        {
            solution(SHOP, (", targetPort: 8080", "")): "port 80 of the Pods",
            solution(SHOP, (PORT, "- {port: 8080}")): "`port` is",
            solution(SHOP, ("app: shop", "app: shops")): "exactly the Pods' label",
            solution(SHOP, ("targetPort: 8080", "targetPort: 80")): "`targetPort` is 80",
            solution(SHOP, ("spec:", "spec:\n  clusterIP: None")): "leave `clusterIP` out",
            solution(SHOP, ("targetPort: 8080", "targetPort: web")): "the name web",
            solution(SHOP, ("port: 80,", "port: 80, protocol: UDP,")): "UDP",
            solution(SHOP, (f"  ports:\n    {PORT}\n", "")): "ports",
        },
    ),
    "03-wasted": (
        [cpu("0.1"), cpu("500m"), asks_for(limits={"cpu": "200m"}), old_pods_first],
        {
            cpu("1200m"): "more than the 2 cores",
            cpu("10m"): "with 10m the scheduler",
            cpu("1"): "the update stands still",
            cpu("950m"): "the old Pods hold 1500m",
            asks_for(requests=None): "does not know",
            lambda c: c.add_node(): "new node",
            lambda c: c.kubectl("scale deployment/web --replicas=1"): "keep four replicas",
        },
    ),
}  # fmt: skip
