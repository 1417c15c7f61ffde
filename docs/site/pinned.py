"""What the site is built from: names, versions and sums, from `pins.toml` and requirements.lock."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.utils import canonicalize_name

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PINS: dict[str, Any] = tomllib.loads((HERE / "pins.toml").read_text())
# Python in the browser, as markers of requirements name it (PEP 508, PEP 776).
BROWSER = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "wasm32",
    "platform_python_implementation": "CPython",
    "platform_system": "Emscripten",
    "python_full_version": "3.14.2",
    "python_version": "3.14",
    "sys_platform": "emscripten",
    "extra": "",
}
LOCKED = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>\S+)(?: ; (?P<marker>.*?))? \\$")


def applies(marker: str | None) -> bool:
    """Whether a requirement with this marker holds in the browser.

    >>> applies("sys_platform == 'win32'"), applies("python_version >= '3.12'"), applies(None)
    (False, True, True)
    """
    return marker is None or Marker(marker).evaluate(BROWSER)


def locked(lock: str) -> dict[str, str]:
    """The lines of a lock file for each package that the browser can use, without markers."""
    found: dict[str, str] = {}
    taking = ""
    for line in lock.splitlines():
        if start := LOCKED.match(line):
            taking = canonicalize_name(start["name"]) if applies(start["marker"]) else ""
            line = f"{start['name']}=={start['version']} \\"
        if taking:
            found[taking] = found.get(taking, "") + line + "\n"
    return found


def pinned(section: str) -> str:
    """The packages of a section of `pins.toml`, as pip reads them."""
    return "".join(
        f"{name}=={version} --hash=sha256:{digest}\n"
        for name, (version, digest) in PINS[section].items()
    )
