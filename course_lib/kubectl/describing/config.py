"""What containers are configured with: ConfigMaps, Secrets, ServiceAccounts.

Source: `ConfigMapDescriber`, `describeSecret` and `describeServiceAccount` in
`pkg/describe/describe.go` of k8s.io/kubectl.
"""

from __future__ import annotations

from base64 import b64decode

from course_lib.kubectl.describing.described import DescribedObject
from course_lib.kubectl.describing.writing import Lines, field, several

TOKEN = "kubernetes.io/service-account-token"


def lines_of_config_map(config: DescribedObject) -> Lines:
    """A ConfigMap with its data, all but the events."""
    yield from config.head()
    yield from ("", "Data", "====")
    for key, text in sorted((config.document.get("data") or {}).items()):
        yield from (f"{key}:", "----", text, "")
    yield from ("", "BinaryData", "====")
    for key, text in sorted((config.document.get("binaryData") or {}).items()):
        yield f"{key}: {len(b64decode(text))} bytes"
    yield ""


def lines_of_secret(secret: DescribedObject) -> Lines:
    """A Secret: how long its data are, not what they are; only the token of an account is shown."""
    kind = secret.document.get("type")
    yield from secret.head()
    yield from ("", field("Type", kind), "", "Data", "====")
    for key, text in sorted((secret.document.get("data") or {}).items()):
        data = b64decode(text)
        readable = key == "token" and kind == TOKEN
        yield field(key, data.decode() if readable else f"{len(data)} bytes")


def lines_of_service_account(account: DescribedObject) -> Lines:
    """A ServiceAccount, all but the events."""
    yield from account.head()
    secrets = account.document.get("imagePullSecrets") or ()
    yield from several("Image pull secrets", (str(each.get("name", "")) for each in secrets))
