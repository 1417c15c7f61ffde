"""The Events that a kubelet records."""

from __future__ import annotations

from course_lib.client import Client
from course_lib.objects.meta import Object


class KubeletEvents:
    """Records Events in the name of one kubelet."""

    def __init__(self, client: Client, component: str) -> None:
        self._client, self.component = client, component

    def normal(self, about: Object, reason: str, message: str) -> None:
        """Report that something went as it should.

        `about` is the object, `reason` one word, `message` a sentence.
        """
        self._client.events.normal(self.component, about, reason, message)

    def warning(self, about: Object, reason: str, message: str) -> None:
        """Report that something went wrong.

        `about` is the object, `reason` one word, `message` a sentence.
        """
        self._client.events.warning(self.component, about, reason, message)
