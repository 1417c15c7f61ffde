"""The small programs of images, each a function: (world, arguments) -> exit code."""

from __future__ import annotations

from course_lib.runtimes.tools.archive import ARCHIVE_TOOLS
from course_lib.runtimes.tools.columns import COLUMN_TOOLS
from course_lib.runtimes.tools.curl import CURL_TOOLS
from course_lib.runtimes.tools.files import FILE_TOOLS
from course_lib.runtimes.tools.interfaces import INTERFACE_TOOLS
from course_lib.runtimes.tools.listing import LISTING_TOOLS
from course_lib.runtimes.tools.lookups import LOOKUP_TOOLS
from course_lib.runtimes.tools.permissions import PERMISSION_TOOLS
from course_lib.runtimes.tools.probing import PROBING_TOOLS
from course_lib.runtimes.tools.processes import PROCESS_TOOLS
from course_lib.runtimes.tools.say import SAYING_TOOLS
from course_lib.runtimes.tools.sed import EDITING_TOOLS
from course_lib.runtimes.tools.streams import STREAM_TOOLS
from course_lib.runtimes.tools.system import SYSTEM_TOOLS
from course_lib.runtimes.tools.text import TEXT_TOOLS
from course_lib.runtimes.tools.tool import Tool
from course_lib.runtimes.tools.wget import WGET_TOOLS

TOOLS: dict[str, Tool] = {
    **SAYING_TOOLS,
    **FILE_TOOLS,
    **LISTING_TOOLS,
    **PERMISSION_TOOLS,
    **TEXT_TOOLS,
    **COLUMN_TOOLS,
    **STREAM_TOOLS,
    **EDITING_TOOLS,
    **PROCESS_TOOLS,
    **SYSTEM_TOOLS,
    **LOOKUP_TOOLS,
    **CURL_TOOLS,
    **WGET_TOOLS,
    **PROBING_TOOLS,
    **INTERFACE_TOOLS,
    **ARCHIVE_TOOLS,
}
