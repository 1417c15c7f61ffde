"""etcd: the replicated log and the store that stands on it (chapter 10).

`raft` is the algorithm, one member of it; `replica` gives it a clock, a disk and a network, and
`member` answers clients; `mvcc` is the store that the log feeds, `requests` what can be asked of
it; `cluster` puts them together.
"""

from course_lib.etcd.cluster import EtcdCluster
from course_lib.etcd.member import Member
from course_lib.etcd.messages import Configuration
from course_lib.etcd.requests import (
    Compact,
    Compare,
    Delete,
    EtcdError,
    Get,
    Grant,
    Put,
    Refused,
    Revoke,
    Txn,
)

__all__ = [
    "Compact",
    "Compare",
    "Configuration",
    "Delete",
    "EtcdCluster",
    "EtcdError",
    "Get",
    "Grant",
    "Member",
    "Put",
    "Refused",
    "Revoke",
    "Txn",
]
