"""kube-proxy's own code as a peer: built from the Go modules of Kubernetes, and asked for rules."""

from __future__ import annotations

import json
import random
import re
import subprocess
from typing import Any

from tests.peers import golang

BINARY = golang.BUILT / "proxy-peer"
Document = dict[str, Any]
NODES = ("n1", "n2", "n3")


def build() -> None:
    """Build the peer; needs Go, and the Go module proxy the first time."""
    golang.build(BINARY.name, "./proxy")


def ask(cases: list[Document]) -> list[str]:
    """The rules that kube-proxy itself writes for each case."""
    asked = subprocess.run(
        [BINARY], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    answers: list[str] = json.loads(asked.stdout)
    return answers


# Random Services and their endpoints


def draw(lots: random.Random, number: int) -> Document:
    """One case: a node, a few Services of any kind, and slices."""
    services = [_service(lots, n) for n in range(lots.randint(1, 5))]
    return {
        "node": lots.choice(NODES),
        "nodeIP": "192.168.49.2",
        "labels": {"topology.kubernetes.io/zone": lots.choice(("a", "b", "c"))},
        "clusterCIDR": "10.244.0.0/16",
        "services": services,
        "slices": [piece for service in services for piece in _slices(lots, service)],
    }


def _service(lots: random.Random, number: int) -> Document:
    kind = lots.choice(("ClusterIP", "NodePort", "LoadBalancer"))
    ports = [
        {
            "name": f"p{n}" if lots.random() < 0.7 else f"port-{n}",
            "port": 80 + n,
            "protocol": lots.choice(("TCP", "TCP", "UDP")),
        }
        for n in range(lots.randint(1, 2))
    ]
    if len(ports) == 1 and lots.random() < 0.3:
        ports[0]["name"] = ""
    spec: Document = {
        "type": kind,
        "clusterIP": f"10.96.{number}.{lots.randint(1, 250)}",
        "ports": ports,
        "sessionAffinity": "None",
        "internalTrafficPolicy": lots.choice(("Cluster", "Cluster", "Local")),
    }
    spec["clusterIPs"] = [spec["clusterIP"]]
    if lots.random() < 0.3:
        spec["sessionAffinity"] = "ClientIP"
        seconds = lots.choice((60, 10800))
        spec["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": seconds}}
    if lots.random() < 0.3:
        spec["externalIPs"] = [f"192.0.2.{number + 1}"]
    status: Document = {}
    if kind != "ClusterIP":
        spec["externalTrafficPolicy"] = lots.choice(("Cluster", "Local"))
        for n, port in enumerate(ports):
            port["nodePort"] = 30000 + 10 * number + n
    if kind == "LoadBalancer":
        status = {
            "loadBalancer": {"ingress": [{"ip": f"198.51.100.{number + 1}", "ipMode": "VIP"}]}
        }
        if spec["externalTrafficPolicy"] == "Local":
            spec["healthCheckNodePort"] = 31000 + number
        if lots.random() < 0.4:
            spec["loadBalancerSourceRanges"] = lots.choice(
                (["203.0.113.0/24"], ["192.168.0.0/16", "203.0.113.0/24"])
            )
    meta = {"name": f"svc{number}", "namespace": lots.choice(("default", "shop"))}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec, "status": status}


def _slices(lots: random.Random, service: Document) -> list[Document]:
    count = lots.choice((0, 0, 1, 2, 3, 5))
    hinted = lots.random() < 0.3
    endpoints = []
    for n in range(count):
        ready = lots.random() < 0.7
        serving = ready or lots.random() < 0.5
        terminating = not ready and lots.random() < 0.6
        zone = lots.choice(("a", "b"))
        endpoint: Document = {
            "addresses": [f"10.244.{lots.randint(0, 3)}.{10 + n}"],
            "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
            "nodeName": lots.choice(NODES),
        }
        if hinted:
            endpoint["hints"] = {"forZones": [{"name": zone}]}
        endpoints.append(endpoint)
    meta = service["metadata"]
    return [
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{meta['name']}-abc",
                "namespace": meta["namespace"],
                "labels": {"kubernetes.io/service-name": meta["name"]},
            },
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": [
                {"name": p["name"], "port": 8000 + p["port"], "protocol": p["protocol"]}
                for p in service["spec"]["ports"]
            ],
        }
    ]


