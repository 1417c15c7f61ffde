"""`kubectl rollout`: the versions of a Deployment, DaemonSet or StatefulSet, and its way to them.

Source: kubectl `pkg/cmd/rollout` and `pkg/polymorphichelpers`.
"""

from course_lib.kubectl.changes import OUTPUT_FLAGS
from course_lib.kubectl.command import Command
from course_lib.kubectl.commands.rollout import changing, history, status, undo

_NAMING = frozenset({"filename", "recursive", "selector"})
_CHANGING = OUTPUT_FLAGS | _NAMING | {"field-manager"}

COMMANDS = {
    "rollout history": Command(history.run, OUTPUT_FLAGS | _NAMING | {"revision"}),
    "rollout pause": Command(changing.pause, _CHANGING),
    "rollout restart": Command(changing.restart, _CHANGING),
    "rollout resume": Command(changing.resume, _CHANGING),
    "rollout status": Command(status.run, _NAMING | {"revision", "timeout", "watch"}),
    "rollout undo": Command(undo.run, OUTPUT_FLAGS | _NAMING | {"dry-run", "to-revision"}),
}
