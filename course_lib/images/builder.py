"""The builder: a Dockerfile and a folder in, an image out; steps done before are not done again.

The cache knows a step by the image below it, the instruction, and the content of what it copies:
so the first step that changed, and all after it, are run again.
Source: docs.docker.com "Build cache"; the OCI image specification, `config.md` (history).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from course_lib.errors import CourseError
from course_lib.images.dockerfile import COPIES, Instruction, parse
from course_lib.images.image import Image, PlatformImage
from course_lib.images.layer import FOLDER, File, Files, Layer, changes, union
from course_lib.images.oci import PATH, Blob, Config, Execution, Platform, RootFS, Step, digest
from course_lib.images.registry import Registry

if TYPE_CHECKING:
    from course_lib.engine.table import Table

Context = Mapping[str, File] | str | Path
NOTHING: Files = {}
NOT_IN_PATH = "executable file not found in $PATH"
Run = Callable[[list[str], Files, list[str]], Files]  # command line, files, environment -> files


class Built(msgspec.Struct, frozen=True):
    """What a build made: the image, and each step with what it cost."""

    image: Image
    steps: tuple[tuple[str, bool, int], ...]  # instruction, from the cache, bytes of its layer

    def table(self) -> Table:
        """The steps: STEP, FROM CACHE, BYTES of the layer that it made."""
        from course_lib.engine.table import Table

        return Table(list(self.steps), columns=["STEP", "FROM CACHE", "BYTES"])


class _State(msgspec.Struct, frozen=True):
    """An image in the making; each step makes a new one."""

    config: Config
    layers: tuple[Blob, ...] = ()
    files: Files = {}
    key: str = ""  # what the cache knows it by

    def set(self, **changed: object) -> _State:
        execution = msgspec.structs.replace(self.config.config, **changed)
        config = msgspec.structs.replace(self.config, config=execution)
        return msgspec.structs.replace(self, config=config)

    def add(self, files: Files) -> _State:
        layer = Layer.of(files)
        root = RootFS("layers", [*self.config.rootfs.diff_ids, layer.diff_id])
        return msgspec.structs.replace(
            self,
            config=msgspec.structs.replace(self.config, rootfs=root),
            layers=(*self.layers, layer.blob),
            files=union([self.files, files]),
        )


class Builder:
    """Builds images, and remembers the steps.

    `registry` is where FROM finds its images. `run` executes RUN steps on the files so far, where
    given (`course_lib.runtimes.launch.run_build_step`); else they are recorded, and change nothing.
    """

    def __init__(self, registry: Registry | None = None, run: Run | None = None) -> None:
        self.registry = registry or Registry()
        self.run = run
        self._cache: dict[str, _State] = {}

    def build(
        self,
        dockerfile: str,
        context: Context = NOTHING,
        platforms: Sequence[str] = ("linux/amd64",),
    ) -> Built:
        """Build an image from a `dockerfile` (text) and its `context`: files by path, or a folder.

        With several `platforms` (`linux/arm64`) the image is an index over one variant each. Raises
        `CourseError` with the line of the recipe that cannot be built.

        >>> built = Builder().build("FROM scratch\\nCOPY app /srv", {"app/main": File(b"...")})
        >>> sorted(built.image.variants[0].files())
        ['srv', 'srv/main']
        """
        files = read_context(context)
        instructions = parse(dockerfile)
        variants, steps = [], []
        for platform in map(Platform.parse, platforms):
            state, done = self._variant(instructions, files, platform)
            variants.append(PlatformImage.of(state.config, state.layers))
            steps += done
        return Built(Image.of(tuple(variants)), tuple(steps))

    def _variant(
        self, instructions: list[Instruction], context: Files, platform: Platform
    ) -> tuple[_State, list[tuple[str, bool, int]]]:
        state = self._base(instructions[0], platform)
        done: list[tuple[str, bool, int]] = [(str(instructions[0]), False, 0)]
        for instruction in instructions[1:]:
            copied = digest(repr(_chosen(instruction, context)).encode())
            key = digest(f"{state.key}\n{instruction}\n{copied}".encode())
            known = key in self._cache
            if not known:
                after = self._step(state, instruction, context)
                history = Step(str(instruction), len(after.layers) == len(state.layers))
                steps = [*after.config.history, history]
                config = msgspec.structs.replace(after.config, history=steps)
                self._cache[key] = msgspec.structs.replace(after, config=config, key=key)
            before, state = state, self._cache[key]
            size = sum(blob.descriptor.size for blob in state.layers[len(before.layers) :])
            done.append((str(instruction), known, size))
        return state, done

    def _base(self, instruction: Instruction, platform: Platform) -> _State:
        name = instruction.text
        if name == "scratch":
            machine, system, variant = platform.architecture, platform.os, platform.variant
            start = Execution(env=[f"PATH={PATH}"])
            config = Config(machine, system, start, RootFS("layers", []), variant=variant)
            return _State(config, key=f"scratch {platform}")
        base = self.registry.fetch(name).variant(platform)
        return _State(base.settings, base.layers, base.files(), base.id)

    def _step(self, state: _State, step: Instruction, context: Files) -> _State:
        execution = state.config.config
        match step.name:
            case "COPY" | "ADD":
                files = _copy(step, context, execution.working_dir or "/")
                return state.add(_owned(step, files, state.files))
            case "RUN":
                _must_have(step, state)
                if self.run is None:
                    return state
                found = self.run(step.argv, dict(state.files), execution.env)
                layer = changes(state.files, found)
                return state.add(layer) if layer else state
            case "ENV":
                known = dict(v.split("=", 1) for v in execution.env) | step.pairs
                return state.set(env=[f"{name}={value}" for name, value in known.items()])
            case "CMD":
                return state.set(cmd=step.argv)
            case "ENTRYPOINT":
                return state.set(entrypoint=step.argv, cmd=[])  # CMD of the base is for its own
            case "WORKDIR":
                folder = posixpath.join(execution.working_dir or "/", step.words[0])
                made = state.set(working_dir=folder)
                missing = {p: f for p, f in _parents(f"{folder}/x").items() if p not in made.files}
                return made.add(missing) if missing else made
            case "USER":
                return state.set(user=step.words[0])
            case "EXPOSE":
                ports = {w if "/" in w else f"{w}/tcp": dict[str, str]() for w in step.words}
                return state.set(exposed_ports=execution.exposed_ports | ports)
            case _:  # LABEL
                return state.set(labels=execution.labels | step.pairs)


def _must_have(step: Instruction, state: _State) -> None:
    """Refuse a RUN whose program is not in the image so far, `/bin/sh` for the shell form.

    Of a base that is known by its size only, every program is taken to exist.
    Source: runc's message, as BuildKit passes it on; an image from scratch has no shell.
    """
    if any(layer.data is None for layer in state.layers):
        return
    name = step.argv[0]
    env = dict(v.split("=", 1) for v in state.config.config.env)
    folders = env.get("PATH", PATH).split(":")
    places = [name] if "/" in name else [posixpath.join(folder, name) for folder in folders]
    kinds = {state.files[p.strip("/")].kind for p in places if p.strip("/") in state.files}
    if kinds <= {"folder"}:
        why = f"stat {name}: no such file or directory" if "/" in name else NOT_IN_PATH
        raise CourseError(
            f'exec: "{name}": {why}',
            where=f"line {step.line}: {step}",
            expected=f"{name} in the image so far: RUN starts it in a container of this image",
            found="an image without files" if not state.files else f"an image without {name}",
            do="begin with an image that has a shell (FROM), or COPY the program first",
        )


def build(
    dockerfile: str, context: Context = NOTHING, platforms: Sequence[str] = ("linux/amd64",)
) -> Built:
    """Build a `dockerfile` with its `context` for `platforms`, without a cache: `Builder.build`."""
    return Builder().build(dockerfile, context, platforms)


def read_context(context: Context) -> Files:
    """The files that COPY can reach: a mapping, or a folder on disk; links stay links.

    Raises `CourseError` without the folder.
    """
    if not isinstance(context, str | Path):
        return {path.strip("/"): file for path, file in context.items()}
    root, files = Path(context), Files()
    if not root.is_dir():
        raise CourseError("no such folder", where="build context", found=str(root))
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            files[name] = File(kind="link", mode=0o777, target=str(path.readlink()))
        elif path.is_dir():
            files[name] = FOLDER
        else:
            runs = path.stat().st_mode & 0o111
            files[name] = File(path.read_bytes(), mode=0o755 if runs else 0o644)
    return files


def _chosen(step: Instruction, context: Files) -> list[tuple[str, str, File]]:
    """Of COPY and ADD: each file with its source and its name below that; of others: nothing."""
    if step.name not in COPIES:
        return []
    found = []
    for word in step.words[:-1]:
        source = posixpath.normpath(word).strip("/")
        inside = [
            (source, path[len(source) :].lstrip("/") if source != "." else path, file)
            for path, file in sorted(context.items())
            if source == "." or path == source or path.startswith(f"{source}/")
        ]
        if source.startswith("..") or not inside:
            raise CourseError(
                f'failed to compute cache key: "/{source}": not found',
                where=f"line {step.line}: {step}",
                expected="a path inside the build context",
                found=", ".join(sorted(context)[:8]) or "an empty context",
            )
        found += inside
    return found


def _copy(step: Instruction, context: Files, working_dir: str) -> Files:
    """The layer of a COPY: a file under its new name, or what a folder holds."""
    chosen = _chosen(step, context)
    written = step.words[-1]
    target = posixpath.normpath(posixpath.join(working_dir, written)).strip("/")
    files: Files = {}
    for source, below, file in chosen:
        if below:
            path = f"{target}/{below}"
        elif file.kind == "folder":
            continue
        elif written.endswith(("/", ".")) or len(step.words) > 2:
            path = f"{target}/{posixpath.basename(source)}"
        else:
            path = target
        path = path.strip("/")
        files |= {p: f for p, f in _parents(path).items() if p not in files} | {path: file}
    return files


def _owned(step: Instruction, files: Files, existing: Files) -> Files:
    """What is new, with the owner and the mode that the options say; a group follows its user."""
    options = step.options
    change: dict[str, int] = {}
    if owner := options.get("chown"):
        user, _, group = owner.partition(":")
        change = {"uid": int(user), "gid": int(group or user)}
    mode = {"mode": int(options["chmod"], 8)} if "chmod" in options else {}
    return {
        path: file
        if file.kind == "folder" and path in existing
        else msgspec.structs.replace(file, **change, **(mode if file.kind == "file" else {}))
        for path, file in files.items()
    }


def _parents(path: str) -> Files:
    parts = path.strip("/").split("/")[:-1]
    return {"/".join(parts[: n + 1]): FOLDER for n in range(len(parts))}
