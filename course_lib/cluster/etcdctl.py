"""`etcdctl` for a cluster: what an operator types on a control plane node.

Where no `--endpoints` are given it asks all members, as with the variable ETCDCTL_ENDPOINTS set.
Source: `etcdctl/ctlv3/command` (etcd 3.7); etcd.io "Interacting with etcd", "Maintenance".
"""

from __future__ import annotations

import shlex
from collections.abc import Callable

from course_lib.cluster import etcdctl_keys as keys
from course_lib.cluster import etcdctl_maintenance as maintenance
from course_lib.cluster import etcdctl_members as members
from course_lib.cluster.describe import Text
from course_lib.cluster.etcdctl_flags import CommandLine, parse
from course_lib.cluster.etcdctl_print import Printed
from course_lib.cluster.etcdctl_session import Session
from course_lib.cluster.kubeadm import KubeadmControlPlane
from course_lib.errors import CourseError
from course_lib.etcd import EtcdError

Command = Callable[[Session, CommandLine], Printed]
COMMANDS: dict[tuple[str, str], Command] = {
    ("etcdctl", "member list"): members.member_list,
    ("etcdctl", "member add"): members.member_add,
    ("etcdctl", "member remove"): members.member_remove,
    ("etcdctl", "member promote"): members.member_promote,
    ("etcdctl", "endpoint status"): maintenance.endpoint_status,
    ("etcdctl", "endpoint health"): maintenance.endpoint_health,
    ("etcdctl", "alarm list"): maintenance.alarm_list,
    ("etcdctl", "alarm disarm"): maintenance.alarm_disarm,
    ("etcdctl", "compaction"): maintenance.compaction,
    ("etcdctl", "defrag"): maintenance.defrag,
    ("etcdctl", "snapshot save"): maintenance.snapshot_save,
    ("etcdutl", "snapshot status"): maintenance.snapshot_status,
    ("etcdctl", "version"): maintenance.version,
    ("etcdctl", "get"): keys.get,
    ("etcdctl", "put"): keys.put,
    ("etcdctl", "del"): keys.delete,
}


def etcdctl(plane: KubeadmControlPlane, line: str) -> Text:
    """What a command prints; an error of etcd is printed too, as on a terminal.

    Raises `CourseError` for commands and flags that do not exist.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise CourseError("the shell cannot read this", found=line, do=str(error)) from None
    asked = parse(words)
    plane.etcd.catch_up()
    try:
        result = COMMANDS[asked.program, asked.command](Session(plane, asked), asked)
        return Text(result.write(asked.format))
    except EtcdError as error:
        return Text(f"Error: {error}")
