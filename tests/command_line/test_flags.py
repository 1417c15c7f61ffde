"""Flags of a command line, and what is said of a wrong one.

The sentences are those that pflag 1.0.10 prints for the same flags and words.
"""

from __future__ import annotations

import pytest

from course_lib.command_line import Flag, UsageError, parse

FLAGS = [
    Flag("all", "a", "bool"),
    Flag("quiet", "q", "bool", True),
    Flag("number", "n", "int", 7),
    Flag("small", "", "int32"),
    Flag("size", "", "uint64"),
    Flag("ratio", "", "float64"),
    Flag("output", "o"),
    Flag("dry-run", "", "string", "none", no_opt_default="unchanged"),
    Flag("timeout", "", "duration", 5.0),
    Flag("slice", "s", "stringSlice", ["x"]),
    Flag("array", "", "stringArray"),
    Flag("env", "e", "stringToString"),
    Flag("verbose", "v", "count"),
    Flag("old", "", "bool", deprecated="use --all"),
]

RIGHT: list[tuple[str, str, object]] = [
    ("--number 3", "number", 3),
    ("--number=-3", "number", -3),
    ("-n3", "number", 3),
    ("-n=3", "number", 3),
    ("-n 3", "number", 3),
    ("-an3", "number", 3),
    ("-n 0x1F", "number", 31),
    ("-n 0b101", "number", 5),
    ("-n 0o17", "number", 15),
    ("-n 017", "number", 15),
    ("-n 1_000", "number", 1000),
    ("--number 1 --number 2", "number", 2),
    ("--size 18446744073709551615", "size", 2**64 - 1),
    ("--ratio 1.5e2", "ratio", 150.0),
    ("--all", "all", True),
    ("--all=0", "all", False),
    ("--all=T", "all", True),
    ("-qa", "all", True),
    ("-a=false", "all", False),
    ("--output=a=b", "output", "a=b"),
    ("-o=", "output", "="),  # pflag wants a letter after `=` of a shorthand
    ("--output=", "output", ""),
    ("--output --all", "output", "--all"),
    ("--dry-run", "dry-run", "unchanged"),
    ("--dry-run=server", "dry-run", "server"),
    ("--timeout 1h2m3.5s", "timeout", 3723.5),
    ("--timeout=-1.5h", "timeout", -5400.0),
    ("--timeout 100ms", "timeout", 0.1),
    ("--timeout 0", "timeout", 0.0),
    ("--timeout .5s", "timeout", 0.5),
    ("-s a,b -s c", "slice", ["a", "b", "c"]),
    ("--slice=", "slice", []),
    ('-s "a,b",c', "slice", ["a,b", "c"]),
    ("--array a,b --array c", "array", ["a,b", "c"]),
    ("--env a=1,b=2", "env", {"a": "1", "b": "2"}),
    ("--env a=1,2", "env", {"a": "1,2"}),
    ("-e a=1 -e b=2 -e a=3", "env", {"a": "3", "b": "2"}),
    ("-vvv", "verbose", 3),
    ("-v --verbose=5 -v", "verbose", 6),
]
WRONG = [
        ("--x", "unknown flag: --x"),
        ("--x=1", "unknown flag: --x"),
        ("--number3", "unknown flag: --number3"),
        ("-x", "unknown shorthand flag: 'x' in -x"),
        ("-axy", "unknown shorthand flag: 'x' in -xy"),
        ("-'", r"unknown shorthand flag: '\'' in -'"),
        ("---", "bad flag syntax: ---"),
        ("--=1", "bad flag syntax: --=1"),
        ("--number", "flag needs an argument: --number"),
        ("-n", "flag needs an argument: 'n' in -n"),
        ("-an", "flag needs an argument: 'n' in -n"),
        ("-n a", 'invalid argument "a" for "-n, --number" flag: '
                 'strconv.ParseInt: parsing "a": invalid syntax'),
        ("-n 09", 'invalid argument "09" for "-n, --number" flag: '
                  'strconv.ParseInt: parsing "09": invalid syntax'),
        ("--number=", 'invalid argument "" for "-n, --number" flag: '
                      'strconv.ParseInt: parsing "": invalid syntax'),
        ("--small 2147483648", 'invalid argument "2147483648" for "--small" flag: '
                               'strconv.ParseInt: parsing "2147483648": value out of range'),
        ("--size -1", 'invalid argument "-1" for "--size" flag: '
                      'strconv.ParseUint: parsing "-1": invalid syntax'),
        ("--ratio x", 'invalid argument "x" for "--ratio" flag: '
                      'strconv.ParseFloat: parsing "x": invalid syntax'),
        ("--ratio 1e400", 'invalid argument "1e400" for "--ratio" flag: '
                          'strconv.ParseFloat: parsing "1e400": value out of range'),
        ("--all=yes", 'invalid argument "yes" for "-a, --all" flag: '
                      'strconv.ParseBool: parsing "yes": invalid syntax'),
        ("--timeout 5", 'invalid argument "5" for "--timeout" flag: '
                        'time: missing unit in duration "5"'),
        ("--timeout 5d", 'invalid argument "5d" for "--timeout" flag: '
                         'time: unknown unit "d" in duration "5d"'),
        ("--timeout x", 'invalid argument "x" for "--timeout" flag: time: invalid duration "x"'),
        ("--timeout=", 'invalid argument "" for "--timeout" flag: time: invalid duration ""'),
        ("--timeout -", 'invalid argument "-" for "--timeout" flag: time: invalid duration "-"'),
        ("--env a", 'invalid argument "a" for "-e, --env" flag: a must be formatted as key=value'),
        ("--env a=1,b=2,c", 'invalid argument "a=1,b=2,c" for "-e, --env" flag: '
                            'c must be formatted as key=value'),
        ('-s a"b', r'invalid argument "a\"b" for "-s, --slice" flag: '
                   'parse error on line 1, column 2: bare " in non-quoted-field'),
        ('-s "ab', r'invalid argument "\"ab" for "-s, --slice" flag: '
                   'parse error on line 1, column 4: extraneous or missing " in quoted-field'),
        ('-s "a"b', r'invalid argument "\"a\"b" for "-s, --slice" flag: '
                    'parse error on line 1, column 3: extraneous or missing " in quoted-field'),
    ]  # fmt: skip


