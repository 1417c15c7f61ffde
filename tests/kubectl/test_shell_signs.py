"""Signs of a shell on a line of kubectl."""

from __future__ import annotations

import pytest

from course_lib import Cluster
from course_lib.kubectl.shell_signs import first_sign, redirected, uncommented


@pytest.fixture(scope="module")
def cluster():
    made = Cluster(nodes=1)
    made.apply("data/web.yaml")
    made.run(20)
    return made


@pytest.mark.parametrize(
    ("line", "sign", "instead"),
    [
        ("get pods | grep web", "|", "--field-selector"),
        ("get pods && get nodes", "&&", "line of its own"),
        ("get pods || get nodes", "||", "line of its own"),
        ("get pods; get nodes", ";", "line of its own"),
        ("delete pod $(kubectl get pods -o name)", "$(", "{name}"),
        ("delete pod `kubectl get pods -o name`", "`", "{name}"),
        ("apply -f - < web.yaml", "<", "-f FILE"),
        ("apply -f - <<EOF", "<<", "%%kubectl"),
        ("get pods > pods.txt", ">", "end of a line of %kubectl"),
        ("get pods 2>/dev/null", ">", "stdout"),
        ("get pods &", "&", "line of its own"),
    ],
)
def test_a_sign_is_refused_by_name_with_what_to_do_instead(cluster, line, sign, instead):
    done = cluster.kubectl(line)
    assert done.code == 1 and done.stdout == ""
    assert f"so {sign} has no meaning" in done.stderr
    assert instead in done.stderr.partition("meaning")[2]


@pytest.mark.parametrize(
    "line",
    [
        "exec deploy/web -- sh -c 'echo a | cat && echo b; echo c > /tmp/c'",
        'exec deploy/web -- sh -c "ls | wc -l"',
        r"get pods -l a\|b",
        "get pods -l 'app in (web)'",
        "get pods -o jsonpath={.items[*].metadata.name}",
    ],
)
def test_a_sign_in_quotation_marks_is_a_part_of_its_word(line):
    assert first_sign(line) is None


def test_a_comment_ends_the_line(cluster):
    assert cluster.kubectl("get deploy -o name # all of them").stdout == "deployment.apps/web\n"
    assert uncommented("get pods -l 'a#b' c#d") == "get pods -l 'a#b' c#d"
    assert uncommented("# nothing") == ""


def test_a_line_that_is_not_whole_says_what_is_missing(cluster):
    assert "quotation mark" in cluster.kubectl('get pods "web').stderr
    assert "no line follows" in cluster.kubectl("get pods \\").stderr


@pytest.mark.parametrize(
    ("line", "file", "adds"),
    [
        ("get pods > a.txt", "a.txt", False),
        ("get pods >>a.txt", "a.txt", True),
        ("get pods -o yaml >'a.txt'", "a.txt", False),
        ("get pods > a b", "", False),
        ("get pods 2> a", "", False),
        ("get pods > a | cat", "", False),
        ("get pods >", "", False),
        ("get pods", "", False),
    ],
)
def test_what_is_printed_goes_to_the_file_at_the_end(line, file, adds):
    assert redirected(line)[1:] == (file, adds)
