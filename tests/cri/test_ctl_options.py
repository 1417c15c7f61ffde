"""Options of crictl, in the words of Go's flag package."""

from __future__ import annotations

import pytest

from course_lib.cri.ctl.options import Option, OptionError, read

OPTIONS = (
    Option("all", "a", "bool"),
    Option("quiet", "q", "bool"),
    Option("last", "n", "int"),
    Option("label", "", "stringSlice"),
    Option("output", "o", "string", "table"),
)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("", "output", "table"),
        ("-a", "all", True),
        ("--all", "all", True),
        ("-all", "all", True),
        ("-aq", "quiet", True),
        ("--all=false", "all", False),
        ("-n 3", "last", 3),
        ("--last=3", "last", 3),
        ("--label a=1 --label b=2", "label", ["a=1", "b=2"]),
        ("-o json", "output", "json"),
    ],
)
def test_an_option_has_the_value_that_is_given(line, name, value):
    assert read(line.split(), OPTIONS).values[name] == value


def test_the_first_argument_ends_the_options():
    given = read(["-a", "web", "-q"], OPTIONS)
    assert given.args == ["web", "-q"] and given.on("all") and not given.on("quiet")
    assert read(["--", "-q"], OPTIONS).args == ["-q"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--nosuch", "flag provided but not defined: -nosuch"),
        ("-x", "flag provided but not defined: -x"),
        ("-ax", "flag provided but not defined: -ax"),
        ("-n", "flag needs an argument: -n"),
        ("--last few", 'invalid value "few" for flag -last: parse error'),
        ("--all=maybe", 'invalid boolean value "maybe" for -all: parse error'),
        ("---", "bad flag syntax: ---"),
    ],
)
def test_a_wrong_option_is_refused(line, said):
    with pytest.raises(OptionError, match=f"^{said}$"):
        read(line.split(), OPTIONS)


def test_letters_stay_together_where_the_command_does_not_part_them():
    with pytest.raises(OptionError, match="not defined: -aq"):
        read(["-aq"], OPTIONS, letters=False)
