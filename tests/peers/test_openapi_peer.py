"""The schemas that our API server publishes are those of the release, field by field."""

from __future__ import annotations

import pytest

from course_lib.apiserver import openapi
from course_lib.objects.kinds import BUILT_IN
from tests.peers import golang, openapi_peer
from tests.required import requires

pytestmark = requires(golang.missing())
LEFT_OUT = ("description", "default", "x-")


def bare(schema):
    """A schema without what ours leave out: descriptions, defaults, extensions.

    A reference stands alone or, where something is left out beside it, in `allOf`.
    """
    if not isinstance(schema, dict):
        return [bare(each) for each in schema] if isinstance(schema, list) else schema
    kept = {
        key: {name: bare(each) for name, each in value.items()}
        if key == "properties"
        else sorted(value)
        if key == "required"
        else bare(value)
        for key, value in schema.items()
        if not key.startswith(LEFT_OUT)
    }
    return kept["allOf"][0] if list(kept) == ["allOf"] else kept


@pytest.fixture(scope="module")
def published():
    return openapi_peer.published()


def test_what_is_required_is_stored_as_the_release_says_it():
    assert openapi_peer.STORED.read_text() == openapi_peer.required()


@pytest.mark.parametrize("version", sorted({kind.api_version for kind in BUILT_IN.all_versions()}))
def test_schemas_are_those_of_the_release(version, published):
    ours = openapi.document(BUILT_IN, version)["components"]["schemas"]
    assert ours
    different = {
        name: (bare(schema), bare(published[name]))
        for name, schema in ours.items()
        if bare(schema) != bare(published[name])
    }
    assert not different
