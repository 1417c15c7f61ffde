"""Documents as Go's types read them and write them again."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.objects.api_types.faults import fault, unknown, without_unknown
from course_lib.objects.api_types.leaves import Unfit
from course_lib.objects.api_types.reading import LONGEST_ALIKE, LONGEST_LIST, Unknown, reader
from course_lib.objects.api_types.table import table, type_at, type_of
from course_lib.objects.sharing import FEW, encoded

POD = type_of("v1", "Pod")
DEPLOYMENT = type_of("apps/v1", "Deployment")


def spec(**fields):
    return {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web"}, "spec": fields}


def read(document, type=POD, stored=True):
    return reader(type, stored)(document, None)


def test_what_is_empty_is_left_out_or_stands_there_as_gos_tags_say():
    written = spec(containers=[{"name": "a", "image": "", "command": [], "resources": {}}])
    found = read(written)["spec"]
    assert found == {"containers": [{"name": "a", "resources": {}}]}
    assert read({"metadata": {}}, type_of("rbac.authorization.k8s.io/v1", "Role")) == {
        "metadata": {},
        "rules": None,
    }


def test_empty_text_stays_where_go_has_a_pointer():
    claim = {"spec": {"storageClassName": "", "volumeName": ""}}
    found = read(claim, type_of("v1", "PersistentVolumeClaim"))["spec"]
    assert found == {"resources": {}, "storageClassName": ""}


def test_until_it_is_stored_an_empty_list_differs_from_none():
    written = spec(containers=[], volumes=None)
    assert read(written, stored=False)["spec"] == {"containers": []}
    assert read(written)["spec"] == {"containers": None}


def test_null_is_the_zero_of_a_type():
    written = {"metadata": {"labels": {"app": None}}, "spec": {"containers": [None]}}
    found = read(written)
    assert found["metadata"]["labels"] == {"app": ""}
    assert found["spec"]["containers"] == [{"name": "", "resources": {}}]


def test_fields_stand_in_gos_order_and_maps_sorted():
    written = spec(nodeSelector={"b": "1", "a": "2"}, containers=[{"image": "i", "name": "n"}])
    found = read(written)
    assert list(found) == ["kind", "apiVersion", "metadata", "spec", "status"]
    assert list(found["spec"]) == ["containers", "nodeSelector"]
    assert list(found["spec"]["nodeSelector"]) == ["a", "b"]
    assert list(found["spec"]["containers"][0]) == ["name", "image", "resources"]


def test_a_part_that_was_there_before_stays_the_same_object():
    before = read(spec(containers=[{"name": "a", "image": "i"}]))
    after = before | {"metadata": {"name": "web", "labels": {"x": "y"}}}
    found = reader(POD)(after, before)
    assert found["spec"] is before["spec"]
    assert reader(POD)(before, before) is before


@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        (
            spec(containers=[{"ports": [{"containerPort": "80"}]}]),
            "spec.containers[0].ports[0].containerPort",
            "json: cannot unmarshal string into Go struct field "
            "ContainerPort.spec.containers.ports.containerPort of type int32",
        ),
        (
            spec(containers=[{"ports": [{"containerPort": 80.5}]}]),
            "spec.containers[0].ports[0].containerPort",
            "json: cannot unmarshal number 80.5 into Go struct field "
            "ContainerPort.spec.containers.ports.containerPort of type int32",
        ),
        (
            spec(containers=["nginx"]),
            "spec.containers[0]",
            "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type "
            "v1.Container",
        ),
        (
            {"metadata": {"labels": ["tier"]}},
            "metadata.labels",
            "json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type "
            "map[string]string",
        ),
    ],
)
def test_a_wrong_type_is_told_in_the_decoders_words(document, path, message):
    with pytest.raises(Unfit):
        read(document)
    found = fault(document, POD)
    assert (found.path, found.message) == (path, message)


def test_a_value_that_its_own_reader_refuses_is_told_before_a_wrong_type():
    document = {"metadata": {"name": 7, "creationTimestamp": "noon"}}
    assert fault(document, POD).path == "metadata.creationTimestamp"


def test_fields_that_do_not_exist_are_told_by_path_and_can_be_left_out():
    document = spec(color="red", containers=[{"name": "a", "img": "i"}], nodeSelector={"x": "y"})
    with pytest.raises(Unknown):
        read(document)
    assert list(unknown(document, POD)) == ["spec.color", "spec.containers[0].img"]
    left = without_unknown(document, POD)
    assert left["spec"] == {"containers": [{"name": "a"}], "nodeSelector": {"x": "y"}}


def test_a_schema_may_hold_schemas_at_any_depth():
    definition = type_of("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    schema = {"properties": {"a": {"items": {"minLenght": 1}}, "b": {"additionalProperties": True}}}
    versions = [{"name": "v1", "schema": {"openAPIV3Schema": schema}}]
    found = list(unknown({"spec": {"versions": versions}}, definition))
    assert [path.rpartition(".")[2] for path in found] == ["minLenght"]


def test_the_type_at_a_path_is_found_through_lists():
    assert type_at(DEPLOYMENT, "spec.template.spec.containers[*].image").type.go == "string"
    assert type_at(DEPLOYMENT, "spec.replicas").type.pointer


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "spec", "containers", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["metadata", "spec", "status", "x"]), values, max_size=4))
def test_a_document_is_read_once_and_for_all_or_something_is_told_of_it(document):
    try:
        found = read(document)
    except (Unfit, Unknown):
        assert fault(document, POD) is not None or list(unknown(document, POD))
        return
    assert read(found) == found
    assert msgspec.json.encode(read(found)) == msgspec.json.encode(found)
    assert fault(document, POD) is None and not list(unknown(document, POD))


def test_every_type_that_a_field_names_is_in_the_table():
    structs = table().structs
    named = {
        part.shape
        for fields in structs.values()
        for field in fields.values()
        for part in (field.type, field.type.item or field.type)
        if part.is_struct
    }
    assert named <= structs.keys()


def copied(value):
    return msgspec.msgpack.decode(encoded(value))


def of_size(size, made):
    """What is made with a text, so long that all of it is written in so many bytes."""
    return next(found for n in range(size) if len(encoded(found := made("x" * n))) == size)


@pytest.mark.parametrize("size", [LONGEST_ALIKE - 1, LONGEST_ALIKE, LONGEST_ALIKE + 1])
def test_a_struct_that_several_objects_have_equal_is_one_up_to_a_size(size):
    context = of_size(size, lambda text: {"seLinuxOptions": {"level": text}})
    one, other = (
        read(spec(nodeName=node, securityContext=copied(context)))["spec"]["securityContext"]
        for node in ("node-1", "node-2")
    )
    assert one == other == context
    assert (one is other) == (size <= LONGEST_ALIKE)


@pytest.mark.parametrize(
    ("size", "items", "shared"),
    [
        (LONGEST_LIST - 1, FEW, True),
        (LONGEST_LIST, FEW, True),
        (LONGEST_LIST + 1, FEW, False),
        (LONGEST_LIST, FEW + 1, False),
    ],
)
def test_a_list_that_several_objects_have_equal_is_one_if_it_is_short(size, items, shared):
    tolerations = of_size(size, lambda text: [{"key": "a"}] * (items - 1) + [{"key": text}])
    one, other = (
        read(spec(nodeName=node, tolerations=copied(tolerations)))["spec"]["tolerations"]
        for node in ("node-1", "node-2")
    )
    assert one == other == tolerations
    assert (one is other) == shared
