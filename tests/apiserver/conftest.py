"""An API server by itself, for the tests of this room."""

import pytest

from course_lib.apiserver import APIServer
from course_lib.cluster.bootstrap import furnish
from course_lib.engine import Simulation
from tests.apiserver.test_store import store_on


@pytest.fixture(params=[0, 1, 3], ids=["plain", "one-member", "three-members"])
def api(request) -> APIServer:
    """An API server by itself, on so many members of etcd: no controllers, no kubelets."""
    store = store_on(request.param)
    server = APIServer(getattr(store, "sim", None) or Simulation(), store)
    furnish(server)
    return server
