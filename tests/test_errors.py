"""What an error says when a part of the package is not installed."""

from __future__ import annotations

import pytest

from course_lib.errors import CourseError, extra


@pytest.mark.parametrize("module", ["tornado", "tornado.httpserver"])
def test_a_missing_extra_names_the_package_and_its_command(module):
    with pytest.raises(CourseError, match=r"^tornado is not installed") as refusal, extra("serve"):
        raise ModuleNotFoundError(name=module)
    assert refusal.value.do == "pip install 'course-lib[serve]'"
