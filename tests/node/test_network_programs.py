"""Programs that use the network: names, connections and answers go through the simulated one."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.cluster.containers import CommandFailed
from tests.conftest import container, pod, service


def made(network: str = "flat") -> Cluster:
    """A web server behind a Service, a BusyBox and a curl in other Pods, and a DNS."""
    cluster = Cluster(nodes=2, network=network)
    cluster.install_dns()
    wait = ["sleep", "1d"]
    cluster.apply(
        [
            pod("web", [container(ports=[{"containerPort": 80}])]),
            pod("box", [container(image="busybox:1.36", command=wait)]),
            pod("curl", [container(image="curlimages/curl:8.10.1", command=wait)]),
            service("web"),
            service("nobody", selector={"app": "nobody"}),
        ]
    )
    cluster.run(seconds=90)
    return cluster


@pytest.fixture(scope="module")
def flat() -> Cluster:
    return made()


def asked(cluster: Cluster, command: str, name: str = "box") -> tuple[str, str, int]:
    """What a command says on both streams, and its exit code."""
    done = cluster.containers.exec_sync(name, command, timeout=0)
    return done.stdout.decode(), done.stderr.decode(), done.exit_code


@pytest.mark.parametrize("network", ["flat", "calico", "flannel-vxlan"])
def test_a_page_is_fetched_by_name_through_a_service(network):
    cluster = made(network)
    stdout, stderr, code = asked(cluster, "wget -qO- http://web")
    assert "Welcome to nginx!" in stdout and not stderr and code == 0
    stdout, _, _ = asked(cluster, "curl -s -o /dev/null -w %{http_code} http://web/none", "curl")
    assert stdout == "404"
    log = cluster.logs("web").splitlines()
    client = cluster.document("pod", "box")["status"]["podIP"]
    assert log[-3].startswith(f"{client} - - [") and '"GET / HTTP/1.1" 200 ' in log[-3]


def test_files_of_the_server_are_what_it_answers(flat):
    flat.exec("web", ["sh", "-c", "echo mine > /usr/share/nginx/html/own.txt"])
    assert asked(flat, "wget -qO- web/own.txt")[0] == "mine\n"
    assert "mine" in asked(flat, "curl -i http://web/own.txt", "curl")[0]


# As BusyBox 1.35 and curl 7.88 said in a network namespace with the same names and addresses.
FAILURES = [
    ("wget -O- http://nosuch", "box", "wget: bad address 'nosuch'\n", 1),
    ("wget -qO- http://nobody", "box",
     "wget: can't connect to remote host ({nobody}): Connection refused\n", 1),
    ("wget -q -O- http://web/nosuch", "box",
     "wget: server returned error: HTTP/1.1 404 Not Found\n", 1),
    ("wget -T 2 -qO- http://web:81", "box", "wget: download timed out\n", 1),
    ("wget -qO- http://10.244.9.9", "box",
     "wget: can't connect to remote host (10.244.9.9): No route to host\n", 1),
    ("nc nosuch 80", "box", "nc: bad address 'nosuch'\n", 1),
    ("ping -c 1 nosuch", "box", "ping: bad address 'nosuch'\n", 1),
    ("curl -sS http://nosuch", "curl", "curl: (6) Could not resolve host: nosuch\n", 6),
    ("curl -s http://nobody", "curl", "", 7),
    ("curl -sf http://web/none", "curl", "", 22),
    ("curl -sS -m 2 http://web:81", "curl",
     "curl: (28) Connection timed out after 20", 28),
]  # fmt: skip


@pytest.mark.parametrize(("command", "name", "error", "code"), FAILURES)
def test_what_fails_is_told_and_ends_as_by_the_real_program(flat, command, name, error, code):
    nobody = flat.document("service", "nobody")["spec"]["clusterIP"]
    _, stderr, ended = asked(flat, command, name)
    assert stderr.startswith(error.format(nobody=nobody)) and ended == code
    assert bool(stderr) == bool(error)


def test_busyboxs_nslookup_asks_every_search_domain_and_none_for_a_name_with_a_dot(flat):
    stdout, _, code = asked(flat, "nslookup web")
    address = flat.document("service", "web")["spec"]["clusterIP"]
    assert stdout == (
        "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n"
        f"Name:\tweb.default.svc.cluster.local\nAddress: {address}\n\n"
        "** server can't find web.svc.cluster.local: NXDOMAIN\n\n"
        "** server can't find web.cluster.local: NXDOMAIN\n\n"
        "\n** server can't find web.svc.cluster.local: NXDOMAIN\n\n"
        "** server can't find web.cluster.local: NXDOMAIN\n\n"
    )
    assert code == 1
    stdout, _, code = asked(flat, "nslookup web.default")
    assert stdout.count("** server can't find web.default: NXDOMAIN\n\n") == 2 and code == 1
    stdout, _, code = asked(flat, "nslookup web.default.svc.cluster.local")
    assert stdout.endswith(f"Address: {address}\n\n\n") and code == 0
    backwards = ".".join(reversed(address.split(".")))
    assert asked(flat, f"nslookup {address}")[0].endswith(
        f"{backwards}.in-addr.arpa\tname = web.default.svc.cluster.local\n\n"
    )


def test_without_dns_a_name_is_not_found_after_a_while():
    cluster = Cluster(nodes=1)
    cluster.apply(pod("box", [container(image="busybox:1.36", command=["sleep", "1d"])]))
    cluster.run(seconds=20)
    before = cluster.now
    assert asked(cluster, "wget -qO- http://web") == ("", "wget: bad address 'web'\n", 1)
    assert cluster.now - before > 9
    assert ";; connection timed out; no servers could be reached" in asked(cluster, "nslookup a")[1]


# As curl 7.88 said where nobody answered at the name server.
def test_curl_counts_while_a_name_is_looked_up():
    cluster = Cluster(nodes=1)
    cluster.apply(pod("curl", [container(image="curlimages/curl:8.10.1", command=["sleep", "1d"])]))
    cluster.run(seconds=20)
    for limit in ("-m 3", "--connect-timeout 3"):
        before = cluster.now
        _, error, code = asked(cluster, f"curl -sS {limit} http://nosuch.example", "curl")
        assert error.startswith("curl: (28) Resolving timed out after 300") and code == 28
        assert 3 <= cluster.now - before < 3.1
    said = asked(cluster, "curl -sS http://nosuch.example", "curl")
    assert said == ("", "curl: (6) Could not resolve host: nosuch.example\n", 6)


# As getent of glibc 2.36 said of a name with two addresses in /etc/hosts.
def test_getent_shows_each_address_of_a_headless_service(flat):
    apart = {"metadata": {"labels": {"app": "pair"}}}
    tool = {"image": "debian:12", "command": ["sleep", "1d"]}
    flat.apply([
        *(pod(name, [container(**tool)]) | {"metadata": {"name": name, **apart["metadata"]}}
          for name in ("pair-1", "pair-2")),
        service("pair", clusterIP="None"),
    ])  # fmt: skip
    flat.run(seconds=60)
    found = [flat.document("pod", name)["status"]["podIP"] for name in ("pair-1", "pair-2")]
    name = "pair.default.svc.cluster.local"
    stdout, _, code = asked(flat, "getent hosts pair", "pair-1")
    assert sorted(stdout.splitlines()) == sorted(f"{each:<15} {name}" for each in found)
    assert code == 0
    first, *others = asked(flat, "getent ahosts pair", "pair-1")[0].splitlines()
    assert first.endswith(f" STREAM {name}") and len(others) == 5
    assert others[0].endswith(" DGRAM  ") and others[1].endswith(" RAW    ")
    assert asked(flat, "getent hosts nosuch", "pair-1") == ("", "", 2)


def test_a_ping_reaches_a_pod_and_no_service(flat):
    address = flat.document("pod", "web")["status"]["podIP"]
    stdout, _, code = asked(flat, f"ping -c 2 {address}")
    assert "2 packets transmitted, 2 packets received, 0% packet loss" in stdout and code == 0
    stdout, _, code = asked(flat, "ping -c 1 -W 1 web")
    assert "1 packets transmitted, 0 packets received, 100% packet loss" in stdout and code == 1


def test_ip_shows_the_pods_own_address_and_its_routes(flat):
    address = flat.document("pod", "box")["status"]["podIP"]
    assert f"    inet {address}/24 brd " in asked(flat, "ip addr")[0]
    assert asked(flat, "ip route")[0].startswith("default via 10.244.")
    assert asked(flat, "hostname -i")[0] == f"{address}\n"
    assert asked(flat, "ip link set eth0 down")[2] == 2


def test_an_image_without_such_programs_refuses_them(flat):
    for program in ("ping", "nslookup", "ip", "wget", "ps"):
        with pytest.raises(CommandFailed, match="executable file not found in"):
            flat.exec("web", [program])


def test_a_server_listens_where_it_listens_and_not_where_the_pod_says():
    cluster = Cluster(nodes=1)
    cluster.apply(
        [
            pod("web", [container(ports=[{"containerPort": 8080}])]),
            pod("box", [container(image="busybox:1.36", command=["sleep", "1d"])]),
        ]
    )
    cluster.run(seconds=20)
    address = cluster.document("pod", "web")["status"]["podIP"]
    assert asked(cluster, f"wget -qO- {address}:8080")[2] == 1
    assert "Welcome" in asked(cluster, f"wget -qO- {address}")[0]


@pytest.mark.parametrize(
    ("image", "args", "port", "answer"),
    [
        ("hashicorp/http-echo", ["-text=hi"], 5678, "hi\n"),
        ("registry.k8s.io/e2e-test-images/agnhost:2.53", ["netexec", "--http-port=8080"], 8080,
         "NOW: 2026-01-01"),
        ("traefik/whoami", [], 80, "Hostname: server\n"),
        ("httpd:2.4", [], 80, "<html><body><h1>It works!</h1></body></html>\n"),
        ("python:3.13", ["python", "-m", "http.server", "9000"], 9000, "<!DOCTYPE HTML>"),
        ("course/own:v1", [], 80, "server (course/own:v1), simulated: the course does not know"),
    ],
)  # fmt: skip
def test_servers_of_known_images_answer_as_they_do(image, args, port, answer):
    cluster = Cluster(nodes=1)
    server = container(image=image) | ({"args": args} if args else {})
    cluster.apply(
        [
            pod("server", [server]),
            pod("box", [container(image="busybox:1.36", command=["sleep", "1d"])]),
        ]
    )
    cluster.run(seconds=30)
    address = cluster.document("pod", "server")["status"]["podIP"]
    assert asked(cluster, f"wget -qO- {address}:{port}")[0].startswith(answer)


def test_a_server_of_another_protocol_says_nothing_to_http():
    cluster = Cluster(nodes=1)
    cluster.apply(
        [
            pod("db", [container(image="redis:7")]),
            pod("box", [container(image="busybox:1.36", command=["sleep", "1d"])]),
        ]
    )
    cluster.run(seconds=30)
    address = cluster.document("pod", "db")["status"]["podIP"]
    assert asked(cluster, f"wget -qO- {address}:6379")[1] == "wget: error getting response\n"
    assert asked(cluster, f"nc -zv {address} 6379")[2] == 0