def test_flags_have_their_defaults():
    found = parse([], FLAGS)
    assert found.values["quiet"] is True and found.number("number") == 7
    assert (found.text("output"), found.text("dry-run")) == ("", "none")
    assert (found.texts("slice"), found.texts("array"), found.pairs("env")) == (["x"], [], {})
    assert found.seconds("timeout") == 5.0 and found.given == set()


@pytest.mark.parametrize(("line", "name", "value"), RIGHT)
def test_a_flag_has_the_value_that_is_given(line, name, value):
    found = parse(line.split(" "), FLAGS)
    assert found.values[name] == value and type(found.values[name]) is type(value)
    assert found.args == [] and name in found.given


@pytest.mark.parametrize(("line", "said"), WRONG)
def test_a_wrong_flag_is_refused_in_the_words_of_pflag(line, said):
    with pytest.raises(UsageError) as refusal:
        parse(line.split(" "), FLAGS)
    assert str(refusal.value) == said


def test_arguments_and_flags_may_stand_in_any_order():
    found = parse(["get", "-a", "web", "-", "", "--number", "1", "db"], FLAGS)
    assert found.args == ["get", "web", "-", "", "db"] and found.on("all")


def test_two_dashes_end_the_flags():
    found = parse(["web", "-a", "--", "ls", "-l", "--", "x"], FLAGS)
    assert (found.args, found.dash) == (["web", "ls", "-l", "--", "x"], 1)
    assert parse(["web"], FLAGS).dash == -1


def test_the_first_argument_ends_the_flags_where_these_are_not_interspersed():
    found = parse(["-a", "ls", "-l", "--x"], FLAGS, interspersed=False)
    assert found.args == ["ls", "-l", "--x"] and found.on("all")


def test_a_deprecated_flag_brings_a_notice():
    assert parse(["--old"], FLAGS).notices == ["Flag --old has been deprecated, use --all"]
