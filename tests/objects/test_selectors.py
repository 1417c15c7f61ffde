import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.objects.selectors import (
    NOTHING,
    Requirement,
    Selector,
    UnreadableSelector,
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


BETWEEN = "unable to parse requirement: "
BOUND = "Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"
OPERATORS = "in, notin, =, ==, !=, gt, lt"
# As a real API server answers them.
UNREADABLE = {
    "a b": f"{BETWEEN}found 'b', expected: {OPERATORS}",
    "app in a": f"{BETWEEN}found 'a' expected: '('",
    "app in (a": f"{BETWEEN}found '', expected: ',' or ')'",
    "app in (": f"{BETWEEN}found '', expected: ',', ')' or identifier",
    "app in ((a))": f"{BETWEEN}found '(', expected: ',', ')' or identifier",
    "app in (a=b)": f"{BETWEEN}found '=', expected: ',' or ')'",
    "app>x": f"{BETWEEN}values[0]: {BOUND}",
    "!a=b": "found '=', expected: ',' or 'end of string'",
    "a=b=c": "found '=', expected: ',' or 'end of string'",
    "=a": "found '=', expected: !, identifier, or 'end of string'",
    "a,,b": "found ',', expected: identifier after ','",
    "!": f"{BETWEEN}found '', expected: identifier",
    "a=!b": f"{BETWEEN}found '!', expected: identifier",
}


@pytest.mark.parametrize("text", UNREADABLE)
def test_bad_selectors_are_refused(text):
    with pytest.raises(UnreadableSelector) as refusal:
        parse_selector(text)
    assert refusal.value.what == UNREADABLE[text]


@pytest.mark.parametrize("text", ["-a=b", "a/b/c", "a=-", "a in (b,-)", "a=" + "x" * 64])
def test_keys_and_values_that_no_label_has_are_refused(text):
    with pytest.raises(UnreadableSelector, match=r"^unable to parse requirement: .*Invalid value"):
        parse_selector(text)


@pytest.mark.parametrize(
    ("text", "values"),
    [("a in ()", ("",)), ("a in (,)", ("",)), ("a in (c,b,)", ("", "b", "c")),
     ("in in (in,notin)", ("in", "notin")), ("a in (b,b)", ("b",))],
)  # fmt: skip
def test_values_in_brackets_are_a_set(text, values):
    assert parse_selector(text).requirements[0].values == values


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
    assert parse_field_selector("spec.hostNetwork=false").matches({"spec": {}})
    assert parse_field_selector("status.succeeded=0").matches({"status": {}})


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        (",", ()),
        ("b=1,a!=2,c==3", (("a", "2", False), ("b", "1", True), ("c", "3", True))),
        ("a = b", (("a ", " b", True),)),
        (r"a=b\,c\=d\\", (("a", "b,c=d\\", True),)),
    ],
)
def test_terms_of_a_field_selector(text, terms):
    assert parse_field_selector(text).terms == terms


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("spec.nodeName", "invalid selector: 'spec.nodeName'; can't understand 'spec.nodeName'"),
        ("a=b,c", "invalid selector: 'a=b,c'; can't understand 'c'"),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
        ("a=b\\c", "invalid field selector: invalid escape sequence: \\c"),
        ("a=b\\", "invalid field selector: invalid escape sequence: \\"),
    ],
)
def test_what_is_no_field_selector_is_refused_in_the_api_server_s_words(text, said):
    with pytest.raises(UnreadableSelector) as refusal:
        parse_field_selector(text)
    assert refusal.value.what == said
