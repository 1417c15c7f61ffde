"""An apply of several documents: all of them or none."""

import pytest

from course_lib.apiserver.errors import StorageError
from course_lib.cluster import Cluster
from tests.apiserver.definitions import definition
from tests.conftest import service


def test_what_an_apply_has_created_is_taken_back_by_group_and_kind(monkeypatch):
    cluster = Cluster(nodes=1)
    cluster.apply(definition("Service"))
    own = service("web")
    cluster.apply(own)
    other = {
        "apiVersion": "example.com/v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"image": "redis:7"},
    }
    server = cluster.api.reach()
    create = server.create

    def refuses_the_last(document):
        if document["metadata"]["name"] == "last":
            raise StorageError("etcdserver: request timed out")
        return create(document)

    monkeypatch.setattr(server, "create", refuses_the_last)
    last = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "last"}}
    with pytest.raises(StorageError):
        cluster.apply([other, last])
    assert cluster.api.find("Service", "web", "default") is not None
    assert cluster.api.list("services.example.com") == []
