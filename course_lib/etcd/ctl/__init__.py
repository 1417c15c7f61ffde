"""`etcdctl` and `etcdutl` as they are typed on a control plane node (chapter 10).

`run_etcdctl` and `run_etcdutl` take the words of a command line, and the `site`, the place where
they are typed: an `EtcdHost`. The release is that of `course_lib.objects.release.ETCD`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from course_lib.command_line import Result
from course_lib.etcd.ctl.etcdutl import ETCDUTL
from course_lib.etcd.ctl.program import ETCDCTL, GLOBAL
from course_lib.etcd.ctl.session import Typed
from course_lib.etcd.ctl.site import Bare, EtcdHost

__all__ = ["Bare", "EtcdHost", "run_etcdctl", "run_etcdutl", "run_line"]


def run_etcdctl(site: EtcdHost, words: Sequence[str], stdin: str = "") -> Result:
    """Run `etcdctl` with these words after its name; `stdin` is what it reads."""
    return ETCDCTL.execute(words, Typed(site, stdin))


def run_etcdutl(site: EtcdHost, words: Sequence[str]) -> Result:
    """Run `etcdutl` with these words after its name."""
    return ETCDUTL.execute(words, Typed(site))


def run_line(site: EtcdHost, line: str, stdin: str = "") -> Result:
    """Run a line as it is typed in a shell: variables, `etcdctl` or `etcdutl`, words.

    `stdin` is what it reads. `etcdctl` may be left out. A variable such as ETCDCTL_ENDPOINTS
    counts without its flag.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        return Result(stderr=f"sh: cannot read the line: {error}\n", code=2)
    variables: dict[str, str] = {}
    while words and (found := re.fullmatch(r"([A-Z_]+)=(.*)", words[0], re.S)):
        variables[found[1]] = found[2]
        words = words[1:]
    if words[:1] == ["etcdutl"]:
        return run_etcdutl(site, words[1:])
    words = words[1:] if words[:1] == ["etcdctl"] else words
    return run_etcdctl(site, [*_flags(variables, words), *words], stdin)


def _flags(variables: dict[str, str], words: Sequence[str]) -> list[str]:
    """Flags that variables of the environment set, as ETCDCTL_WRITE_OUT sets `--write-out`."""
    names = {f"ETCDCTL_{flag.name.replace('-', '_').upper()}": flag.name for flag in GLOBAL}
    set_here = {names[name]: value for name, value in variables.items() if name in names}
    return [
        f"--{name}={value}"
        for name, value in set_here.items()
        if not any(word.startswith(f"--{name}") for word in words)
    ]
