"""`kubectl config`: which cluster kubectl speaks to, as whom, in which namespace.

Source: kubectl `pkg/cmd/config`.
"""

from __future__ import annotations

from course_lib.kubectl.command import Command
from course_lib.kubectl.commands.config import changing, properties, viewing

_NONE = frozenset[str]()

COMMANDS = {
    "config view": Command(
        viewing.view,
        frozenset(
            {
                "allow-missing-template-keys", "flatten", "merge", "minify", "output", "raw",
                "show-managed-fields", "template",
            }
        ),
    ),
    "config current-context": Command(viewing.current_context, _NONE),
    "config get-contexts": Command(viewing.get_contexts, frozenset({"no-headers", "output"})),
    "config get-clusters": Command(viewing.get_clusters, _NONE),
    "config get-users": Command(viewing.get_users, _NONE),
    "config use-context": Command(changing.use_context, _NONE),
    "config rename-context": Command(changing.rename_context, _NONE),
    "config set-context": Command(changing.set_context, frozenset({"current"})),
    "config set-cluster": Command(
        changing.set_cluster,
        frozenset(
            {
                "certificate-authority", "embed-certs", "insecure-skip-tls-verify", "proxy-url",
                "server", "tls-server-name",
            }
        ),
    ),
    "config set-credentials": Command(
        changing.set_credentials,
        frozenset(
            {"client-certificate", "client-key", "embed-certs", "password", "token", "username"}
        ),
    ),
    "config delete-context": Command(changing.delete_context, _NONE),
    "config delete-cluster": Command(changing.delete_cluster, _NONE),
    "config delete-user": Command(changing.delete_user, _NONE),
    "config set": Command(properties.set_property, frozenset({"set-raw-bytes"})),
    "config unset": Command(properties.unset_property, _NONE),
}  # fmt: skip
