"""What the stories of the real kubectl cannot show: the parts of the descriptions."""

import pytest

from course_lib import Cluster
from course_lib.errors import CourseError
from course_lib.kubectl.describing.generic import title_of
from course_lib.kubectl.describing.pod_resources import asked, in_effect
from course_lib.kubectl.describing.probes import probe_text
from course_lib.kubectl.describing.roles import compact
from course_lib.kubectl.describing.values import date, host_port, selector, selector_or_none
from course_lib.kubectl.describing.writing import notes, several


@pytest.fixture(scope="module")
def cluster():
    made = Cluster(nodes=2)
    made.apply("data/web.yaml")
    made.run(20)
    return made


def test_python_and_kubectl_describe_by_the_same_code(cluster):
    said = cluster.kubectl(["describe", "deploy", "web"]).stdout
    assert cluster.describe("deployment", "web") == said.removesuffix("\n")


def test_what_is_not_there_cannot_be_described(cluster):
    with pytest.raises(CourseError, match='"nosuch" not found'):
        cluster.describe("pod", "nosuch")


def test_a_description_shows_as_a_text_that_scrolls(cluster):
    assert cluster.describe("service", "web")._repr_html_().startswith("<pre")


def test_no_control_character_reaches_the_terminal(cluster):
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "odd"},
                   "data": {"a": "red \x1b[31m\rover"}})  # fmt: skip
    assert "red ^[[31m\\rover" in cluster.describe("configmap", "odd")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("apiVersion", "API Version"),
        ("podIPs", "Pod I Ps"),
        ("clusterUID", "Cluster UID"),
        ("HTTPProxyURL", "HTTPProxy URL"),
        ("kebab-name", "Kebab - Name"),
        ("dotted.name", "dotted.name"),
        ("x509", "x509"),
        ("f:spec", "f:spec"),
    ],
)
def test_the_name_of_a_field_becomes_words(name, title):
    assert title_of(name) == title


def test_a_value_below_a_value_stands_in_its_column():
    assert list(several("Hosts", ["a", "b"])) == ["Hosts:\ta", "\tb"]
    assert list(several("Hosts", [])) == ["Hosts:\t<none>"]


def test_a_long_note_is_cut_in_a_line_of_its_own():
    title, note = notes({"why": "x" * 200})
    assert (title, len(note)) == ("Annotations:\twhy:", len("\t  ") + 138 + len("..."))
    assert list(notes({"why": "short\n"})) == ["Annotations:\twhy: short"]


def test_a_missing_time_is_the_first_of_go():
    assert date(None) == "Mon, 01 Jan 0001 00:00:00 +0000"


def test_a_selector_without_a_condition_is_empty_or_none():
    assert (selector(None), selector({}), selector_or_none({})) == ("", "", "<none>")


def test_an_address_of_ipv6_stands_in_brackets():
    assert (host_port("fd00::1", 80), host_port("", "http")) == ("[fd00::1]:80", ":http")


def test_a_path_is_written_as_in_a_url():
    get = {"path": "ready now?", "port": "web", "scheme": "HTTPS", "host": "a"}
    assert probe_text({"httpGet": get}).startswith("http-get https://a:web/ready%20now%3F delay=0s")


def test_verbs_of_one_resource_stand_together_and_those_of_a_path_apart():
    pods = {"apiGroups": [""], "resources": ["pods"]}
    rules = compact([
        pods | {"verbs": ["get"]},
        pods | {"verbs": ["list", "get"]},
        {"nonResourceURLs": ["/healthz"], "verbs": ["get", "head"]},
    ])  # fmt: skip
    assert [rule.verbs for rule in rules] == [("get", "list"), ("get",), ("head",)]


def container(name, cpu, **more):
    return {"name": name, "resources": {"requests": {"cpu": cpu}, "limits": {"cpu": cpu}}, **more}


def cores(amounts):
    return {name: str(amount) for name, amount in amounts.items()}


def test_init_containers_count_where_they_need_more():
    spec = {
        "containers": [container("a", "1"), container("b", "500m")],
        "initContainers": [
            container("beside", "250m", restartPolicy="Always"),
            container("first", "2"),
        ],
    }
    assert cores(asked({"spec": spec}, "requests")) == {"cpu": "2250m"}


def test_overhead_is_no_limit_where_there_is_none():
    pod = {"spec": {"containers": [{"name": "a"}], "overhead": {"cpu": "100m"}}}
    assert (cores(asked(pod, "requests")), cores(asked(pod, "limits"))) == ({"cpu": "100m"}, {})


def test_what_a_node_has_granted_counts_until_a_smaller_size_is_in_effect():
    pod = {
        "spec": {"containers": [container("a", "1")]},
        "status": {
            "containerStatuses": [{
                "name": "a",
                "allocatedResources": {"cpu": "3"},
                "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "4"}},
            }],
        },
    }  # fmt: skip
    assert cores(asked(pod, "requests")) == {"cpu": "1"}
    assert cores(in_effect(pod, "requests")) == {"cpu": "3"}
    assert cores(in_effect(pod, "limits")) == {"cpu": "4"}
    waiting = {"type": "PodResizePending", "status": "True", "reason": "Infeasible"}
    pod["spec"]["containers"] = [container("a", "100")]
    pod["status"]["conditions"] = [waiting]
    assert cores(in_effect(pod, "requests")) == {"cpu": "3"}
