"""A label selector on the command line as a `LabelSelector` of the API.

Source: `ParseToLabelSelector` of apimachinery `pkg/apis/meta/v1/helpers.go`.
"""

from __future__ import annotations

from course_lib.errors import CourseError
from course_lib.kubectl.failures import CommandError
from course_lib.objects.manifests import Document
from course_lib.objects.selectors import GT, IN, LT, parse_selector


def label_selector(text: str) -> Document:
    """The selector that a `text` means; raises `CommandError` for one that cannot be read.

    >>> label_selector("app=web,tier in (a,b)")
    {'matchExpressions': [{'key': 'tier', 'operator': 'In', 'values': ['a', 'b']}], \
'matchLabels': {'app': 'web'}}
    """
    try:
        requirements = sorted(parse_selector(text).requirements, key=lambda each: each.key)
    except CourseError as problem:
        said = f'couldn\'t parse the selector string "{text}": {problem.what}'
        raise CommandError(said) from None
    labels: dict[str, str] = {}
    expressions: list[Document] = []
    for each in requirements:
        if each.operator == IN and not each.set_based:
            labels[each.key] = each.values[0]
            continue
        if each.operator in (GT, LT):
            sign = "gt" if each.operator == GT else "lt"
            raise CommandError(f'"{sign}" isn\'t supported in label selectors')
        values = {"values": sorted(each.values)} if each.values else {}
        expressions.append({"key": each.key, "operator": each.operator} | values)
    found: Document = {"matchExpressions": expressions} if expressions else {}
    return found | ({"matchLabels": labels} if labels else {})
