import pytest

from course_lib.errors import CourseError
from course_lib.images import Reference, Registry, RegistryError

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("org/app", "docker.io/org/app:latest"),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/app:v1", "localhost:5000/app:v1"),
        ("quay.io/a/b/c", "quay.io/a/b/c:latest"),
        (f"nginx@{DIGEST}", f"docker.io/library/nginx@{DIGEST}"),
    ],
)
def test_names_are_completed_as_runtimes_do(written, full):
    assert str(Reference.parse(written)) == full
    assert str(Reference.parse(full)) == full


@pytest.mark.parametrize(
    "name", ["", "Nginx", "a//b", "nginx:", "nginx:a b", "nginx@sha256:xyz", "-a"]
)
def test_what_is_not_a_name_is_refused(name):
    with pytest.raises(CourseError):
        Reference.parse(name)


def test_a_repository_that_was_pushed_to_has_only_what_was_pushed():
    registry = Registry()
    registry.push("course/shop:v1", size=1000)
    assert registry.resolve("course/shop:v1")[1] == 1000
    with pytest.raises(RegistryError, match="course/shop:v2: not found"):
        registry.resolve("course/shop:v2")
    registry.withdraw("course/shop:v1")
    with pytest.raises(RegistryError, match="not found"):
        registry.resolve("course/shop:v1")


def test_other_content_under_a_tag_has_another_digest():
    registry = Registry()
    registry.push("course/shop:v1", size=1000)
    before = registry.resolve("course/shop:v1")[0]
    registry.push("course/shop:v1", size=1001)
    assert registry.resolve("course/shop:v1")[0] != before


def test_unknown_repositories_are_taken_to_exist_and_invalid_hosts_are_not():
    registry = Registry()
    assert registry.resolve("some/thing:v9") == Registry().resolve("some/thing:v9")
    with pytest.raises(RegistryError, match="no such host"):
        registry.resolve("registry.invalid/app:v1")
