"""Certificate cleaner: requests for certificates that nobody needs any more (chapter 11).

Each hour it deletes requests that are denied or failed, or that have their certificate, since more
than an hour, and those that nobody has decided, or signed, for more than a day.
Source: `pkg/controller/certificates/cleaner/cleaner.go`. Not here: it also deletes a request whose
certificate has expired; certificates are valid for ten minutes at least, and looked at hourly.
"""

from __future__ import annotations

from contextlib import suppress

from course_lib.apiserver.errors import NotFound
from course_lib.client import Client
from course_lib.client.informer import InformerFactory
from course_lib.controllers.controller import Controller
from course_lib.engine import FOR_EVER, SOON, Ticker
from course_lib.engine.timestamps import seconds_at
from course_lib.errors import CourseError
from course_lib.objects.kinds.certificate_rules import APPROVED, DENIED, FAILED
from course_lib.objects.kinds.certificate_signing_request import CertificateSigningRequest

CHECK_PERIOD = 3600.0  # s
SETTLED = 3600.0  # s after which a request is deleted that is denied, failed, or issued
UNSETTLED = 24 * 3600.0  # s after which one is deleted that waits for a decision, or its signer


class CertificateCleaner(Controller):
    """Deletes requests for certificates some time after they are settled."""

    name = "certificatesigningrequest-cleaner-controller"

    def __init__(self, api: Client, informers: InformerFactory) -> None:
        super().__init__(api, informers)
        self._ticker = Ticker(self.sim, self.sim.now, CHECK_PERIOD, self._look)
        informers.informer(CertificateSigningRequest).add_handler(self._on_request)

    def _on_request(
        self, before: CertificateSigningRequest | None, after: CertificateSigningRequest | None
    ) -> None:
        if after is not None:
            self._ticker.wake()

    def _look(self) -> float:
        """One round; where there are no requests the next rounds would find none."""
        if not self.informers.synced:
            return SOON
        requests = self.informers.list(CertificateSigningRequest)
        with suppress(CourseError):
            for request in requests:
                if is_old(request, self.sim.now):
                    with suppress(NotFound):
                        self.api.delete(CertificateSigningRequest, request.name)
        return SOON if requests else FOR_EVER


def is_old(request: CertificateSigningRequest, now: float) -> bool:
    """Whether a request is settled, or waits, for so long that it can go; `now` in simulated s."""
    conditions = request.status.conditions or ()
    if not conditions:
        return now - seconds_at(request.metadata.creation_timestamp or "") > UNSETTLED
    approved = SETTLED if request.status.certificate else UNSETTLED
    limits = {DENIED: SETTLED, FAILED: SETTLED, APPROVED: approved}
    return any(
        now - seconds_at(each.last_update_time) > limits[each.type]
        for each in conditions
        if each.type in limits and each.last_update_time
    )
