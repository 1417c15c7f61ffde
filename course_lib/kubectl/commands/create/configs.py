"""`kubectl create configmap` and `create secret generic`, `docker-registry` and `tls`.

Source: kubectl `pkg/cmd/create/create_configmap.go`, `create_secret.go`, `create_secret_docker.go`,
`create_secret_tls.go`.
"""

from __future__ import annotations

import base64
import json

from course_lib.kubectl.commands.create import sources
from course_lib.kubectl.commands.create.hashes import with_hash
from course_lib.kubectl.commands.create.making import check_name, namespaced
from course_lib.kubectl.failures import CommandError
from course_lib.kubectl.invocation import Invocation
from course_lib.objects.manifests import Document
from course_lib.objects.validation.formats import config_key
from course_lib.objects.validation.pem import key_pair_problem

DOCKER_CONFIG = ".dockerconfigjson"


def config_map(call: Invocation, name: str) -> Document:
    """A ConfigMap; raises `CommandError`."""
    check_name(name)
    sources.check_combined(call)
    texts: dict[str, str] = {}
    binary: dict[str, str] = {}

    def add(key: str, value: bytes) -> None:
        if problems := config_key(key):
            said = f'"{key}" is not a valid key name for a ConfigMap: {",".join(problems)}'
            raise CommandError(said)
        for known, field in ((texts, "Data"), (binary, "BinaryData")):
            if key in known:
                again = f"another key by that name already exists in {field} for ConfigMap"
                raise CommandError(f'cannot add key "{key}", {again} "{name}"')
        try:
            texts[key] = value.decode()
        except UnicodeDecodeError:
            binary[key] = base64.b64encode(value).decode()

    sources.add_files(call.flags.texts("from-file"), add)
    sources.add_literals(call, add)
    sources.add_variables(call, add, "config")
    made = namespaced(call, "v1", "ConfigMap", name)
    made |= {"data": texts} if texts else {}
    made |= {"binaryData": binary} if binary else {}
    return _hashed(call, made)


def generic_secret(call: Invocation, name: str) -> Document:
    """A Secret of any type; raises `CommandError`."""
    check_name(name)
    sources.check_combined(call)
    data = _SecretData()
    sources.add_literals(call, data.add)
    sources.add_files(call.flags.texts("from-file"), data.add)
    sources.add_variables(call, data.add, "secret")
    return _secret(call, name, call.flags.text("type"), data)


def docker_secret(call: Invocation, name: str) -> Document:
    """A Secret with the password of a registry; raises `CommandError`."""
    flags, data = call.flags, _SecretData()
    check_name(name)
    user, password = flags.text("docker-username"), flags.text("docker-password")
    server, files = flags.text("docker-server"), flags.texts("from-file")
    if not files and not (user and password and server):
        raise CommandError(
            "either --from-file or the combination of --docker-username, --docker-password and "
            "--docker-server is required"
        )
    if files:
        named = [each if "=" in each else f"{DOCKER_CONFIG}={each}" for each in files]
        sources.add_files(named, data.add)
    else:
        email, auth = flags.text("docker-email"), f"{user}:{password}".encode()
        entry = {"username": user, "password": password} | ({"email": email} if email else {})
        entry["auth"] = base64.b64encode(auth).decode()
        text = json.dumps({"auths": {server: entry}}, separators=(",", ":"))
        data.add(DOCKER_CONFIG, text.encode())
    return _secret(call, name, "kubernetes.io/dockerconfigjson", data)


def tls_secret(call: Invocation, name: str) -> Document:
    """A Secret with a certificate and its key; raises `CommandError`."""
    key_path, certificate_path = call.flags.text("key"), call.flags.text("cert")
    if not key_path or not certificate_path:
        raise CommandError("key and cert must be specified")
    certificate, key = _pem(certificate_path), _pem(key_path)
    if problem := key_pair_problem(certificate.decode("latin-1"), key.decode("latin-1")):
        raise CommandError(problem)
    data = _SecretData()
    data.add("tls.crt", certificate)
    data.add("tls.key", key)
    return _secret(call, name, "kubernetes.io/tls", data)


class _SecretData:
    """The keys of a Secret with their values."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def add(self, key: str, value: bytes) -> None:
        """Add a key; raises `CommandError`."""
        if problems := config_key(key):
            said = f'"{key}" is not valid key name for a Secret {";".join(problems)}'
            raise CommandError(said)
        if key in self.values:
            said = f"cannot add key {key}, another key by that name already exists"
            raise CommandError(said)
        self.values[key] = base64.b64encode(value).decode()


def _secret(call: Invocation, name: str, type: str, data: _SecretData) -> Document:
    made = namespaced(call, "v1", "Secret", name)
    made |= {"data": data.values} if data.values else {}
    return _hashed(call, made | ({"type": type} if type else {}))


def _hashed(call: Invocation, made: Document) -> Document:
    return with_hash(made) if call.flags.on("append-hash") else made


def _pem(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as problem:
        why = sources.reason_of(problem)
        raise CommandError(f"Cannot read file {path}, open {path}: {why}") from None
