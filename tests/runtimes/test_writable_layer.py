"""A container's own files above those of its image."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from course_lib.images.layer import File
from course_lib.runtimes.world import Overlay

NAMES = st.sampled_from("abcde")
FILES = st.dictionaries(NAMES, st.builds(File, st.binary(max_size=1)))
STEPS = st.lists(st.tuples(st.sampled_from(["put", "remove"]), NAMES))


@given(FILES, FILES, STEPS)
def test_a_writable_layer_behaves_as_a_copy_of_the_files_would(lower, upper, steps):
    below, copy, layered = dict(lower), lower | upper, Overlay(lower, dict(upper))
    for number, (what, name) in enumerate(steps):
        if what == "put":
            copy[name] = layered[name] = File(str(number).encode())
        elif name in copy:
            del copy[name], layered[name]
        else:
            assert name not in layered and layered.get(name) is None
    assert list(layered.items()) == list(copy.items()) and len(layered) == len(copy)
    assert lower == below, "what containers share stays as it is"
