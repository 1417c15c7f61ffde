"""Pods: containers, their images and ports."""

from __future__ import annotations

from tests.peers.plane.questions.pods import POD
from tests.peers.plane.questions.tables import ABSENT, each, named

TWO = [{"name": "web", "image": "nginx:1.27"}, {"name": "side", "image": "busybox:1.36"}]
PORT = {"containerPort": 80}
CASES = each(
    POD,
    {
        "spec.containers": [
            ABSENT, [], [{}], [None], TWO, [TWO[0], TWO[0]],
        ],
        "spec.containers[0].name": [
            ABSENT, "", "Web", "web.1", "7", "n" * 63, "n" * 64,
        ],
        "spec.containers[0].image": [
            ABSENT, "", " ", " nginx", "nginx ", "nginx", "nginx:latest",
            "registry.example.com:5000/team/web", "nginx@sha256:" + "a" * 64,
            "nginx:latest@sha256:" + "a" * 64, "NGINX", "nginx:",
        ],
        "spec.containers[0].imagePullPolicy": ["Never", "", "always"],
        "spec.containers[0].command": [[], ["sh", "-c", "true"], "sh", [1]],
        "spec.containers[0].args": [["--port", "80"], None],
        "spec.containers[0].workingDir": ["srv", ""],
        "spec.containers[0].terminationMessagePath": ["/tmp/end", ""],
        "spec.containers[0].terminationMessagePolicy": [
            "FallbackToLogsOnError", "", "Logs",
        ],
        "spec.containers[0].stdin": [True, "yes"],
        "spec.containers[0].ports": [
            [], [PORT], [{}], [PORT, PORT], [PORT, {"containerPort": 80, "protocol": "UDP"}],
            [{"containerPort": 80, "name": "http"}, {"containerPort": 81, "name": "http"}],
        ],
        "spec.containers[0].ports[0]": [
            PORT | {"containerPort": value} for value in (0, -1, 65535, 65536, "80", 80.5, 80.0)
        ] + [
            PORT | {"hostPort": value} for value in (0, -1, 65536)
        ] + [
            PORT | {"protocol": value} for value in ("SCTP", "tcp", "")
        ] + [
            PORT | {"name": value} for value in (
                "HTTP", "a" * 15, "a" * 16, "80", "a--b", "1a",
            )
        ] + [
            PORT | {"hostPort": 80, "hostIP": value} for value in ("::1", "localhost")
        ],
    },
)  # fmt: skip
CASES += named(
    POD,
    {
        "with one host port in two containers": {
            "spec.containers": [
                container | {"ports": [{"containerPort": 80, "hostPort": 8080}]}
                for container in TWO
            ]
        },
        "with one host port for two protocols": {
            "spec.containers[0].ports": [
                {"containerPort": 53, "hostPort": 53, "protocol": protocol}
                for protocol in ("UDP", "TCP")
            ]
        },
        "with one host port on two addresses": {
            "spec.containers[0].ports": [
                {"containerPort": 80, "hostPort": 80, "hostIP": address}
                for address in ("127.0.0.1", "10.0.0.1")
            ]
        },
        "with one port name in two containers": {
            "spec.containers": [
                container | {"ports": [{"containerPort": 80, "name": "http"}]} for container in TWO
            ]
        },
        "on the host's network, with a port": {
            "spec.hostNetwork": True,
            "spec.containers[0].ports": [{"containerPort": 80}],
        },
        "on the host's network, with another host port": {
            "spec.hostNetwork": True,
            "spec.containers[0].ports": [{"containerPort": 80, "hostPort": 8080}],
        },
        "with a name and an image that are wrong": {
            "spec.containers[0].name": "Web",
            "spec.containers[0].image": "",
        },
    },
)
