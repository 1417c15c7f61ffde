"""A container's own files above those of its image."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from course_lib.images.layer import File
from course_lib.runtimes.files import FileSystem
from course_lib.runtimes.mounts import Overlay

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


FOLDERS = st.sampled_from(["/a", "/a/b", "/c"])
OPERATIONS = st.sampled_from(["put", "append", "remove file", "remove folder", "rename"])


@given(st.lists(st.tuples(OPERATIONS, FOLDERS, NAMES), max_size=8))
def test_shared_folders_behave_as_folders_of_files_do(steps):
    token, shared, plain = {"a": b"token", "b": b"ca"}, FileSystem(), FileSystem()
    for folder in ("/a", "/a/b"):
        shared.share(folder, token)
        for name, data in token.items():
            plain.put(f"{folder}/{name}", data)
    for what, folder, name in steps:
        for disk in (shared, plain):
            match what:
                case "put":
                    disk.put(f"{folder}/{name}", b"x", mode=0o600)
                case "append":
                    disk.append(f"{folder}/{name}", b"y")
                case "remove file":
                    disk.remove(f"{folder}/{name}")
                case "remove folder":
                    disk.remove(folder)
                case "rename":
                    disk.rename(f"{folder}/{name}", f"{folder}/e")
    for path in ("/a", "/a/b", "/c", "/"):
        assert shared.tree(path) == plain.tree(path)
        for name in "abcde":
            file = f"{path}/{name}"
            assert shared.has(file) == plain.has(file)
            assert shared.read(file) == plain.read(file)
            assert shared.size(file) == plain.size(file)
    assert token == {"a": b"token", "b": b"ca"}, "what is shared stays as it is"


def test_a_folder_that_is_shared_again_has_what_was_shared():
    disk = FileSystem()
    disk.share("/a", {"token": b"1"})
    disk.put("/a/token", b"changed")
    disk.put("/a/more", b"")
    disk.share("/a", {"token": b"2"})
    assert {path: file.data for path, file in disk.tree("/a").items()} == {
        "more": b"", "token": b"2"}  # fmt: skip
