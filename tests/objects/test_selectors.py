import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.errors import CourseError
from course_lib.objects.selectors import (
    NOTHING,
    Requirement,
    Selector,
    parse_field_selector,
    parse_selector,
    selector_from_labels,
)

keys = st.sampled_from(["app", "tier", "example.com/zone"])
values = st.sampled_from(["a", "b", "c", "1", "5", "9", ""])
labels = st.dictionaries(keys, values)
requirements = st.one_of(
    st.builds(
        Requirement, keys, st.sampled_from(["In", "NotIn"]), st.lists(values, min_size=1).map(tuple)
    ),
    st.builds(Requirement, keys, st.sampled_from(["Exists", "DoesNotExist"])),
    st.builds(
        Requirement,
        keys,
        st.sampled_from(["Gt", "Lt"]),
        st.sampled_from([("1",), ("5",), ("9",)]),
    ),
)


def brute(requirement: Requirement, found: dict[str, str]) -> bool:
    """The meaning of each operator, said another way."""
    has = requirement.key in found
    value = found.get(requirement.key)
    match requirement.operator:
        case "In":
            return has and any(value == wanted for wanted in requirement.values)
        case "NotIn":
            return not has or all(value != wanted for wanted in requirement.values)
        case "Exists":
            return has
        case "DoesNotExist":
            return not has
        case "Gt":
            return has and value.isdigit() and int(value) > int(requirement.values[0])
        case _:
            return has and value.isdigit() and int(value) < int(requirement.values[0])


@given(st.lists(requirements, max_size=4), labels)
def test_a_selector_holds_when_all_of_its_requirements_do(wanted, found):
    selector = Selector(tuple(wanted))
    assert selector.matches(found) == all(brute(r, found) for r in wanted)


@given(st.lists(requirements, min_size=1, max_size=4), labels)
def test_written_out_and_read_again_it_selects_the_same(wanted, found):
    selector = Selector(tuple(wanted))
    assert parse_selector(str(selector)).matches(found) == selector.matches(found)


@pytest.mark.parametrize(
    ("text", "matching", "other"),
    [
        ("app=a", {"app": "a"}, {"app": "b"}),
        ("app==a", {"app": "a"}, {}),
        ("app!=a", {}, {"app": "a"}),
        ("app in (a, b)", {"app": "b"}, {"app": "c"}),
        ("app notin (a,b),tier", {"tier": "x"}, {"app": "a", "tier": "x"}),
        ("!app", {"tier": "x"}, {"app": "a"}),
        ("tier>4", {"tier": "5"}, {"tier": "4"}),
        ("tier<4", {"tier": "3"}, {"tier": "x"}),
        ("app=", {"app": ""}, {"app": "a"}),
        ("", {}, None),
    ],
)
def test_kubectls_forms(text, matching, other):
    assert parse_selector(text).matches(matching)
    assert other is None or not parse_selector(text).matches(other)


@pytest.mark.parametrize("text", ["a b", "app in a", "=a", "app>x", "app in (a", "a,,b", "a=b=c"])
def test_bad_selectors_are_refused(text):
    with pytest.raises(CourseError, match="not a label selector"):
        parse_selector(text)


def test_an_empty_map_selects_nothing_and_an_empty_selector_everything():
    assert not selector_from_labels({}).matches({"a": "b"})
    assert selector_from_labels(None) is NOTHING
    assert parse_selector("").matches(None)


def test_field_selectors():
    selector = parse_field_selector("spec.nodeName=n1,status.phase!=Failed")
    assert selector.matches({"spec": {"nodeName": "n1"}})
    assert not selector.matches({"spec": {"nodeName": "n1"}, "status": {"phase": "Failed"}})
    assert parse_field_selector("spec.unschedulable=true").matches(
        {"spec": {"unschedulable": True}}
    )
    assert parse_field_selector("spec.nodeName=").matches({"spec": {}})
    with pytest.raises(CourseError, match="not a field selector"):
        parse_field_selector("spec.nodeName")
