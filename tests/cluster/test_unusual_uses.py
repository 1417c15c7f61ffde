"""Clusters that begin later, caches of Leases, Services that come back, and headless ones."""

import pytest

from course_lib import Cluster
from course_lib.client.informer import InformerFactory
from course_lib.errors import CourseError
from course_lib.objects.kinds.lease import NODE_LEASES


def test_a_cluster_with_etcd_begins_at_any_time():
    cluster = Cluster.single_master(workers=1, start=3.1e7)
    cluster.apply("data/web.yaml")
    cluster.run(seconds=60)
    assert cluster.ready("deployment/web")


def test_an_informer_hears_each_renewal_of_a_lease():
    cluster = Cluster(nodes=1)
    leases = InformerFactory(cluster.api).informer("Lease")
    heard = []
    leases.add_handler(lambda before, after: heard.append(after.spec.renew_time))
    begun = len(heard)
    cluster.run(seconds=300)
    assert len(heard) - begun == 30
    assert leases.find("node-1", NODE_LEASES).spec.renew_time == heard[-1]


def service(**spec) -> dict:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]} | spec
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def test_a_load_balancer_that_is_made_again_at_once_gets_an_address():
    cluster = Cluster(nodes=1, cloud=True)
    cluster.apply(service(type="LoadBalancer"))
    cluster.run(seconds=30)
    cluster.delete("service", "web")
    cluster.apply(service(type="LoadBalancer"))
    cluster.run(seconds=30)
    assert cluster.document("service", "web")["status"]["loadBalancer"]["ingress"]


def test_a_headless_service_takes_no_load():
    cluster = Cluster(nodes=1)
    cluster.apply(service(clusterIP="None"))
    with pytest.raises(CourseError, match="no address"):
        cluster.load("web", requests_per_second=1)
