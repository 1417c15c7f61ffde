"""Volumes, claims, classes of storage and drivers: what is refused, and what is warned of."""

import pytest

from tests.objects.validation.refusals import new, refusals, refusals_of_change, warnings

STORAGE = "storage.k8s.io/v1"
FORBIDDEN = "Forbidden: may not be specified in the context of inline volumes"


def volume(**spec):
    plain = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    sources = ("nfs", "local", "csi", "iscsi", "hostPath", "storageos")
    if not any(key in spec for key in sources):
        plain["hostPath"] = {"path": "/data"}
    return new("PersistentVolume", spec=plain | spec)


def claim(**spec):
    plain = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return new("PersistentVolumeClaim", spec=plain | spec)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ("1", []),
        ("0", ['spec.capacity[storage]: Invalid value: "0": must be greater than zero']),
        (
            "-1",
            [
                "spec.capacity[storage]: Invalid value: -1: must be a valid resource quantity",
                'spec.capacity[storage]: Invalid value: "-1": must be greater than zero',
            ],
        ),
    ],
)
def test_a_volume_has_some_room(size, said):
    assert refusals(volume(capacity={"storage": size})) == said


def test_a_volume_has_one_source():
    two = volume(nfs={"server": "s", "path": "/x"}, hostPath={"path": "/y"})
    assert refusals(two) == ["spec.nfs: Forbidden: may not specify more than 1 volume type"]


@pytest.mark.parametrize("portal", ["p" * 62, "p" * 63])
def test_the_name_and_the_portal_of_an_iscsi_volume_have_64_characters_together(portal):
    source = {"targetPortal": portal, "iqn": "iqn.2001-04.com.example:disk", "lun": 0}
    told = refusals(volume(iscsi=source | {"initiatorName": "iqn.2001-04.com.example:me"}))
    assert bool(told) == (len(portal) > 62)


def test_a_volume_keeps_its_source_and_the_message_shows_the_difference():
    before, after = volume(hostPath={"path": "/a"}), volume(hostPath={"path": "/b"})
    assert refusals_of_change(before, after) == [
        "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after "
        'creation\n@@ -2,7 +2,7 @@\n  "GCEPersistentDisk": null,\n  "AWSElasticBlockStore": null,\n'
        '  "HostPath": {\n-  "Path": "/a",\n+  "Path": "/b",\n   "Type": ""\n  },\n'
        '  "Glusterfs": null,\n'
    ]


def nodes(key):
    rule = {"key": key, "operator": "In", "values": ["a"]}
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}}


def test_the_nodes_of_a_volume_may_get_newer_names_of_labels_alone():
    old, newer = "failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"
    assert (
        refusals_of_change(volume(nodeAffinity=nodes(old)), volume(nodeAffinity=nodes(newer))) == []
    )
    assert refusals_of_change(volume(), volume(nodeAffinity=nodes("a"))) == []
    (said,) = refusals_of_change(volume(nodeAffinity=nodes(newer)), volume(nodeAffinity=nodes(old)))
    assert said.endswith("field is immutable, except for updating from beta label to GA")


def test_a_volume_that_is_recycled_or_on_a_plugin_that_is_gone_gets_a_warning():
    assert warnings(volume(persistentVolumeReclaimPolicy="Recycle")) == [
        "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, "
        "the "
        "recommended approach is to use dynamic provisioning."
    ]
    assert warnings(volume(storageos={"volumeName": "v"})) == [
        "spec.storageOS: deprecated in v1.22, non-functional in v1.25+"
    ]


def bound(document, capacity="1Gi"):
    return document | {"status": {"phase": "Bound", "capacity": {"storage": capacity}}}


def changed(before, after, **status):
    """The errors of an update of a claim that is bound."""
    from course_lib.objects.kinds.persistent_volume_claim import PERSISTENT_VOLUME_CLAIM as KIND

    for document in (before, after):
        document["metadata"] |= {"namespace": "default", "uid": "1", "resourceVersion": "2"}
        KIND.set_defaults(document)
    return [str(each) for each in KIND.validate_update(bound(after), bound(before))]


