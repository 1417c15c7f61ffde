"""What a container finds inside: environment, volumes, its last words, an open input."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from course_lib.cluster.containers import CommandFailed
from tests.conftest import container, job, pod, service, status_of

WAIT = ["sleep", "1h"]


def busybox(*command: str, name: str = "main", **more: object) -> dict:
    return container(name, "busybox:1.36", command=list(command) or WAIT, **more)


def config(name: str, **data: str) -> dict:
    meta = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    return meta | {"data": data}


def variables(cluster: Cluster, name: str = "web") -> dict[str, str]:
    lines = cluster.exec(name, ["env"]).splitlines()
    return dict(line.split("=", 1) for line in lines)


def field(path: str) -> dict:
    return {"valueFrom": {"fieldRef": {"fieldPath": path}}}


def amount(resource: str, divisor: str = "") -> dict:
    source = {"resource": resource} | ({"divisor": divisor} if divisor else {})
    return {"valueFrom": {"resourceFieldRef": source}}


# The environment


def test_requests_and_limits_come_as_numbers_rounded_up(one):
    resources = {"requests": {"memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}}
    env = [
        {"name": "CPU"} | amount("limits.cpu"),
        {"name": "MILLI"} | amount("limits.cpu", "1m"),
        {"name": "ASKED"} | amount("requests.memory"),
        {"name": "MEBI"} | amount("limits.memory", "1Mi"),
    ]
    whole = [{"name": "CPU"} | amount("limits.cpu"), {"name": "MEM"} | amount("limits.memory")]
    asked = busybox(env=env, resources=resources)
    one.apply([pod(containers=[asked]), pod("free", [busybox(env=whole)])])
    one.run(seconds=20)
    found = variables(one)
    assert found["CPU"] == "1" and found["MILLI"] == "500"
    assert found["ASKED"] == "67108864" and found["MEBI"] == "128"
    free = variables(one, "free")
    assert free["CPU"] == "4", "without a limit: what the node has for Pods"
    assert int(free["MEM"]) == (8 * 1024 - 100) * 2**20


def test_every_field_of_the_downward_api_is_there(one):
    paths = {
        "NAME": "metadata.name",
        "SPACE": "metadata.namespace",
        "UID": "metadata.uid",
        "LABEL": "metadata.labels['app']",
        "NOTE": "metadata.annotations['who']",
        "NODE": "spec.nodeName",
        "ACCOUNT": "spec.serviceAccountName",
        "HOST": "status.hostIP",
        "IP": "status.podIP",
        "IPS": "status.podIPs",
    }
    env = [{"name": name} | field(path) for name, path in paths.items()]
    made = pod(containers=[busybox(env=env)])
    made["metadata"]["annotations"] = {"who": "me"}
    one.apply(made)
    one.run(seconds=20)
    found, status = variables(one), one.document("pod", "web")["status"]
    assert found["NAME"] == found["HOSTNAME"] == found["LABEL"] == "web"
    assert (found["SPACE"], found["NOTE"], found["ACCOUNT"]) == ("default", "me", "default")
    assert found["NODE"] == "node-1"
    assert found["UID"] == one.api.get("Pod", "web").uid
    assert found["HOST"] == status["hostIP"]
    assert found["IP"] == found["IPS"] == status["podIP"]


def test_services_that_exist_at_the_start_are_in_the_environment(one):
    ports = [{"name": "pg", "port": 5432}, {"name": "m", "port": 9187, "protocol": "UDP"}]
    one.apply([service("my-db", ports=ports), service("blind", clusterIP="None")])
    one.apply([pod(containers=[busybox()]), pod("alone", [busybox()], enableServiceLinks=False)])
    one.run(seconds=20)
    one.apply(service("late"))
    found, alone = variables(one), variables(one, "alone")
    address = one.document("service", "my-db")["spec"]["clusterIP"]
    assert found["MY_DB_SERVICE_HOST"] == address and found["MY_DB_SERVICE_PORT"] == "5432"
    assert found["MY_DB_SERVICE_PORT_M"] == "9187"
    assert found["MY_DB_PORT"] == found["MY_DB_PORT_5432_TCP"] == f"tcp://{address}:5432"
    assert found["MY_DB_PORT_9187_UDP_PROTO"] == "udp"
    assert found["MY_DB_PORT_5432_TCP_ADDR"] == address
    assert found["KUBERNETES_SERVICE_HOST"] == alone["KUBERNETES_SERVICE_HOST"] == "10.96.0.1"
    assert not [name for name in found if name.startswith(("BLIND", "LATE"))]
    assert not [name for name in alone if name.startswith("MY_DB")]


def test_references_to_variables_are_replaced_in_values_and_in_commands(one):
    env = [
        {"name": "A", "value": "a"},
        {"name": "B", "value": "$(A) $(KUBERNETES_SERVICE_PORT) $$(A) $(NONE) $(LATER)"},
        {"name": "LATER", "value": "x"},
    ]
    says = busybox("echo", "$(B)", env=env)
    one.apply(pod(containers=[says], restartPolicy="Never"))
    one.run(seconds=20)
    assert one.logs("web") == "a 443 $(A) $(NONE) $(LATER)\n"


def test_all_keys_come_with_their_prefix_and_what_is_declared_wins(one):
    one.apply(config("settings", colour="blue", **{"log.level": "debug"}))
    source = [{"prefix": "S_", "configMapRef": {"name": "settings"}}]
    env = [{"name": "S_colour", "value": "red"}]
    one.apply(pod(containers=[busybox(envFrom=source, env=env)]))
    one.run(seconds=20)
    found = variables(one)
    assert found["S_colour"] == "red" and found["S_log.level"] == "debug"


def test_a_pod_may_have_another_hostname_than_its_name(one):
    one.apply(pod(containers=[busybox()], hostname="one"))
    one.run(seconds=20)
    assert one.exec("web", "hostname") == "one\n" and variables(one)["HOSTNAME"] == "one"


# Volumes


def volume_pod(volumes: list[dict], mounts: list[dict], *command: str, **more: object) -> dict:
    return pod(containers=[busybox(*command, volumeMounts=mounts)], volumes=volumes, **more)


def test_mounted_config_follows_its_object_and_a_subpath_and_the_environment_do_not(one):
    one.apply(config("cm", a="one"))
    mounts = [
        {"name": "v", "mountPath": "/v"},
        {"name": "v", "mountPath": "/etc/a", "subPath": "a"},
    ]
    env = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "a"}}}]
    inside = busybox(volumeMounts=mounts, env=env)
    one.apply(pod(containers=[inside], volumes=[{"name": "v", "configMap": {"name": "cm"}}]))
    one.run(seconds=20)
    one.apply(config("cm", a="two", b="new"))
    one.run(seconds=1)
    assert one.exec("web", "cat /v/a") == "one", "not at once"
    one.run(seconds=95)
    assert one.exec("web", "cat /v/a") == "two" and one.exec("web", "ls /v") == "a\nb\n"
    assert one.exec("web", "cat /etc/a") == "one"
    assert variables(one)["A"] == "one"


def test_what_is_no_text_is_a_file_and_no_variable(one):
    one.apply(config("cm", a="text") | {"binaryData": {"b": "Ynl0ZXM="}})
    inside = busybox(
        volumeMounts=[{"name": "v", "mountPath": "/v"}], envFrom=[{"configMapRef": {"name": "cm"}}]
    )
    items = [{"key": key, "path": key} for key in "ab"]
    source = {"name": "cm", "items": items}
    one.apply(pod(containers=[inside], volumes=[{"name": "v", "configMap": source}]))
    one.run(seconds=20)
    assert one.exec("web", "ls /v") == "a\nb\n" and one.exec("web", "cat /v/b") == "bytes"
    assert variables(one)["a"] == "text" and "b" not in variables(one)


def test_keys_can_be_chosen_named_and_made_executable(one):
    one.apply(config("cm", run="echo ran", other="x"))
    items = [{"key": "run", "path": "bin/run.sh"}]
    source = {"name": "cm", "items": items, "defaultMode": 0o755}
    made = volume_pod([{"name": "v", "configMap": source}], [{"name": "v", "mountPath": "/v"}])
    one.apply(made)
    one.run(seconds=20)
    assert one.exec("web", "ls /v/bin") == "run.sh\n"
    assert one.exec("web", "cat /v/bin/run.sh") == "echo ran"
    source["items"] = [{"key": "none", "path": "x"}]
    made["metadata"]["name"] = "absent"
    one.apply(made)
    one.run(seconds=20)
    said = "configmap references non-existent config key: none"
    assert said in one.log(reason="FailedMount").MESSAGE[0]


def test_containers_of_a_pod_share_an_empty_folder(one):
    mounts = [{"name": "work", "mountPath": "/made"}]
    first = busybox("sh", "-c", "echo made > /made/page", name="first", volumeMounts=mounts)
    second = busybox(volumeMounts=[{"name": "work", "mountPath": "/html"}])
    volumes = [{"name": "work", "emptyDir": {}}]
    one.apply(pod(containers=[second], initContainers=[first], volumes=volumes))
    one.run(seconds=20)
    assert one.exec("web", "cat /html/page") == "made\n"
    one.exec("web", ["sh", "-c", "rm /html/page; echo two > /html/other"])
    assert one.exec("web", "ls /html") == "other\n"


def test_an_empty_folder_over_its_limit_has_the_pod_evicted(one):
    fill = "dd if=/dev/zero of=/d/f bs=1M count=20; sleep 3600"
    volumes = [{"name": "v", "emptyDir": {"sizeLimit": "1Mi"}}]
    one.apply(volume_pod(volumes, [{"name": "v", "mountPath": "/d"}], "sh", "-c", fill))
    one.run(seconds=30)
    status = one.document("pod", "web")["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "Evicted")
    assert status["message"] == 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". '


@pytest.mark.parametrize(
    ("path", "kind", "problem"),
    [
        ("/no/such", "Directory", "hostPath type check failed, /no/such is not a directory"),
        ("/etc/hosts", "Directory", "/etc/hosts is not a directory, it's a File"),
        ("/var/log", "File", "/var/log is not a file, it's a Directory"),
        ("/dev/null", "BlockDevice", "is not a block device, it's a CharDevice"),
        ("/no/such", "Socket", "/no/such is not a socket file"),
        ("/no/such", "DirectoryOrCreate", ""),
        ("/no/such", "FileOrCreate", ""),
        ("/no/such", "", ""),
        ("/var/log", "Directory", ""),
        ("/dev/null", "CharDevice", ""),
    ],
)
def test_a_path_of_the_node_must_be_what_the_pod_says(one, path, kind, problem):
    volumes = [{"name": "v", "hostPath": {"path": path} | ({"type": kind} if kind else {})}]
    one.apply(volume_pod(volumes, [{"name": "v", "mountPath": "/x"}]))
    one.run(seconds=20)
    if problem:
        assert status_of(one) == ["ContainerCreating"]
        assert problem in one.log(reason="FailedMount").MESSAGE[0]
    else:
        assert status_of(one) == ["Running"]


def test_the_service_accounts_files_are_there_unless_they_are_not_wanted(one):
    one.apply([pod(containers=[busybox()]), pod("without", [busybox()],
              automountServiceAccountToken=False)])  # fmt: skip
    one.run(seconds=20)
    folder = "/var/run/secrets/kubernetes.io/serviceaccount"
    assert one.exec("web", f"ls {folder}") == "ca.crt\nnamespace\ntoken\n"
    assert one.exec("web", f"cat {folder}/namespace") == "default"
    with pytest.raises(CommandFailed):
        one.exec("without", f"ls {folder}")


def test_labels_and_resources_come_as_files_too(one):
    items = [
        {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
        {"path": "cpu", "resourceFieldRef": {"containerName": "main", "resource": "limits.cpu"}},
    ]
    one.apply(config("cm", a="one"))
    sources = [{"configMap": {"name": "cm"}}, {"downwardAPI": {"items": items}}]
    volumes = [
        {"name": "d", "downwardAPI": {"items": items}},
        {"name": "p", "projected": {"sources": sources}},
    ]
    mounts = [{"name": "d", "mountPath": "/d"}, {"name": "p", "mountPath": "/p"}]
    one.apply(volume_pod(volumes, mounts))
    one.run(seconds=20)
    assert one.exec("web", "cat /d/labels") == 'app="web"'
    assert one.exec("web", "ls /p") == "a\ncpu\nlabels\n"
    one.api.patch("Pod", "web", "default", {"metadata": {"labels": {"app": "new"}}})
    one.run(seconds=95)
    assert one.exec("web", "cat /d/labels") == 'app="new"'


# Ends and beginnings


def test_what_a_container_wrote_last_is_its_termination_message(one):
    debian = container(
        image="debian",
        command=["/bin/sh"],
        args=["-c", "sleep 10 && echo Sleep expired > /dev/termination-log"],
    )
    other = busybox("sh", "-c", "echo gone > /tmp/end; exit 2", terminationMessagePath="/tmp/end")
    logged = busybox("sh", "-c", "echo why; exit 1", terminationMessagePolicy=
                     "FallbackToLogsOnError")  # fmt: skip
    one.apply(
        [
            pod("sleeper", [debian], restartPolicy="Never"),
            pod("other", [other], restartPolicy="Never"),
            pod("logged", [logged], restartPolicy="Never"),
            pod("silent", [busybox("sh", "-c", "echo why; exit 1")], restartPolicy="Never"),
        ]
    )
    one.run(seconds=30)

    def message(name: str) -> str | None:
        status = one.document("pod", name)["status"]["containerStatuses"][0]
        return status["state"]["terminated"].get("message")

    assert message("sleeper") == "Sleep expired\n"
    assert message("other") == "gone\n"
    assert message("logged") == "why\n"
    assert message("silent") is None


@pytest.mark.parametrize(
    ("image", "more", "status"),
    [
        ("busybox:1.36", {"stdin": True, "tty": True}, "Running"),
        ("busybox:1.36", {}, "Completed"),
        ("python:3.13", {"stdin": True}, "Running"),
        ("python:3.13", {}, "Completed"),
    ],
)
def test_a_shell_waits_as_long_as_its_input_is_open(one, image, more, status):
    one.apply(pod(containers=[container(image=image, **more)], restartPolicy="Never"))
    one.run(seconds=60)
    assert status_of(one) == [status]


def test_the_pods_of_an_indexed_job_have_their_numbers_as_hostnames(one):
    says = [busybox("hostname")]
    one.apply(job("j", says, completions=3, parallelism=3, completionMode="Indexed"))
    one.run(seconds=60)
    assert sorted(one.logs(name) for name in one.get("pods").NAME) == ["j-0\n", "j-1\n", "j-2\n"]
