"""What can be wrong with a container's configuration, and as whom its program runs."""

from __future__ import annotations

import pytest

from course_lib.cluster import Cluster
from tests.conftest import container, pod


def shell(script: str, **more: object) -> dict:
    return container(image="busybox:1.36", command=["sh", "-c", script], **more)


def waiting(cluster: Cluster) -> tuple[str, str] | None:
    """Reason and message of the Pod's container; None where it has been started."""
    cluster.run(seconds=20)
    [status] = cluster.document("pod", "web")["status"]["containerStatuses"]
    state = status["state"].get("waiting")
    return state and (state["reason"], state.get("message", ""))


@pytest.mark.parametrize(
    ("of_pod", "own", "why"),
    [
        ({}, {}, ""),
        ({"runAsNonRoot": False}, {}, ""),
        ({"runAsNonRoot": True}, {}, "container has runAsNonRoot and image will run as root"),
        ({"runAsNonRoot": True, "runAsUser": 1000}, {}, ""),
        ({"runAsNonRoot": True}, {"runAsUser": 1000}, ""),
        ({"runAsNonRoot": True}, {"runAsNonRoot": False}, ""),
        (
            {"runAsUser": 1000},
            {"runAsNonRoot": True, "runAsUser": 0},
            "container's runAsUser breaks non-root policy",
        ),
    ],
)
def test_a_container_that_must_not_be_root_is_not_made_as_root(one, of_pod, own, why):
    one.apply(pod(containers=[shell("sleep 99", securityContext=own)], securityContext=of_pod))
    uid = one.api.get("Pod", "web").uid
    where = f'(pod: "web_default({uid})", container: main)'
    told = ("CreateContainerConfigError", f"{why} {where}") if why else None
    assert waiting(one) == told


@pytest.mark.parametrize(
    ("of_pod", "own", "said"),
    [
        ({}, {}, "0 0"),
        ({"runAsUser": 1000}, {}, "1000 0"),
        ({"runAsUser": 1000, "runAsGroup": 3000}, {"runAsUser": 7}, "7 3000"),
    ],
)
def test_a_program_runs_as_its_container_says_or_else_as_its_pod_says(one, of_pod, own, said):
    script = "echo $(id -u) $(id -g)"
    one.apply(pod(containers=[shell(script, securityContext=own)], securityContext=of_pod,
                  restartPolicy="Never"))  # fmt: skip
    one.run(seconds=20)
    assert one.logs("web") == f"{said}\n"


@pytest.mark.parametrize(
    ("expression", "value", "why"),
    [
        ("$(NAME)", "a", ""),
        ("$(NAME)/$(OTHER)/$(ANOTHER)", "a", "missing value for ANOTHER, OTHER"),
        ("$$(NONE)", "a", ""),
        ("$(NAME)", "/a", "error SubPath `/a` must not be an absolute path"),
        ("$(NAME)", "../a", "unable to provision SubPath `../a`: must not contain '..'"),
    ],
)
def test_a_part_of_a_volume_may_be_named_by_variables(one, expression, value, why):
    mount = {"name": "v", "mountPath": "/a", "subPathExpr": expression}
    env = [{"name": "NAME", "value": value}]
    one.apply(pod(containers=[shell("sleep 99", env=env, volumeMounts=[mount])],
                  volumes=[{"name": "v", "emptyDir": {}}]))  # fmt: skip
    assert waiting(one) == (("CreateContainerConfigError", why) if why else None)


@pytest.mark.parametrize(
    ("sources", "why"),
    [
        ([{"configMap": {"name": "none", "optional": True}}], ""),
        ([{"secret": {"name": "none"}}], 'secret "none" not found'),
        (
            [{"configMap": {"name": "none"}}, {"secret": {"name": "other"}}],
            '[configmap "none" not found, secret "other" not found]',
        ),
    ],
)
def test_a_projected_volume_waits_for_its_sources(one, sources, why):
    volume = {"name": "v", "projected": {"sources": sources}}
    mount = {"name": "v", "mountPath": "/v"}
    one.apply(pod(containers=[container(volumeMounts=[mount])], volumes=[volume]))
    one.run(seconds=20)
    told = set(one.log(reason="FailedMount").MESSAGE)
    assert told == ({f'MountVolume.SetUp failed for volume "v" : {why}'} if why else set())


def test_the_file_of_hosts_has_the_pods_own_names_and_its_aliases(one):
    alias = {"ip": "192.0.2.7", "hostnames": ["db", "cache"]}
    one.apply(pod(containers=[shell("sleep 99")], hostAliases=[alias], subdomain="web"))
    one.apply(pod("plain", [shell("sleep 99")]))
    one.run(seconds=20)
    address = one.document("pod", "web")["status"]["podIP"]
    lines = one.exec("web", "cat /etc/hosts").splitlines()
    assert lines[0] == "# Kubernetes-managed hosts file."
    assert lines[-4:] == [
        f"{address}\tweb.web.default.svc.cluster.local\tweb",
        "",
        "# Entries added by HostAliases.",
        "192.0.2.7\tdb\tcache",
    ]
    plain = one.document("pod", "plain")["status"]["podIP"]
    assert one.exec("plain", "cat /etc/hosts").splitlines()[-1] == f"{plain}\tplain"


FORMAT = "invalid reference format"


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("Busybox:1", f"{FORMAT}: repository name (library/Busybox) must be lowercase"),
        ("a b", FORMAT),
        ("nginx:", FORMAT),
        ("-a", FORMAT),
        (f"nginx@sha256:{'a' * 63}", "invalid checksum digest length"),
        (f"nginx@md5:{'a' * 32}", "unsupported digest algorithm"),
        ("a" * 64, f"invalid repository name ({'a' * 64}), "
                   "cannot specify 64-byte hexadecimal strings"),
    ],
)  # fmt: skip
def test_an_image_name_that_cannot_be_read_tells_why(one, image, why):
    one.apply(pod(containers=[container(image=image)]))
    told = f'couldn\'t parse image name "{image}": {why}'
    failed = f'Failed to apply default image tag "{image}": {told}'
    assert waiting(one) == ("InvalidImageName", failed)
