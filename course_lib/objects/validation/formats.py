"""The forms of names, texts and numbers: each function says what is wrong, in several sentences.

Nothing wrong is an empty list. Source: `pkg/util/validation` and `pkg/api/validate/content` of
k8s.io/apimachinery.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache

Format = Callable[[str], list[str]]
MAX_LABEL, MAX_SUBDOMAIN, MAX_PORT_NAME = 63, 253, 15
EMPTY = "must be non-empty"
NEGATIVE = "must be greater than or equal to 0"
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_UNDERSCORE = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_LABEL_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"


def too_many_characters(most: int) -> str:
    """A text is longer than `most`."""
    return f"must be no more than {most} characters"


def too_many_bytes(most: int) -> str:
    """The same as the newer functions say it (`content.MaxLenError`)."""
    return f"must be no more than {most} bytes"


def outside(least: int, most: int) -> str:
    """A number is not between `least` and `most`."""
    return f"must be between {least} and {most}, inclusive"


def unlike(rule: str, pattern: str, *examples: str) -> str:
    """A text is not as a `rule` wants it; `pattern` is the same as a regular expression."""
    if not examples:
        return f"{rule} (regex used for validation is '{pattern}')"
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{rule} (e.g. {shown}regex used for validation is '{pattern}')"


def _form(
    rule: str,
    pattern: str,
    examples: tuple[str, ...],
    most: int = 0,
    too_long: Callable[[int], str] = too_many_characters,
) -> Format:
    good, problem = re.compile(pattern), unlike(rule, pattern, *examples)

    @lru_cache(maxsize=4096)
    def judged(text: str) -> tuple[str, ...]:
        told = [too_long(most)] if most and len(text.encode()) > most else []
        return (*told, *([] if good.fullmatch(text) else [problem]))

    return lambda text: list(judged(text))


_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character"
)
subdomain = _form(_SUBDOMAIN_RULE, _SUBDOMAIN, ("example.com",), MAX_SUBDOMAIN)
long_name = _form(_SUBDOMAIN_RULE, _SUBDOMAIN, ("example.com",), MAX_SUBDOMAIN, too_many_bytes)
_CAPITALS_RULE = (
    "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character"
)
_with_capitals = _form(_CAPITALS_RULE, _SUBDOMAIN, ("Example.com",), MAX_SUBDOMAIN, too_many_bytes)
subdomain_with_underscore = _form(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' "
    "or '.', and must start and end with an alphanumeric character",
    rf"{_UNDERSCORE}(\.{_UNDERSCORE})*", ("example.com",), MAX_SUBDOMAIN,
)  # fmt: skip
label_1035 = _form(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character",
    "[a-z]([-a-z0-9]*[a-z0-9])?", ("my-name", "abc-123"), MAX_LABEL,
)  # fmt: skip
wildcard_subdomain = _form(
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which "
    "must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric "
    "character",
    rf"\*\.{_SUBDOMAIN}", ("*.example.com",), MAX_SUBDOMAIN,
)  # fmt: skip
label_value = _form(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character",
    f"({_LABEL_KEY})?", ("MyValue", "my_value", "12345"), MAX_LABEL, too_many_bytes,
)  # fmt: skip
percent = _form(
    "a valid percent string must be a numeric string followed by an ending '%'",
    "[0-9]+%", ("1%", "93%"),
)  # fmt: skip
header_name = _form(
    "a valid HTTP header must consist of alphanumeric characters or '-'",
    "[-A-Za-z0-9]+", ("X-Header-Name",),
)  # fmt: skip
_label = _form(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character",
    _LABEL, ("my-name", "123-abc"),
)  # fmt: skip
_key_name = _form(
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character",
    _LABEL_KEY, ("MyName", "my.name", "123-abc"),
)  # fmt: skip
_config_key = _form(
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    "[-._a-zA-Z0-9]+", ("key.name", "KEY_NAME", "key-name"), MAX_SUBDOMAIN,
)  # fmt: skip
_TOO_MANY_PARTS = _key_name("/")[0].replace("name part", "a valid label key") + (
    " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
)


def label(text: str) -> list[str]:
    """An RFC 1123 label (`IsDNS1123Label`)."""
    told = [too_many_characters(MAX_LABEL)] if len(text.encode()) > MAX_LABEL else []
    problems = _label(text)
    if problems and re.fullmatch(_SUBDOMAIN, text):
        problems = ["must not contain dots"]
    return told + problems


def short_name(text: str) -> list[str]:
    """The same as declared rules say it (`validate.ShortName`)."""
    told = [too_many_bytes(MAX_LABEL)] if len(text.encode()) > MAX_LABEL else []
    return told + _label(text)


def long_name_caseless(text: str) -> list[str]:
    """A subdomain, in capitals too, in the words of declared rules (`LongNameCaseless`)."""
    return _with_capitals(text.lower())


@lru_cache(maxsize=4096)
def _key(text: str) -> tuple[str, ...]:
    prefix, slash, name = text.rpartition("/")
    if "/" in prefix:
        return (_TOO_MANY_PARTS,)
    told = [f"prefix part {problem}" for problem in long_name(prefix)] if prefix else []
    if slash and not prefix:
        told = [f"prefix part {EMPTY}"]
    if not name:
        told.append(f"name part {EMPTY}")
    elif len(name.encode()) > MAX_LABEL:
        told.append(f"name part {too_many_bytes(MAX_LABEL)}")
    return (*told, *_key_name(name))


def label_key(text: str) -> list[str]:
    """The key of a label, which is a qualified name (`IsLabelKey`)."""
    return list(_key(text))


def config_key(text: str) -> list[str]:
    """The key of a ConfigMap or Secret (`IsConfigMapKey`)."""
    return _config_key(text) + _upwards(text)


def _upwards(text: str) -> list[str]:
    if text in (".", ".."):
        return [f"must not be '{text}'"]
    return ["must not start with '..'"] if text.startswith("..") else []


def variable_name(text: str) -> list[str]:
    """The name of an environment variable (`IsRelaxedEnvVarName`)."""
    if not text:
        return [f"environment variable name {EMPTY}"]
    if all(" " <= character <= "~" and character != "=" for character in text):
        return []
    return [
        "a valid environment variable name must consist only of printable ASCII characters other "
        "than '='"
    ]


_strict_variable = _form(
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or "
    "'.', and must not start with a digit",
    "[-._a-zA-Z][-._a-zA-Z0-9]*", ("my.env-name", "MY_ENV.NAME", "MyEnvName1"),
)  # fmt: skip


def strict_variable_name(text: str) -> list[str]:
    """The name of an environment variable as clients want it (`IsEnvVarName`)."""
    return _strict_variable(text) + _upwards(text)


def port_name(text: str) -> list[str]:
    """The name of a port (`IsValidPortName`)."""
    told = []
    if len(text.encode()) > MAX_PORT_NAME:
        told.append(too_many_characters(MAX_PORT_NAME))
    if not re.fullmatch("[-a-z0-9]+", text):
        told.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", text):
        told.append("must contain at least one letter (a-z)")
    if "--" in text:
        told.append("must not contain consecutive hyphens")
    if text.startswith("-") or text.endswith("-"):
        told.append("must not begin or end with a hyphen")
    return told


def port_number(number: int) -> list[str]:
    """A port from 1 to 65535 (`IsValidPortNum`)."""
    return in_range(number, 1, 65535)


def in_range(number: int, least: int, most: int) -> list[str]:
    """A number from `least` to `most`, both included (`IsInRange`)."""
    return [] if least <= number <= most else [outside(least, most)]


def path_segment(text: str) -> list[str]:
    """A name that fits into a path (`IsPathSegmentName`)."""
    return [f"may not be '{text}'"] if text in (".", "..") else path_segment_prefix(text)


_path = _form("Invalid path", r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+", ())


def path_text(text: str) -> list[str]:
    """The path of a URL (`httpPathRegexp`)."""
    return _path(text)


def path_segment_prefix(text: str) -> list[str]:
    """The beginning of a name that fits into a path (`IsPathSegmentPrefix`)."""
    return [f"may not contain '{mark}'" for mark in "/%" if mark in text]


@lru_cache(maxsize=65536)
def _address(text: str) -> tuple[str, ...]:
    sloppy = re.sub(r"(?<![0-9a-fA-F:])0+(?=[0-9])", "", text) if "." in text else text
    try:
        found = ipaddress.ip_address("" if "%" in text else sloppy)
    except ValueError:
        return ("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",)
    if sloppy != text:
        return ("must not have leading 0s",)
    mapped = isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped
    return ("must not be an IPv4-mapped IPv6 address",) if mapped else ()


def address(text: str) -> list[str]:
    """An IP address, in whatever form (`IsValidIPForLegacyField`, strictly)."""
    return list(_address(text))


def canonical_address(text: str) -> list[str]:
    """An IP address in its shortest form (`IsValidIP`)."""
    if told := address(text):
        return told
    short = str(ipaddress.ip_address(text))
    return [] if short == text else [f'must be in canonical form ("{short}")']


def block(text: str) -> list[str]:
    """A block of addresses, in whatever form (`IsValidCIDRForLegacyField`, strictly)."""
    base, _, length = text.partition("/")
    told = address(base)
    zeros = "must not have leading 0s" in told
    malformed = not length.isascii() or not length.isdecimal() or (told and not zeros)
    try:
        plain = base if not zeros else ".".join(str(int(part)) for part in base.split("."))
        found = ipaddress.ip_interface("" if malformed else f"{plain}/{int(length)}")
    except ValueError:
        if told == ["must not be an IPv4-mapped IPv6 address"] and length.isdecimal():
            return ["must not have an IPv4-mapped IPv6 address"]
        return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]
    if zeros or str(int(length)) != length:
        return ["must not have leading 0s in IP or prefix length"]
    if found.ip != found.network.network_address:
        return ["must not have bits set beyond the prefix length"]
    return []
