"""Whether Python runs in a web page: there are no processes, threads and sockets (PEP 776)."""

from __future__ import annotations

import sys

IN_BROWSER = bool(sys.platform == "emscripten")
