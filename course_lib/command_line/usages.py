"""How flags and commands are described in a program's help.

Source: pflag 1.0.10 (`FlagUsages`), cobra 1.10 (`defaultUsageFunc`), of Go `time.Duration.String`.
"""

from __future__ import annotations

from collections.abc import Iterable

from course_lib.command_line.flags import Flag
from course_lib.command_line.values import quoted

_TYPES = {
    "bool": "",
    "float64": "float",
    "int64": "int",
    "uint64": "uint",
    "stringSlice": "strings",
}


def duration_text(seconds: float) -> str:
    """A duration as Go writes it.

    >>> duration_text(0), duration_text(5), duration_text(90.5), duration_text(0.0015)
    ('0s', '5s', '1m30.5s', '1.5ms')
    """
    nanoseconds = round(abs(seconds) * 10**9)
    sign = "-" if seconds < 0 else ""
    if nanoseconds < 10**9:
        units = ((10**6, "ms"), (10**3, "µs"), (1, "ns"))
        size, unit = next((u for u in units if nanoseconds >= u[0]), (1, "s"))
        return f"{sign}{_decimal(nanoseconds, size)}{unit}"
    minutes, rest = divmod(nanoseconds, 60 * 10**9)
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(rest, 10**9)}s"
    text = f"{minutes}m{text}" if minutes or hours else text
    return sign + (f"{hours}h{text}" if hours else text)


def _decimal(number: int, unit: int) -> str:
    whole, rest = divmod(number, unit)
    fraction = str(rest).rjust(len(str(unit)) - 1, "0").rstrip("0")
    return f"{whole}.{fraction}" if fraction else str(whole)


def flag_usages(flags: Iterable[Flag]) -> str:
    """The flags that are not hidden, one a line, by their names.

    >>> print(flag_usages([Flag("limit", "", "int64", usage="At most so many")]), end="")
          --limit int   At most so many
    """
    shown = sorted((flag for flag in flags if not flag.hidden), key=lambda flag: flag.name)
    heads = [_head(flag) for flag in shown]
    width = max(map(len, heads), default=0)
    lines = [
        f"{head.ljust(width)}   {_tail(flag)}\n" for head, flag in zip(heads, shown, strict=True)
    ]
    return "".join(lines)


def _head(flag: Flag) -> str:
    """Its names, and the kind of its value; a name in backquotes in `usage` counts instead."""
    letters = f"  -{flag.shorthand}, " if flag.shorthand else "      "
    parts = flag.usage.split("`")
    kind = parts[1] if len(parts) > 2 else _TYPES.get(flag.kind, flag.kind)
    text = f"{letters}--{flag.name}" + (f" {kind}" if kind else "")
    if flag.no_opt_default:
        value = f'"{flag.no_opt_default}"' if flag.kind == "string" else flag.no_opt_default
        text += f"[={value}]"
    return text


def _tail(flag: Flag) -> str:
    """What it is for, and its default value where that is not the empty one."""
    text = flag.usage.replace("`", "")
    if flag.default:
        default = quoted(str(flag.default)) if flag.kind == "string" else _value_text(flag)
        text += f" (default {default})"
    return f"{text} (DEPRECATED: {flag.deprecated})" if flag.deprecated else text


def _value_text(flag: Flag) -> str:
    value = flag.default
    if isinstance(value, bool):
        return str(value).lower()
    if flag.kind == "duration" and isinstance(value, int | float):
        return duration_text(value)
    if isinstance(value, list):
        return f"[{','.join(value)}]"
    if isinstance(value, dict):
        return f"[{','.join(f'{key}={value[key]}' for key in sorted(value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
