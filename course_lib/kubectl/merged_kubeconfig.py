"""Several kubeconfig files as one, as `$KUBECONFIG` names them.

Source: client-go `tools/clientcmd/loader.go` (`ClientConfigLoadingRules`) and `config.go`
(`PathOptions`, `ModifyConfig`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from course_lib.kubectl.kubeconfig import LISTS, Kubeconfig
from course_lib.objects.manifests import Document


class MergedKubeconfig(Kubeconfig):
    """The files of several paths in their order: of two values, the first counts.

    Files that do not exist are left out. A change is written to the file that has the entry; a
    new entry, and the context in use, to the first file that exists, or to the last path.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = [Kubeconfig.read(path) for path in paths if path.exists()]
        self._default = self._files[0] if self._files else Kubeconfig({}, paths[-1])
        document: Document = {}
        for file in self._files:
            document = file.document | document
        for what, plural in LISTS.items():
            entries: dict[str, Document] = {}
            for file in self._files:
                entries = {name: file.entry(what, name) for name in file.names(what)} | entries
            document[plural] = [{"name": name, what: entries[name]} for name in sorted(entries)]
        super().__init__(document, self._default.path)
        self._read = Kubeconfig(dict(document))

    def folder(self, what: str, name: str) -> Path:
        """The folder of the file that has the entry: its relative paths begin there."""
        return self._origin(what, name).folder(what, name)

    def save(self) -> None:
        """Write each change to its file; files without a change stay as they are."""
        for file in dict.fromkeys([*self._move_values(), *self._move_entries()]):
            file.save()
        self._read = Kubeconfig(dict(self.document))

    def _move_values(self) -> Iterator[Kubeconfig]:
        """Bring changed values that are no lists into the files; the files that changed."""
        before, now = self._read.document, self.document
        for key in sorted((before.keys() | now.keys()) - set(LISTS.values())):
            if key not in now:
                file = next(each for each in self._files if key in each.document)
                del file.document[key]
                yield file
            elif now[key] != before.get(key):
                self._default.document[key] = now[key]
                yield self._default

    def _move_entries(self) -> Iterator[Kubeconfig]:
        """Bring changed entries into the files; the files that changed."""
        for what in LISTS:
            before, now = set(self._read.names(what)), set(self.names(what))
            for name in sorted(before | now):
                file = self._origin(what, name)
                if name not in now:
                    file.remove(what, name)
                    yield file
                elif name not in before or self.entry(what, name) != self._read.entry(what, name):
                    file.put(what, name, self.entry(what, name))
                    yield file

    def _origin(self, what: str, name: str) -> Kubeconfig:
        """The first file that has the entry, or the one for new entries."""
        return next((file for file in self._files if name in file.names(what)), self._default)
