"""How two values differ, as messages of the API server show it (apimachinery `pkg/util/diff`)."""

from __future__ import annotations

import difflib
import json


def difference(old: object, new: object) -> str:
    """What differs between two values, line by line, with three lines around it.

    >>> print(difference({"Path": "/a"}, {"Path": "/b"}))
    @@ -1,3 +1,3 @@
     {
    - "Path": "/a"
    + "Path": "/b"
     }
    <BLANKLINE>
    """
    before, after = (
        [f"{line}\n" for line in json.dumps(value, indent=1, ensure_ascii=False).split("\n")]
        for value in (old, new)
    )
    return "".join([*difflib.unified_diff(before, after)][2:])  # without the names of files
