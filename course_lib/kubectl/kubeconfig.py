"""Which cluster kubectl speaks to: contexts, each with a cluster, a user and a namespace.

Source: kubernetes.io "Organizing Cluster Access Using kubeconfig Files"; client-go
`tools/clientcmd`.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from course_lib.command_line.yaml_writer import to_yaml
from course_lib.errors import CourseError
from course_lib.kubectl.failures import CommandError
from course_lib.objects.manifests import Document

DEFAULT_NAMESPACE = "default"
LISTS = {"cluster": "clusters", "context": "contexts", "user": "users"}


class Kubeconfig:
    """A kubeconfig: named clusters, users and contexts, and which context is in use.

    `document` is the file's content; `path` is where changes are written, or None: they are kept
    in memory.
    """

    def __init__(self, document: Document, path: Path | None = None) -> None:
        self.document, self.path = document, path

    @classmethod
    def read(cls, path: str | Path) -> Kubeconfig:
        """Read a file; raises `CourseError` for what is none."""
        try:
            document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
            raise CourseError(
                "the kubeconfig cannot be read", where=str(path), found=str(problem)
            ) from None
        if not isinstance(document, dict):
            raise CourseError("not a kubeconfig", where=str(path), expected="a mapping")
        return cls(document, Path(path))

    @property
    def current(self) -> str:
        """The name of the context in use; empty where none is."""
        return str(self.document.get("current-context") or "")

    def names(self, what: str) -> list[str]:
        """The names of all of a `what`: cluster, context or user."""
        return [each["name"] for each in self._list(what)]

    def entry(self, what: str, name: str) -> Document:
        """The cluster, context or user (`what`) of a name; raises `CommandError` for none."""
        for each in self._list(what):
            if each["name"] == name:
                return each.get(what) or {}
        said = f'context "{name}" does not exist' if what == "context" else ""
        raise CommandError(said or f'{what} "{name}" does not exist')

    def put(self, what: str, name: str, entry: Document) -> None:
        """Add or replace the `entry` of a cluster, context or user (`what`) by its `name`."""
        kept = [each for each in self._list(what) if each["name"] != name]
        self.document[LISTS[what]] = sorted(
            [*kept, {"name": name, what: entry}], key=lambda each: str(each["name"])
        )

    def remove(self, what: str, name: str) -> None:
        """Remove a cluster, context or user (`what`)."""
        self.document[LISTS[what]] = [each for each in self._list(what) if each["name"] != name]

    def folder(self, what: str, name: str) -> Path:
        """The folder where the relative paths of an entry begin: that of the file.

        `what` and `name` say which entry.
        """
        return self.path.parent if self.path is not None else Path()

    @property
    def place(self) -> str:
        """Where it is, as messages name it."""
        return str(self.path) if self.path is not None else "memory"

    def use(self, context: str) -> None:
        """Put a context into use."""
        self.document["current-context"] = context

    def save(self) -> None:
        """Write the changes to the file, if there is one."""
        if self.path is not None:
            self.path.write_text(to_yaml(self.document), encoding="utf-8")

    def _list(self, what: str) -> list[Document]:
        return self.document.get(LISTS[what]) or []
