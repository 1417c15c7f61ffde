"""Images that everybody knows, by weight: real configurations and manifests over unseen layers.

Their layers are known by name and size only, so that a notebook need not download them. Images of
one family share the layers below, as the real ones do.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import msgspec

from course_lib.images.image import Image, PlatformImage
from course_lib.images.oci import PATH, Blob, Config, Execution, Platform, RootFS, encode
from course_lib.objects.image_names import Reference

MB = 1_000_000
PLATFORMS = (Platform("amd64", "linux"), Platform("arm64", "linux"))
DEBIAN, ALPINE = ("debian:bookworm-slim", 28 * MB), ("alpine:3.20", 4 * MB)
# Compressed sizes, rounded (Docker Hub, 2025), so that pulls feel right; and the family.
KNOWN = {
    "docker.io/library/busybox": (2 * MB, None),
    "docker.io/library/alpine": (4 * MB, ALPINE),
    "docker.io/library/nginx": (70 * MB, DEBIAN),
    "docker.io/library/redis": (45 * MB, DEBIAN),
    "docker.io/library/mysql": (230 * MB, None),
    "docker.io/library/postgres": (155 * MB, DEBIAN),
    "docker.io/library/python": (380 * MB, DEBIAN),
    "docker.io/library/wordpress": (250 * MB, DEBIAN),
    "docker.io/library/httpd": (60 * MB, DEBIAN),
    "docker.io/library/perl": (360 * MB, DEBIAN),
    "docker.io/library/node": (400 * MB, DEBIAN),
    "docker.io/library/golang": (310 * MB, DEBIAN),
    "docker.io/library/memcached": (30 * MB, DEBIAN),
    "docker.io/library/mariadb": (125 * MB, None),
    "docker.io/library/mongo": (280 * MB, None),
    "registry.k8s.io/pause": (1 * MB, None),
    "registry.k8s.io/e2e-test-images/agnhost": (50 * MB, ALPINE),
    "docker.io/curlimages/curl": (9 * MB, ALPINE),
    "docker.io/polinux/stress": (4 * MB, ALPINE),
    "docker.io/hashicorp/http-echo": (3 * MB, None),
    "docker.io/traefik/whoami": (3 * MB, None),
}
ENTRY = "docker-entrypoint.sh"  # prepares, and then becomes the program that it is given


def _served(program: str, port: int, stop_signal: str = "") -> Execution:
    """A server behind the official images' entry script."""
    return Execution(
        entrypoint=[ENTRY],
        cmd=[program],
        exposed_ports={f"{port}/tcp": {}},
        stop_signal=stop_signal,
    )


def _program(path: str, port: int) -> Execution:
    """A server that is the whole image."""
    return Execution(entrypoint=[path], exposed_ports={f"{port}/tcp": {}})


