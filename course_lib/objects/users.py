"""Who sends requests to the API server: it knows one user, whoever asks."""

from __future__ import annotations

from course_lib.objects.manifests import Document

# A `UserInfo` of `authentication.k8s.io/v1`.
USER: Document = {
    "username": "learner",
    "groups": ["system:masters", "system:authenticated"],
}
