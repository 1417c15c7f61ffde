"""Chapter 07: reference solutions, and wrong answers."""

from tests.conftest import service


def ports(**port):
    def repair(cluster):
        cluster.api.patch("Service", "web", "default", {"spec": {"ports": [port]}})

    return repair


def peers(app="web", **spec):
    made = service("peers", **spec)
    made["spec"]["selector"] = {"app": app}
    return str(made)


ANSWERS = {
    "07-probability": (1 / 3, {0.25: "three quarters", 0.5: "one half", 1.0: "only the last"}),
    "07-dns-questions": (2, {1: "search list first", 3: "already is", 4: "stops as soon"}),
    "07-refused": (
        ports(port=80, targetPort=80),
        {
            lambda c: c.restart("deployment/web"): "does any container listen",
            ports(port=8080, targetPort=80): "customers ask",
            ports(port=80, targetPort=443): "listen on 80",
        },
    ),
    "07-source": (
        service("web", type="NodePort", externalTrafficPolicy="Local"),
        {
            str(service("web", type="NodePort")): "externalTrafficPolicy",
            str(service("web", type="NodePort", internalTrafficPolicy="Local")): "inside",
            str(service("web")): "opens a port",
        },
    ),
    "07-headless": (
        peers(clusterIP="None"),
        {
            peers(): "with a capital",
            peers(clusterIP=""): "with a capital",
            peers("webs", clusterIP="None"): "Pods' labels",
        },
    ),
    "07-no-endpoints": (
        "rejected",
        {"dropped": "rejects on purpose", "answered": "nobody", "refused": "no machine"},
    ),
}
