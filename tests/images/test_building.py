"""Layers, builds, archives and registries: content by digest, from end to end."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.errors import CourseError
from course_lib.images import (
    Builder,
    File,
    Layer,
    Registry,
    build,
    changes,
    read_archive,
    union,
    write_archive,
    write_layout,
)
from course_lib.images.layer import FOLDER, pack
from course_lib.images.oci import digest

APP = {"app/main.py": File(b"print('hello')"), "app/lib/x.py": File(b""), "app/lib": FOLDER}
RECIPE = """
# A small web application.
FROM scratch
WORKDIR /srv
COPY app .
ENV COLOUR=blue \\
    SIZE="very large"
LABEL org.opencontainers.image.title=shop
EXPOSE 80 53/udp
USER 1000:1000
ENTRYPOINT ["/bin/python"]
CMD ["main.py"]
"""


def test_a_layer_is_a_tar_file_in_gzip_that_other_tools_read():
    files = {"etc": FOLDER, "etc/motd": File(b"hello" * 50_000), "l": File(kind="link", target="x")}
    layer = Layer.of(files)
    tar = gzip.decompress(layer.blob.data)
    assert digest(tar) == layer.diff_id
    assert digest(layer.blob.data) == layer.blob.descriptor.digest
    with tarfile.open(fileobj=io.BytesIO(tar)) as reader:
        assert reader.getnames() == ["etc", "etc/motd", "l"]
        assert reader.extractfile("etc/motd").read() == b"hello" * 50_000
    assert Layer.read(layer.blob).files == files


PATHS = st.sampled_from(["a", "a/b", "a/b/c", "a/d", "e", "e/f", "g"])
VIEWS = st.dictionaries(PATHS, st.sampled_from([File(b"1"), File(b"2"), File(b"3", mode=0o755)]))


def whole(files: dict[str, File]) -> dict[str, File]:
    """A tree without files inside files: what has something below it is a folder."""
    tree = dict(files)
    for path in files:
        parts = path.split("/")[:-1]
        tree |= {"/".join(parts[: n + 1]): FOLDER for n in range(len(parts))}
    return tree


@given(VIEWS, VIEWS)
def test_a_layer_of_changes_turns_one_view_into_the_other(before, after):
    before, after = whole(before), whole(after)
    assert union([before, changes(before, after)]) == after


def test_an_opaque_folder_hides_what_lower_layers_have_there():
    low = {"d": FOLDER, "d/old": File(b"1"), "keep": File(b"2")}
    high = {"d": FOLDER, "d/.wh..wh..opq": File(), "d/new": File(b"3")}
    assert sorted(union([low, high])) == ["d", "d/new", "keep"]


def test_a_build_records_how_containers_are_started():
    image = build(RECIPE, APP).image
    config = image.variants[0].settings
    run = config.config
    assert run.entrypoint == ["/bin/python"] and run.cmd == ["main.py"]
    assert run.env[1:] == ["COLOUR=blue", "SIZE=very large"]
    assert run.working_dir == "/srv" and run.user == "1000:1000"
    assert sorted(run.exposed_ports) == ["53/udp", "80/tcp"]
    assert sorted(image.variants[0].files()) == ["srv", "srv/lib", "srv/lib/x.py", "srv/main.py"]
    assert len(config.rootfs.diff_ids) == 2
    assert [s.empty_layer for s in config.history] == [False, False] + [True] * 6


def test_the_same_build_has_the_same_digest_on_every_machine():
    expected = "sha256:fe1f5862bf488b030c419ffa676ffd4a48a7117c41f1606e19ed7040270a6f3a"
    assert build(RECIPE, APP).image.digest == expected


def test_the_cache_ends_at_the_first_step_that_changed():
    builder = Builder()
    builder.build(RECIPE, APP)
    again = builder.build(RECIPE, APP)
    assert all(cached for _, cached, _ in again.steps[1:])
    changed = builder.build(RECIPE, APP | {"app/main.py": File(b"print('bye')")})
    assert [cached for _, cached, _ in changed.steps[1:]] == [True] + [False] * 7
    assert again.image.digest != changed.image.digest


def test_the_table_of_a_build_shows_each_step_in_full():
    step = 'ENTRYPOINT ["/usr/lib/python/python", "/srv/a-long-name/main.py"]'
    built = Builder().build(f"FROM scratch\n{step}", {})
    assert list(built.table().STEP)[-1] == step


def test_an_index_holds_one_variant_for_each_platform():
    image = build(RECIPE, APP, platforms=("linux/amd64", "linux/arm64")).image
    assert [str(v.platform) for v in image.variants] == ["linux/amd64", "linux/arm64"]
    assert image.index is not None
    with pytest.raises(CourseError, match="no match for platform"):
        build(RECIPE, APP).image.variant(image.variants[1].platform)


@pytest.mark.parametrize(
    "step", ['COPY ["app", "/srv"]', "ADD app /srv", 'ADD ["app", "/srv/"]', "COPY --link app /srv"]
)
def test_a_copy_has_several_forms_with_one_meaning(step):
    plain = build("FROM scratch\nCOPY app /srv", APP).image.variants[0]
    assert build(f"FROM scratch\n{step}", APP).image.variants[0].files() == plain.files()


def test_a_copy_gives_what_is_new_an_owner_and_files_a_mode():
    recipe = "FROM scratch\nWORKDIR /srv\nCOPY --chown=1000 --chmod=750 app /srv/app"
    files = build(recipe, APP).image.variants[0].files()
    main, folder, old = files["srv/app/main.py"], files["srv/app"], files["srv"]
    assert (main.uid, main.gid, main.mode) == (1000, 1000, 0o750)
    assert (folder.uid, folder.mode) == (1000, 0o755) and old.uid == 0


@pytest.mark.parametrize(
    ("recipe", "complaint"),
    [
        ("", "empty"),
        ("COPY a b", "FROM on the first line"),
        ("FROM scratch\nFROM scratch", "FROM on the first line"),
        ("FROM scratch\nVOLUME /data", "one of FROM"),
        ("FROM scratch\nCOPY onlyone", "COPY source"),
        ("FROM scratch\nCOPY --from=builder app /srv", "options: --chown=UID:GID"),
        ("FROM scratch\nCOPY --chown=web:web app /srv", "options: --chown=UID:GID"),
        ("FROM scratch\nADD https://example.com/x /x", "no URL, no archive"),
        ("FROM scratch\nADD app.tar.gz /x", "no URL, no archive"),
        ('FROM scratch\nCOPY ["app", "/srv"', "JSON"),
        ("FROM scratch\nCOPY missing /x", "failed to compute cache key"),
        ("FROM scratch\nCOPY ../up /x", "inside the build context"),
        ('FROM scratch\nENV A="b', "matching quotes"),
        ('FROM scratch\nCMD ["a"', "JSON"),
        ("FROM scratch\nEXPOSE http", "port numbers"),
        ("FROM scratch\nRUN rm /x", 'exec: "/bin/sh": stat /bin/sh: no such file or directory'),
        ('FROM scratch\nRUN ["rm", "/x"]', "executable file not found in"),
    ],
)
def test_a_bad_recipe_is_refused_with_its_line(recipe, complaint):
    with pytest.raises(CourseError, match=complaint):
        build(recipe, APP)


def test_a_step_runs_where_the_image_has_a_shell_or_its_files_are_not_known():
    shell = {"sh": File(b"stands for a shell", mode=0o755)}
    assert build("FROM scratch\nCOPY sh /bin/sh\nRUN true", shell).image
    assert build("FROM nginx:1.27\nRUN true").image


def test_a_layer_that_deletes_one_file_is_as_small_as_a_tar_file_can_be():
    """A header of 512 bytes and two blocks of zeros; Go's archive/tar writes the same."""
    assert len(pack({".wh.notes.txt": File()})) == 1536


