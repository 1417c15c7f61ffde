"""Lists in parts: the token by which a list goes on where its last part ended.

Source: `k8s.io/apiserver/pkg/storage/continue.go`.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from course_lib.apiserver.errors import BadRequest
from course_lib.objects.validation.json_text import syntax_problem

VERSION = "meta.k8s.io/v1"
LATEST = -1  # the revision of a list that goes on with what there is now


class ContinueToken(msgspec.Struct, omit_defaults=False):
    """Where a list goes on: at the revision `rv`, from the key `start`.

    >>> ContinueToken(VERSION, 7, "/web\\0").text
    'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6Nywic3RhcnQiOiIvd2ViXHUwMDAwIn0'
    >>> ContinueToken.read(ContinueToken(VERSION, 7, "/web\\0").text).rv
    7
    """

    v: str = ""
    rv: int = 0
    start: str = ""

    @property
    def text(self) -> str:
        """The token as the query of the next request has it."""
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @property
    def to_latest(self) -> ContinueToken:
        """The token with which the list goes on in what there is now."""
        return ContinueToken(VERSION, LATEST, self.start)

    @classmethod
    def read(cls, text: str) -> ContinueToken:
        """The token of a query; raises `BadRequest` for a text that is none."""
        wrong = re.search("[^A-Za-z0-9_-]", text)
        if wrong or len(text) % 4 == 1:
            place = wrong.start() if wrong else len(text) - 1
            raise _invalid(f": illegal base64 data at input byte {place}")
        written = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        try:
            found = msgspec.json.decode(written, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
            why = syntax_problem(written.decode(errors="replace")) or str(problem)
            raise _invalid(f": {why}") from None
        if found.v != VERSION:
            raise _invalid(f": server does not recognize this encoded version {found.v}")
        if not found.rv:
            raise _invalid(f": incorrect encoded start resourceVersion (version {VERSION})")
        if not found.start:
            raise _invalid(f": encoded start key empty (version {VERSION})")
        if {"", ".", ".."} & set(found.start.removeprefix("/").split("/")):
            raise _invalid(f": {found.start}")
        return found


def _invalid(why: str) -> BadRequest:
    return BadRequest(
        f"invalid continue token: continue key is not valid{why}",
        where="continue",
        do="begin the list anew, without continue",
    )