# One form for both: kube-proxy writes what it gives to iptables-restore, we what iptables-save says

_WORD = re.compile(r'"[^"]*"|\S+')
_BARE = re.compile(r'--comment ((?!")\S+(?: (?![-!])\S+)*)')  # as arguments, not as text
_FLAGS = {"--reap", "--set", "--rcheck", "--random-fully", "--rsource"}


def rules_of(text: str) -> dict[str, list[tuple[str, ...]]]:
    """The rules of each chain (`table/chain`), each as its sorted options."""
    found: dict[str, list[tuple[str, ...]]] = {}
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith("-A ") and "localhost_nps_accepted_pkts" not in line:  # counts only
            words = _WORD.findall(_BARE.sub(r'--comment "\1"', line))
            found.setdefault(f"{table}/{words[1]}", []).append(_options(words[2:]))
    return found


def _options(words: list[str]) -> tuple[str, ...]:
    found, negated = [], ""
    left = iter(words)
    for word in left:
        if word == "!":
            negated = "! "
            continue
        value = "" if word in _FLAGS else next(left)
        if word not in ("-m", "--mask", "--rsource", "--reject-with", "--nfacct-name"):
            found.append(f"{negated}{_one(word, value)}")
        negated = ""
    return tuple(sorted(found))


def _one(word: str, value: str) -> str:
    value = value.strip('"')
    if word in ("-s", "-d") and "/" not in value:
        value += "/32"
    if word == "--probability":
        value = f"{float(value):.6f}"
    if word in ("--or-mark", "--xor-mark"):
        bits = int(value, 0)
        return f"--set-xmark {bits:#x}/{bits if word == '--or-mark' else 0:#x}"
    if word in ("--mark", "--set-xmark"):
        value = "/".join(f"{int(part, 0):#x}" for part in value.split("/"))
    return f"{word} {value}".strip()


# nftables: both write into a kernel, and the kernel says what it has


def in_namespace(name: str, address: str, *commands: tuple[list[str], str]) -> str:
    """Run commands (with their input) in a namespace that has an address; what the last says."""
    within = ["ip", "netns", "exec", name]
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for line in (
            "link set lo up",
            "link add eth0 type bridge",
            f"address add {address}/24 dev eth0",
            "link set eth0 up",
        ):
            subprocess.run(["ip", "-n", name, *line.split()], check=True)
        said = ""
        for command, text in commands:
            done = subprocess.run([*within, *command], input=text, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            said = done.stdout
        return said
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)


LIST = (["nft", "-j", "list", "table", "ip", "kube-proxy"], "")


def table_of_theirs(case: Document) -> Document:
    """The table that kube-proxy's own nftables mode leaves in the kernel."""
    command = [str(BINARY), "nftables"], json.dumps([case])
    return _table(in_namespace("course-nft", case["nodeIP"], command, LIST))


def table_of(text: str, address: str) -> Document:
    """The table that a text for `nft -f` leaves in the kernel."""
    return _table(in_namespace("course-nft", address, (["nft", "-f", "-"], text), LIST))


def _table(listed: str) -> Document:
    """Chains with their rules in order, maps and sets with their elements sorted."""
    found: Document = {}
    for entry in json.loads(listed)["nftables"]:
        for kind, value in entry.items():
            value.pop("handle", None)
            if kind == "chain":
                found.setdefault(value["name"], {})["chain"] = value
            elif kind == "rule":
                said = {"expr": value["expr"], "comment": value.get("comment", "")}
                found.setdefault(value["chain"], {}).setdefault("rules", []).append(said)
            elif kind in ("map", "set"):
                elements = value.pop("elem", [])
                value.pop("comment", None)
                value["elements"] = sorted(json.dumps(_bare(e), sort_keys=True) for e in elements)
                found[value["name"]] = value
    return found


def _bare(element: Any) -> Any:
    """An element without its comment."""
    if isinstance(element, list):
        return [_bare(part) for part in element]
    if isinstance(element, dict) and "elem" in element:
        return element["elem"]["val"]
    return element
