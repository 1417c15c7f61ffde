"""The small programs of images, each a function: (world, arguments) -> exit code."""

from __future__ import annotations

from course_lib.runtimes.tools.files import FILE_TOOLS
from course_lib.runtimes.tools.processes import PROCESS_TOOLS
from course_lib.runtimes.tools.say import SAYING_TOOLS
from course_lib.runtimes.tools.sed import EDITING_TOOLS
from course_lib.runtimes.tools.system import SYSTEM_TOOLS
from course_lib.runtimes.tools.text import TEXT_TOOLS
from course_lib.runtimes.tools.tool import Tool

TOOLS: dict[str, Tool] = {
    **SAYING_TOOLS,
    **FILE_TOOLS,
    **TEXT_TOOLS,
    **EDITING_TOOLS,
    **PROCESS_TOOLS,
    **SYSTEM_TOOLS,
}