@pytest.mark.parametrize(("size", "refused"), [("2Gi", False), ("1Gi", False), ("1023Mi", True)])
def test_a_bound_claim_never_asks_for_less_than_it_has(size, refused):
    said = changed(claim(), claim(resources={"requests": {"storage": size}}))
    path = "spec.resources.requests.storage"
    assert said == [f"{path}: Forbidden: field can not be less than status.capacity"] * refused


def test_a_claim_gets_its_volume_and_its_class_once():
    assert changed(claim(), claim(volumeName="v", storageClassName="fast")) == []
    (said,) = changed(claim(volumeName="v"), claim(volumeName="w"))
    assert said.startswith("spec: Forbidden: spec is immutable after creation except resources")
    assert '- "VolumeName": "v",\n+ "VolumeName": "w",\n' in said
    assert len(changed(claim(storageClassName="a"), claim(storageClassName="b"))) == 1


def test_a_claim_says_in_two_fields_where_its_data_come_from():
    source = {"kind": "PersistentVolumeClaim"}
    assert refusals(claim(dataSource=source)) == [
        "spec.dataSource.name: Required value",
        "spec.dataSourceRef.name: Required value",
    ]
    # What no volume can be copied from is dropped, not refused.
    assert refusals(claim(dataSource={"kind": "Pod"})) == []


def test_a_claim_for_a_part_of_a_byte_gets_a_warning():
    parts = claim(resources={"requests": {"storage": "1500m"}, "limits": {"storage": "1"}})
    assert warnings(parts) == [
        'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an '
        "integer"
    ]


def storage_class(**fields):
    return new("StorageClass", STORAGE, **{"provisioner": "example.com/disk"} | fields)


def test_a_class_has_a_provisioner_and_keeps_it():
    assert refusals(storage_class(provisioner="")) == ["provisioner: Required value"]
    assert refusals_of_change(storage_class(), storage_class(provisioner="example.com/x")) == [
        "provisioner: Invalid value: null: field is immutable"
    ]


@pytest.mark.parametrize(("count", "refused"), [(512, False), (513, True)])
def test_a_class_has_at_most_512_parameters(count, refused):
    parameters = {f"k{number}": "" for number in range(count)}
    said = refusals(storage_class(parameters=parameters))
    assert said == ["parameters: Too long: may not be more than 512 bytes"] * refused


def test_topologies_of_a_class_differ():
    zone = {"matchLabelExpressions": [{"key": "zone", "values": ["a", "b"]}]}
    turned = {"matchLabelExpressions": [{"key": "zone", "values": ["b", "a"]}]}
    assert refusals(storage_class(allowedTopologies=[zone, turned])) == [
        'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""'
    ]
    old = [{"key": "beta.kubernetes.io/os", "values": ["linux"]}]
    assert warnings(storage_class(allowedTopologies=[{"matchLabelExpressions": old}])) == [
        "allowedTopologies[0].matchLabelExpressions[0].key: deprecated since v1.14; use "
        '"kubernetes.io/os" instead'
    ]


def on_node(**driver):
    return new("CSINode", STORAGE, spec={"drivers": [{"name": "a.b", "nodeID": "n"} | driver]})


@pytest.mark.parametrize(("length", "refused"), [(256, False), (257, True)])
def test_a_driver_calls_its_node_by_at_most_256_characters(length, refused):
    assert bool(refusals(on_node(nodeID="n" * length))) == refused


def test_a_driver_may_change_how_many_volumes_it_can_have_and_nothing_else():
    assert refusals_of_change(on_node(), on_node(allocatable={"count": 3})) == []
    assert refusals_of_change(on_node(), on_node(nodeID="m")) == [
        'spec.drivers: Invalid value: {"Name":"a.b","NodeID":"m","TopologyKeys":null,'
        '"Allocatable":null}: field is immutable'
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (599, "may not specify a duration less than 10 minutes"),
        (600, ""),
        (2**32, ""),
        (2**32 + 1, "may not specify a duration larger than 2^32 seconds"),
    ],
)
def test_a_token_for_a_driver_lives_for_some_minutes(seconds, said):
    tokens = [{"audience": "a", "expirationSeconds": seconds}]
    told = refusals(new("CSIDriver", STORAGE, spec={"tokenRequests": tokens}))
    assert [text.endswith(said) for text in told] == [True] * bool(said)


