"""The three clients: in process, over a connection that breaks, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from course_lib.apiserver import APIServer
from course_lib.client import LocalClient
from course_lib.client.connection import Connection
from course_lib.client.http import HTTPClient
from course_lib.client.transport import Address, HTTPTransport
from course_lib.cluster.served import Served
from course_lib.engine import Simulation
from tests.client.test_informer import Way


class NoContainers:
    """An API server by itself reaches no kubelet."""

    kubelets = None


class ServedServer:
    """One API server, as much of a cluster as is needed to serve it."""

    def __init__(self, api: LocalClient) -> None:
        self.api, self.containers = api, NoContainers()

    @property
    def now(self) -> float:
        return self.api.sim.now

    def run(self, seconds: float) -> None:
        self.api.sim.run(seconds)


@pytest.fixture
def local() -> LocalClient:
    client = LocalClient(APIServer(Simulation()))
    client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    return client


@pytest.fixture
def way(local) -> Way:
    return Way(local.server)


@pytest.fixture
def served(local) -> Iterator[Served]:
    with Served(ServedServer(local)) as served:
        yield served


@pytest.fixture
def over_http(local, served) -> Iterator[HTTPClient]:
    """It shares the simulation with its server: nothing runs while a request is answered."""
    client = HTTPClient(local.sim, HTTPTransport(Address(served.url, served.token)))
    yield client
    client.close()


CLIENTS = ("in process", "over breaks", "over http")


@pytest.fixture(params=CLIENTS)
def client(request, local, way) -> LocalClient | Connection | HTTPClient:
    if request.param == "over http":
        return request.getfixturevalue("over_http")
    return local if request.param == "in process" else Connection(local.sim, way, "node-1")