def test_an_archive_holds_what_was_written_and_a_damaged_one_is_refused(tmp_path):
    image = build(RECIPE, APP, platforms=("linux/amd64", "linux/arm64")).image
    write_archive(tmp_path / "shop.tar", {"course/shop:v1": image})
    assert read_archive(tmp_path / "shop.tar") == {"docker.io/course/shop:v1": image}
    damaged = (tmp_path / "shop.tar").read_bytes().replace(b"hello", b"h3llo")
    (tmp_path / "bad.tar").write_bytes(damaged)
    with pytest.raises(CourseError, match="a blob is damaged"):
        read_archive(tmp_path / "bad.tar")
    write_layout(tmp_path / "layout", {"course/shop:v1": image})
    assert (tmp_path / "layout/oci-layout").exists()
    with pytest.raises(CourseError, match="not empty"):
        write_layout(tmp_path / "layout", {"course/shop:v1": image})


def test_a_push_sends_only_what_the_registry_does_not_have():
    registry, builder = Registry(), Builder()
    first = builder.build(RECIPE, APP).image
    sent = registry.push("course/shop:v1", content=first)
    assert sent.mounted == sent.present == 0 and sent.uploaded > 0
    again = registry.push("course/shop:v2", content=first)
    assert again.uploaded == 0 and again.present == sent.uploaded
    other = registry.push("course/copy:v1", content=first)
    assert other.uploaded == 0 and other.mounted == sent.uploaded
    far = registry.push("quay.io/course/copy:v1", content=first)
    assert far.uploaded == sent.uploaded
    assert registry.tags("course/shop") == ["v1", "v2"]
    assert registry.fetch(f"course/shop@{first.digest}") == first


def test_a_build_on_a_base_keeps_the_layers_of_the_base():
    registry = Registry()
    base = build(RECIPE, APP).image
    registry.push("course/base:v1", content=base)
    recipe = "FROM course/base:v1\nCOPY app/main.py /srv/other.py"
    image = Builder(registry).build(recipe, APP).image
    assert image.variants[0].layers[:2] == base.variants[0].layers
    assert image.variants[0].settings.config.entrypoint == ["/bin/python"]
    assert "srv/other.py" in image.variants[0].files()
