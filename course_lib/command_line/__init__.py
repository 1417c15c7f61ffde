"""What all programs of the course with a command line share: flags, and what was printed.

`parse` reads flags as kubectl and etcdctl do; a `Result` has what a program printed and its code.
"""

from course_lib.command_line.commands import CommandTree, Exit, Program
from course_lib.command_line.flags import Flag, Parsed, UsageError, parse
from course_lib.command_line.result import Result, Terminal, Text, preformatted
from course_lib.command_line.usages import duration_text, flag_usages
from course_lib.command_line.values import Value, ValueProblem, quoted

__all__ = [
    "CommandTree",
    "Exit",
    "Flag",
    "Parsed",
    "Program",
    "Result",
    "Terminal",
    "Text",
    "UsageError",
    "Value",
    "ValueProblem",
    "duration_text",
    "flag_usages",
    "parse",
    "preformatted",
    "quoted",
]