_NGINX = Execution(
    entrypoint=["/docker-entrypoint.sh"],
    cmd=["nginx", "-g", "daemon off;"],
    exposed_ports={"80/tcp": {}},
    stop_signal="SIGQUIT",
)
RUNS = {
    "docker.io/library/nginx": _NGINX,
    "registry.k8s.io/nginx-slim": _NGINX,
    "registry.k8s.io/e2e-test-images/nginx": _NGINX,
    "docker.io/nginxinc/nginx-unprivileged": msgspec.structs.replace(
        _NGINX, user="101", exposed_ports={"8080/tcp": {}}
    ),
    "docker.io/library/redis": _served("redis-server", 6379),
    "docker.io/library/memcached": _served("memcached", 11211),
    "docker.io/library/mysql": _served("mysqld", 3306),
    "docker.io/library/mariadb": _served("mariadbd", 3306),
    "docker.io/library/mongo": _served("mongod", 27017),
    "docker.io/library/postgres": _served("postgres", 5432, "SIGINT"),
    "docker.io/library/wordpress": _served("apache2-foreground", 80, "SIGWINCH"),
    "docker.io/library/httpd": Execution(
        cmd=["httpd-foreground"],
        env=[f"PATH=/usr/local/apache2/bin:{PATH}"],
        exposed_ports={"80/tcp": {}},
        stop_signal="SIGWINCH",
    ),
    "docker.io/library/python": Execution(cmd=["python3"]),
    "docker.io/library/perl": Execution(cmd=["perl", "-de0"]),
    "docker.io/library/node": Execution(entrypoint=[ENTRY], cmd=["node"]),
    "docker.io/library/golang": Execution(cmd=["bash"], env=[f"PATH=/usr/local/go/bin:{PATH}"]),
    "registry.k8s.io/e2e-test-images/agnhost": Execution(
        entrypoint=["/agnhost"],
        cmd=["pause"],
        exposed_ports={f"{port}/tcp": {} for port in (80, 8080, 8081, 9376, 5000)},
    ),
    "registry.k8s.io/e2e-test-images/jessie-dnsutils": Execution(cmd=["sleep", "3600"]),
    "registry.k8s.io/echoserver": Execution(
        cmd=["nginx", "-g", "daemon off;"], exposed_ports={"8080/tcp": {}}
    ),
    "registry.k8s.io/hpa-example": Execution(
        cmd=["apache2-foreground"], exposed_ports={"80/tcp": {}}
    ),
    "docker.io/curlimages/curl": Execution(
        user="curl_user", entrypoint=["/entrypoint.sh"], cmd=["curl"]
    ),
    "docker.io/nicolaka/netshoot": Execution(cmd=["bash"]),
    "docker.io/polinux/stress": Execution(),
    "docker.io/progrium/stress": Execution(entrypoint=["/usr/bin/stress", "--verbose"]),
    "docker.io/hashicorp/http-echo": _program("/http-echo", 5678),
    "docker.io/traefik/whoami": _program("/whoami", 80),
    "docker.io/ealen/echo-server": _program("/bin/echo-server", 80),
    "docker.io/kicbase/echo-server": _program("/bin/echo-server", 8080),
    "gcr.io/google-samples/hello-app": _program("/hello-app", 8080),
    "registry.k8s.io/pause": Execution(user="65535:65535", entrypoint=["/pause"]),
    "registry.k8s.io/busybox": Execution(cmd=["sh"]),
    "registry.k8s.io/e2e-test-images/busybox": Execution(cmd=["sh"]),
    "docker.io/library/busybox": Execution(cmd=["sh"]),
    "docker.io/library/alpine": Execution(cmd=["/bin/sh"]),
    "docker.io/library/bash": Execution(entrypoint=[ENTRY], cmd=["bash"]),
} | {
    f"docker.io/library/{name}": Execution(cmd=["bash"])
    for name in ("ubuntu", "debian", "centos", "fedora")
}


@lru_cache(maxsize=1024)
def image_of(reference: Reference) -> Image:
    """The image of a repository without a push: every tag is taken to exist."""
    drawn = int(hashlib.sha256(reference.name.encode()).hexdigest()[:6], 16) % (80 * MB)
    size, family = KNOWN.get(reference.name, (20 * MB + drawn, None))
    return by_weight(reference, size, family)


def by_weight(reference: Reference, size: int, family: tuple[str, int] | None = None) -> Image:
    """An image of `size` bytes (packed) by this `reference`, for the usual platforms.

    Images of one `family` (a name, and its bytes) share a base layer.
    """
    return Image.of(tuple(_variant(reference, size, family, p) for p in PLATFORMS))


def _variant(
    reference: Reference, size: int, family: tuple[str, int] | None, platform: Platform
) -> PlatformImage:
    last = reference.repository.rpartition("/")[2]
    run = RUNS.get(reference.name, Execution(entrypoint=[f"/{last}"]))
    shared = [Blob.weight(f"{family[0]} {platform}", family[1])] if family else []
    count = len(shared) + (family is None or family[1] < size)

    def config(layers: list[Blob]) -> Config:
        stand_in = ["sha256:" + "0" * 64] * (count - len(layers))
        ids = [layer.descriptor.digest for layer in layers] + stand_in
        return Config(platform.architecture, platform.os, run, RootFS("layers", ids))

    own = size - len(encode(config(shared))) - sum(layer.descriptor.size for layer in shared)
    tagged = f"{reference.name}:{reference.tag or reference.digest} {platform}"
    layers = [*shared, *([Blob.weight(tagged, max(own, 0))] if count > len(shared) else [])]
    return PlatformImage.of(config(layers), tuple(layers))
