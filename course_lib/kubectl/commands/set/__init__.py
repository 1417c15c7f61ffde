"""`kubectl set`: single fields of objects that run Pods, of Services and of role bindings.

Source: kubectl `pkg/cmd/set`.
"""

from course_lib.kubectl.changes import OUTPUT_FLAGS
from course_lib.kubectl.command import Command
from course_lib.kubectl.commands.set import (
    env,
    image,
    resources,
    selector,
    service_account,
    subject,
)
from course_lib.kubectl.record import RECORD_FLAG

_CHANGING = OUTPUT_FLAGS | {
    "all", "dry-run", "field-manager", "filename", "local", "recursive",
}  # fmt: skip
_RECORDED = _CHANGING | RECORD_FLAG

COMMANDS = {
    "set env": Command(
        env.run,
        _CHANGING
        | {"containers", "env", "from", "keys", "list", "overwrite", "prefix", "resolve",
           "selector"},
    ),
    "set image": Command(image.run, _RECORDED | {"selector"}),
    "set resources": Command(
        resources.run, _RECORDED | {"containers", "limits", "requests", "selector"}
    ),
    "set selector": Command(selector.run, _RECORDED | {"resource-version"}),
    "set serviceaccount": Command(service_account.run, _RECORDED),
    "set subject": Command(
        subject.run, _CHANGING | {"group", "selector", "serviceaccount", "user"}
    ),
}  # fmt: skip
