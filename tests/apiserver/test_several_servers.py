"""Several API servers on one etcd, in the same instant."""

import pytest

from course_lib.apiserver import APIServer
from course_lib.apiserver.errors import (
    AlreadyExists,
    Forbidden,
)
from course_lib.apiserver.etcd_store import EtcdStore
from course_lib.cluster.bootstrap import furnish
from course_lib.errors import InvalidManifest
from tests.apiserver.test_store import store_on
from tests.conftest import pod, service


def quota(**hard: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "team"},
        "spec": {"hard": {name.replace("_", "."): amount for name, amount in hard.items()}},
    }


def two_servers() -> tuple[APIServer, APIServer]:
    """Two API servers on one etcd; the second has not heard of the first one's writes."""
    store = store_on(1)
    first = APIServer(store.sim, store)
    furnish(first)
    other = EtcdStore(store.sim, store.etcd)
    other.load()
    return first, APIServer(store.sim, other)


def test_an_object_that_another_api_server_has_just_created_exists():
    first, second = two_servers()
    first.create(pod())
    with pytest.raises(AlreadyExists, match='pods "web" already exists'):
        second.create(pod())


def test_two_api_servers_never_give_one_address_or_port_to_two_services():
    first, second = two_servers()
    fixed = {"clusterIP": "10.96.0.77", "type": "NodePort"}
    first.create(service("one", **fixed))
    with pytest.raises(InvalidManifest, match="provided IP is already allocated"):
        second.create(service("two", **fixed))


def test_two_api_servers_keep_one_quota():
    first, second = two_servers()
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "one"}}
    first.create(quota | {"spec": {"hard": {"pods": "1"}}})
    second.store.catch_up()
    first.create(pod("one"))
    with pytest.raises(Forbidden, match="exceeded quota"):
        second.create(pod("two"))