def test_an_attachment_is_of_one_volume_by_a_driver_and_stays():
    source = {"persistentVolumeName": "v"}
    spec = {"attacher": "a.b", "nodeName": "n", "source": source}
    attached = new("VolumeAttachment", STORAGE, spec=spec)
    assert refusals(attached) == []
    inline = spec | {"attacher": "", "source": {"inlineVolumeSpec": {"capacity": {"storage": "1"}}}}
    path = "spec.source.inlineVolumeSpec"
    assert refusals(new("VolumeAttachment", STORAGE, spec=inline)) == [
        f"{path}.capacity: {FORBIDDEN}",
        f"{path}.csi: Required value: has to be specified in the context of inline volumes",
        f"{path}.accessModes: Required value",
        f"{path}: Required value: must specify a volume type",
        "spec.attacher: Required value",
    ]
    other = new("VolumeAttachment", STORAGE, spec=spec | {"nodeName": "m"})
    assert refusals_of_change(attached, other) == ["spec: Invalid value: null: field is immutable"]


def test_a_class_of_attributes_stays_as_it_is():
    one, two = (
        new("VolumeAttributesClass", STORAGE, driverName="a.b", parameters={"iops": n})
        for n in ("1", "2")
    )
    assert refusals_of_change(one, two) == [
        "parameters: Forbidden: updates to parameters are forbidden."
    ]


def runtime(**fields):
    return new("RuntimeClass", "node.k8s.io/v1", **{"handler": "kata"} | fields)


def test_a_class_of_runtimes_says_where_its_pods_run_and_what_they_cost():
    toleration = {"key": "a", "operator": "Exists"}
    doubled = refusals(runtime(scheduling={"tolerations": [toleration, toleration]}))
    assert doubled == [
        'scheduling.tolerations[1]: Duplicate value: {"Key":"a","Operator":"Exists","Value":"",'
        '"Effect":"","TolerationSeconds":null}'
    ]
    assert refusals(runtime(overhead={"podFixed": {"cpu": "-1"}})) == [
        'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'
    ]
    assert refusals_of_change(runtime(), runtime(handler="runc")) == [
        "handler: Invalid value: null: field is immutable"
    ]


def test_a_claim_of_devices_names_requests_that_it_has():
    exactly = {"deviceClassName": "gpu"}
    devices = {
        "requests": [{"name": "a", "exactly": exactly}, {"name": "a"}],
        "constraints": [{"requests": ["b"], "matchAttribute": "x"}],
    }
    claimed = new("ResourceClaim", "resource.k8s.io/v1", spec={"devices": devices})
    assert refusals(claimed) == [
        "spec.devices.requests[1]: Required value: exactly one of `exactly` or `firstAvailable` is "
        "required",
        'spec.devices.requests[1]: Duplicate value: "a"',
        'spec.devices.constraints[0].requests[0]: Invalid value: "b": must be the name of a '
        "request "
        "in the claim or the name of a request and a subrequest separated by '/'",
        'spec.devices.constraints[0].matchAttribute: Invalid value: "x": a fully qualified name '
        "must "
        "be a domain and a name separated by a slash",
    ]


@pytest.mark.parametrize(("count", "refused"), [(0, False), (1, False), (-1, True)])
def test_a_request_is_for_one_device_at_least(count, refused):
    exactly = {"deviceClassName": "gpu", "count": count}
    spec = {"devices": {"requests": [{"name": "a", "exactly": exactly}]}}
    assert bool(refusals(new("ResourceClaim", "resource.k8s.io/v1", spec=spec))) == refused


def test_devices_of_a_slice_are_in_one_place():
    pool = {"name": "p", "resourceSliceCount": 1}
    spec = {"driver": "a.b", "pool": pool, "nodeName": "n", "allNodes": True}
    (said,) = refusals(new("ResourceSlice", "resource.k8s.io/v1", spec=spec))
    assert said.startswith('spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of')
