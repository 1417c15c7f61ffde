"""The plain way: nothing is shared, remembered, found by an index, done in a wave, or asleep.

What makes a large cluster quick must change nothing that anybody sees. Tests tell the same story
both ways, and compare the logs. One thing is the same in both: the kubelet writes one status for
one transition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar
from unittest import mock

from course_lib.apiserver import documents, server
from course_lib.apiserver.documents import Incoming, Judge
from course_lib.apiserver.entries import Change, StoredObject
from course_lib.apiserver.store import Store
from course_lib.apiserver.watches import PrefixWatches, Watch
from course_lib.client.cache import Indexer, IndexFunction, TallyFunction
from course_lib.engine import Simulation
from course_lib.objects.decode import decode
from course_lib.objects.kind import Kind
from course_lib.objects.manifests import Document, text_at
from course_lib.objects.meta import Object
from course_lib.objects.selectors import EVERYTHING, FieldValue, Selector
from course_lib.objects.typed import typed

T = TypeVar("T")
stored_below, of_equal_spec = Store.range, documents._of_equal_spec


def copied_whole(before: object, after: object, copy: object = None) -> object:
    """In place of `shared`: no part of a document is that of the one before."""
    return documents.copied(after)


def typed_whole(
    document: Document, kind: Kind, before: Document | None = None, stored: bool = True
) -> Document:
    """In place of `typed`: each part is read, whether it changed or not."""
    return typed(document, kind, stored=stored)


def decoded_whole(view: Object, before: Document, after: Document, kind: Kind) -> Object:
    """In place of `revised`: all of a document is decoded."""
    return decode(after, kind)


def judged_by_itself(document: Document, kind: Kind, judge: Judge) -> Incoming | None:
    """In place of `_of_equal_spec`: each spec is judged, and kept once for each object."""
    known = of_equal_spec(document, kind, judge)  # it names the volume of the token
    return None if known is None else documents._judged(documents.copied(known.document), kind)


def searched(
    store: Store, prefix: str, field: FieldValue | None = None
) -> list[tuple[str, StoredObject]]:
    """In place of `Store.range`: all documents below a prefix are read."""
    return [
        (key, entry)
        for key, entry in stored_below(store, prefix)
        if field is None or text_at(entry.document, field.path) == field.value
    ]


def asked_one_by_one(watches: PrefixWatches, change: Change) -> list[Watch]:
    """In place of `PrefixWatches.of`: each watch is asked about each change."""
    return [watch for watch in watches if change.concerns(watch.field)]


def filtered(cache: Indexer[Object], function: IndexFunction[Object], value: str) -> list[Object]:
    """In place of `Indexer.by_index`: each object is asked."""
    return [each for each in everything(cache) if value in function(each)]


def numbered(cache: Indexer[Object], function: IndexFunction[Object], value: str) -> int:
    """In place of `Indexer.count`."""
    return len(filtered(cache, function, value))


def counted(
    cache: Indexer[Object], function: TallyFunction[Object], group: str
) -> Counter[Hashable]:
    """In place of `Indexer.tally`: all are counted, each time."""
    features = (pair for each in cache.objects.values() for pair in function(each))
    return Counter(feature for its_group, feature in features if its_group == group)


def listed(
    cache: Indexer[Object], namespace: str = "", selector: Selector = EVERYTHING
) -> list[Object]:
    """In place of `Indexer.list`."""
    return [
        each
        for each in everything(cache)
        if namespace in ("", each.namespace) and selector.matches(each.labels)
    ]


def everything(cache: Indexer[Object]) -> list[Object]:
    """All objects, in the order of the API."""
    return [each for _, each in sorted(cache.objects.items())]


PLAIN: list[tuple[object, str, object]] = [
    (Simulation, "plain", True),
    (documents, "shared", copied_whole),
    (documents, "typed", typed_whole),
    (documents, "revised", decoded_whole),
    (server, "revised", decoded_whole),
    (documents, "_of_equal_spec", judged_by_itself),
    (Store, "range", searched),
    (PrefixWatches, "of", asked_one_by_one),
    (Indexer, "by_index", filtered),
    (Indexer, "count", numbered),
    (Indexer, "tally", counted),
    (Indexer, "list", listed),
]


@contextmanager
def plain_way(plain: bool = True) -> Iterator[None]:
    """Everything in the plain way, until it ends; nothing, unless `plain`."""
    with ExitStack() as stack:
        for owner, name, way in PLAIN if plain else []:
            stack.enter_context(mock.patch.object(owner, name, way))
        yield


def both_ways(story: Callable[[], T]) -> tuple[T, T]:
    """What a story comes to in the plain way, and as the course tells it."""
    with plain_way():
        plainly = story()
    return plainly, story()
