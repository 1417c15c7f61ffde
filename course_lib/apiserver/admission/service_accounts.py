"""ServiceAccount: who a Pod is, and what it may then use.

Source: `plugin/pkg/admission/serviceaccount/admission.go` of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from course_lib.apiserver.errors import Forbidden
from course_lib.apiserver.reader import Reader
from course_lib.engine.timestamps import seconds_at
from course_lib.objects.kinds.namespace import Namespace
from course_lib.objects.kinds.pod.volumes import TOKEN
from course_lib.objects.kinds.service_account import ENFORCE_SECRETS, ServiceAccount
from course_lib.objects.manifests import Document

MIRROR = "kubernetes.io/config.mirror"
ACCOUNT_WAIT = 3.0  # s: two for the plugin's questions, and creation times are in whole seconds
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_SOURCE: Document = {
    "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {
            "configMap": {
                "name": "kube-root-ca.crt",
                "items": [{"key": "ca.crt", "path": "ca.crt"}],
            }
        },
        {
            "downwardAPI": {
                "items": [
                    {
                        "path": "namespace",
                        "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                    }
                ]
            }
        },
    ],
    "defaultMode": 420,
}
TRUE = ("1", "t", "T", "true", "TRUE", "True")  # as Go reads truth values


def service_account(api: Reader, pod: Document) -> None:
    """ServiceAccount: Pods that name none run as `default`; the account must be there.

    The real plugin asks ten times within two seconds for the account `default`, as its controller
    may just be making it. Here no time passes in a call, so a namespace of that age is enough. The
    volume with the token gets its whole name in `name_token`.

    Raises `Forbidden` for an account that there is not, and for Secrets that it may not use.
    """
    spec, meta = pod["spec"], pod["metadata"]
    annotations = meta.get("annotations")
    if MIRROR in (annotations if isinstance(annotations, dict) else ()):
        return
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    if not isinstance(name, str):
        return
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    account = api.find(ServiceAccount, name, meta["namespace"])
    if account is None:
        _refuse_unknown(api, pod, name)
    if _automounts(spec, account):
        _mount_token(spec)
    if account is None:
        return
    if account.image_pull_secrets and not spec.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [dict(each) for each in account.image_pull_secrets]
    if account.annotations.get(ENFORCE_SECRETS) in TRUE:
        for problem in _other_secrets(account, spec):
            _refuse(pod, problem)


def _automounts(spec: Document, account: ServiceAccount | None) -> bool:
    """Whether a Pod gets the token: it decides, then its account (`shouldAutomount`)."""
    wanted = spec.get("automountServiceAccountToken")
    if wanted is None and account is not None:
        wanted = account.automount_service_account_token
    return wanted is not False


def _mount_token(spec: Document) -> None:
    """Every container gets the token, unless something else is mounted there."""
    volumes = spec.get("volumes") or []
    names = [each.get("name", "") for each in volumes]
    own = next((name for name in names if name.startswith(TOKEN)), "")
    mount = {"name": own or TOKEN, "readOnly": True, "mountPath": TOKEN_PATH}
    needed = False
    for group in ("initContainers", "containers"):
        for container in spec.get(group) or ():
            mounts = container.get("volumeMounts") or []
            if all(each.get("mountPath") != TOKEN_PATH for each in mounts):
                container["volumeMounts"] = [*mounts, mount]
                needed = True
    if needed and not own:
        spec["volumes"] = [*volumes, {"name": TOKEN, "projected": TOKEN_SOURCE}]


def name_token(spec: Document, suffix: Callable[[], str]) -> None:
    """Give the volume with the token its whole name, in the volumes of a spec and in its mounts.

    The real plugin draws a `suffix` for each Pod. Here the Pods of one template have one spec, and
    so one name of this volume. What the `spec` shares with others is not written into.
    """
    volumes = spec.get("volumes") or ()
    if all(each.get("name") != TOKEN for each in volumes):
        return
    name = {"name": f"{TOKEN}{suffix()}"}
    spec["volumes"] = [each | name if each.get("name") == TOKEN else each for each in volumes]
    for group in ("initContainers", "containers"):
        for container in spec.get(group) or ():
            if mounts := container.get("volumeMounts"):
                container["volumeMounts"] = [
                    each | name if each.get("name") == TOKEN else each for each in mounts
                ]


def _refuse_unknown(api: Reader, pod: Document, name: str) -> None:
    """Refuse an account that there is not, and that is not about to be made."""
    namespace = pod["metadata"]["namespace"]
    space = api.find(Namespace, namespace)
    if space is None or space.terminating:
        return  # NamespaceLifecycle says so
    age = api.sim.now - seconds_at(space.metadata.creation_timestamp or "2026-01-01T00:00:00Z")
    if name != "default" or age > ACCOUNT_WAIT:
        problem = f"error looking up service account {namespace}/{name}"
        _refuse(
            pod, f'{problem}: serviceaccount "{name}" not found', "create the ServiceAccount first"
        )


def _refuse(pod: Document, problem: str, do: str = "") -> None:
    shown = pod["metadata"].get("name") or pod["metadata"].get("generateName", "")
    raise Forbidden(f'pods "{shown}" is forbidden: {problem}', do=do)


def _other_secrets(account: ServiceAccount, spec: Document) -> Iterator[str]:
    """The Secrets of a Pod that its account does not name (`limitSecretReferences`)."""
    own = {each.get("name") for each in account.secrets or ()}
    because = f"is not allowed because service account {account.name} does not reference that"
    for volume in spec.get("volumes") or ():
        name = (volume.get("secret") or {}).get("secretName")
        if name is not None and name not in own:
            yield f'volume with secret.secretName="{name}" {because} secret'
    for words, group in (("init container", "initContainers"), ("container", "containers")):
        for container in spec.get(group) or ():
            head = f"{words} {container.get('name', '')} with"
            for env in container.get("env") or ():
                name = ((env.get("valueFrom") or {}).get("secretKeyRef") or {}).get("name")
                if name is not None and name not in own:
                    said = f'envVar {env.get("name", "")} referencing secret.secretName="{name}"'
                    yield f"{head} {said} {because} secret"
            for source in container.get("envFrom") or ():
                name = (source.get("secretRef") or {}).get("name")
                if name is not None and name not in own:
                    yield f'{head} envFrom referencing secret.secretName="{name}" {because} secret'
    pulled = {each.get("name") for each in account.image_pull_secrets or ()}
    for position, each in enumerate(spec.get("imagePullSecrets") or ()):
        if (name := each.get("name")) not in pulled:
            yield f'imagePullSecrets[{position}].name="{name}" {because} imagePullSecret'
