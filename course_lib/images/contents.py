"""What is inside images that everybody knows: programs by name, users and groups.

Their layers are known by weight only (`wellknown`), but which programs they bring is a fact that
a learner meets: a command that an image lacks does not start. Images that stand in no list here,
and that were not pushed with files, have contents that are not known.
Source: BusyBox 1.36's default configuration and the essential packages of Debian 12 (the lists in
`programs`); the Dockerfiles of the official images (github.com/docker-library,
github.com/nginx/docker-nginx).
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

from course_lib.images.known_files import files_of
from course_lib.images.layer import FOLDER, File, Files
from course_lib.objects.image_names import Reference

# Lists of paths are texts, to be split at spaces.
BASH = "/bin/bash /usr/bin/bash"
PROCPS = """/bin/ps /usr/bin/ps /bin/kill /usr/bin/kill /usr/bin/pgrep /usr/bin/pkill /usr/bin/top
/usr/bin/free /usr/bin/watch /usr/bin/uptime /usr/bin/pmap /usr/sbin/sysctl"""
# Of images that carry the tools to build others (buildpack-deps).
BUILD = f"""{PROCPS} /usr/bin/curl /usr/bin/wget /usr/bin/git /usr/bin/gcc /usr/bin/g++
/usr/bin/make /usr/bin/ssh /usr/bin/openssl /usr/bin/unzip /usr/bin/xz"""
LOCAL = "/usr/local/bin"
ENTRY = f"{LOCAL}/docker-entrypoint.sh"
# By repository: the family, and what the image has on top of it.
OWN = {
    "busybox": ("busybox", ""),
    "alpine": ("alpine", ""),
    "debian": ("debian", ""),
    "ubuntu": ("debian", PROCPS),
    "bash": ("alpine", f"{LOCAL}/bash {ENTRY}"),
    "nginx": ("debian", "/docker-entrypoint.sh /usr/sbin/nginx /usr/bin/curl /usr/bin/envsubst"),
    "httpd": ("debian", f"{LOCAL}/httpd-foreground /usr/local/apache2/bin/httpd"),
    "redis": ("debian", f"{ENTRY} {LOCAL}/redis-server {LOCAL}/redis-cli {LOCAL}/gosu"),
    "memcached": ("debian", f"{ENTRY} {LOCAL}/memcached"),
    "postgres": (
        "debian",
        f"""{ENTRY} {LOCAL}/gosu /usr/bin/postgres /usr/bin/psql /usr/bin/pg_isready
        /usr/bin/pg_dump /usr/bin/pg_ctl /usr/bin/initdb /usr/bin/createdb""",
    ),
    "mysql": (
        "oracle",
        f"{ENTRY} /usr/sbin/mysqld /usr/bin/mysql /usr/bin/mysqladmin /usr/bin/mysqldump",
    ),
    "mariadb": (
        "debian",
        f"""{ENTRY} {LOCAL}/healthcheck.sh /usr/sbin/mariadbd /usr/bin/mariadb
        /usr/bin/mariadb-admin /usr/bin/mariadb-dump""",
    ),
    "mongo": ("debian", f"{ENTRY} /usr/bin/mongod /usr/bin/mongos /usr/bin/mongosh"),
    "python": ("debian", f"{BUILD} {LOCAL}/python {LOCAL}/python3 {LOCAL}/pip {LOCAL}/pip3"),
    "perl": ("debian", f"{BUILD} {LOCAL}/perl {LOCAL}/cpan {LOCAL}/cpanm {LOCAL}/prove"),
    "node": ("debian", f"{BUILD} {ENTRY} {LOCAL}/node {LOCAL}/npm {LOCAL}/npx {LOCAL}/yarn"),
    "golang": ("debian", f"{BUILD} /usr/local/go/bin/go /usr/local/go/bin/gofmt"),
    "wordpress": (
        "debian",
        f"""{ENTRY} {LOCAL}/apache2-foreground {LOCAL}/php /usr/sbin/apache2
        /usr/sbin/apache2ctl /usr/bin/curl""",
    ),
}
OFFICIAL = "docker.io/library/"
NETWORK = """/usr/bin/curl /usr/bin/dig /usr/bin/host /usr/bin/nslookup /bin/nc /usr/sbin/ss
/usr/bin/jq"""
KNOWN = {f"{OFFICIAL}{name}": found for name, found in OWN.items()} | {
    "registry.k8s.io/pause": ("scratch", "/pause"),
    "registry.k8s.io/busybox": ("busybox", ""),
    "registry.k8s.io/e2e-test-images/busybox": ("busybox", ""),
    "registry.k8s.io/e2e-test-images/agnhost": ("alpine", f"/agnhost {NETWORK} /bin/bash"),
    "registry.k8s.io/e2e-test-images/jessie-dnsutils": ("debian", NETWORK),
    "registry.k8s.io/e2e-test-images/nginx": OWN["nginx"],
    "registry.k8s.io/nginx-slim": OWN["nginx"],
    "registry.k8s.io/echoserver": ("debian", "/usr/sbin/nginx"),
    "registry.k8s.io/hpa-example": ("debian", f"{LOCAL}/apache2-foreground {LOCAL}/php"),
    "docker.io/curlimages/curl": ("alpine", "/entrypoint.sh /usr/bin/curl"),
    "docker.io/nicolaka/netshoot": ("alpine", f"{NETWORK} /bin/bash /usr/bin/tcpdump"),
    "docker.io/polinux/stress": ("alpine", f"{LOCAL}/stress"),
    "docker.io/progrium/stress": ("debian", "/usr/bin/stress"),
    "docker.io/nginxinc/nginx-unprivileged": OWN["nginx"],
    "docker.io/hashicorp/http-echo": ("scratch", "/http-echo"),
    "docker.io/traefik/whoami": ("scratch", "/whoami"),
    "docker.io/ealen/echo-server": ("scratch", "/bin/echo-server"),
    "docker.io/kicbase/echo-server": ("scratch", "/bin/echo-server"),
    "gcr.io/google-samples/hello-app": ("scratch", "/hello-app"),
}
# The short names by which `known_files` and the users below know an image.
_ALIASES = {
    "registry.k8s.io/e2e-test-images/nginx": "nginx",
    "registry.k8s.io/nginx-slim": "nginx",
    "docker.io/nginxinc/nginx-unprivileged": "nginx",
    "docker.io/curlimages/curl": "curl",
}
_PASSWD = {
    "busybox": "root:x:0:0 daemon:x:1:1 bin:x:2:2 sys:x:3:3 sync:x:4:100 mail:x:8:8 "
    "www-data:x:33:33 operator:x:37:37 nobody:x:65534:65534",
    "alpine": "root:x:0:0 bin:x:1:1 daemon:x:2:2 adm:x:3:4 lp:x:4:7 sync:x:5:0 shutdown:x:6:0 "
    "halt:x:7:0 mail:x:8:12 nobody:x:65534:65534",
    "debian": "root:x:0:0 daemon:x:1:1 bin:x:2:2 sys:x:3:3 sync:x:4:65534 games:x:5:60 man:x:6:12 "
    "lp:x:7:7 mail:x:8:8 news:x:9:9 www-data:x:33:33 backup:x:34:34 nobody:x:65534:65534",
    "oracle": "root:x:0:0 bin:x:1:1 daemon:x:2:2 adm:x:3:4 nobody:x:65534:65534",
}
_GROUP = {
    "busybox": "root:x:0: daemon:x:1: bin:x:2: sys:x:3: adm:x:4: tty:x:5: disk:x:6: lp:x:7: "
    "mail:x:8: kmem:x:9: wheel:x:10:root www-data:x:33: operator:x:37: users:x:100: "
    "nobody:x:65534:",
    "alpine": "root:x:0:root bin:x:1:root,bin,daemon daemon:x:2:root,bin,daemon sys:x:3:root,bin "
    "adm:x:4:root,daemon tty:x:5: disk:x:6:root lp:x:7:lp kmem:x:9: wheel:x:10:root "
    "floppy:x:11:root dialout:x:20:root tape:x:26:root video:x:27:root users:x:100: "
    "nobody:x:65534:",
    "debian": "root:x:0: daemon:x:1: bin:x:2: sys:x:3: adm:x:4: tty:x:5: disk:x:6: mail:x:8: "
    "www-data:x:33: users:x:100: nogroup:x:65534:",
    "oracle": "root:x:0: bin:x:1: daemon:x:2: sys:x:3: adm:x:4: nobody:x:65534:",
}
# Users that an image adds: name, number of user and group.
_USERS = {
    "nginx": ("nginx", 101),
    "redis": ("redis", 999),
    "postgres": ("postgres", 999),
    "mysql": ("mysql", 999),
    "mariadb": ("mysql", 999),
    "mongo": ("mongodb", 999),
    "memcached": ("memcache", 11211),
    "node": ("node", 1000),
    "curl": ("curl_user", 100),
}
_BY_BUSYBOX = ("busybox", "alpine")


class Contents(msgspec.Struct, frozen=True):
    """The files that matter of a well-known image, and whose tools they are."""

    files: Files
    busybox: bool  # small tools are BusyBox's; else they are GNU's, and the shell is dash


def contents_of(reference: Reference) -> Contents | None:
    """What an image of this name contains; None where that is not known.

    A tag with `alpine` in it stands for the variant on Alpine Linux.

    >>> "bin/wget" in contents_of(Reference.parse("busybox:1.36")).files
    True
    >>> contents_of(Reference.parse("course/web:v1")) is None
    True
    """
    return _contents(reference.name, "alpine" in reference.tag)


@cache
def _contents(name: str, on_alpine: bool) -> Contents | None:
    if name not in KNOWN:
        return None
    family, own = KNOWN[name]
    short = _ALIASES.get(name, name.removeprefix(OFFICIAL))
    if on_alpine and family == "debian":
        family, own = "alpine", own.replace(BUILD, "")
    paths = [*_of_family(family), *own.split()]
    files: Files = {path.lstrip("/"): File(_STAND_IN, mode=0o755) for path in paths}
    if family != "scratch":
        files |= dict.fromkeys(("tmp", "etc", "root", "home", "usr", "var"), FOLDER)
        files["tmp"] = File(kind="folder", mode=0o1777)
        files |= files_of(short, family)
        user, number = _USERS.get(short, ("", 0))
        passwd = [_row(row) for row in _PASSWD[family].split()]
        groups = _GROUP[family].split()
        if user:
            passwd.append(f"{user}:x:{number}:{number}:{user}:/:/bin/sh")
            groups.append(f"{user}:x:{number}:")
        files["etc/passwd"] = File("".join(f"{row}\n" for row in passwd).encode())
        files["etc/group"] = File("".join(f"{row}\n" for row in groups).encode())
    return Contents(files, family in _BY_BUSYBOX)


def _row(row: str) -> str:
    """A row of /etc/passwd: name, x, numbers, a comment, the home folder and the shell."""
    name = row.split(":")[0]
    home, shell = ("/root", "/bin/sh") if name == "root" else ("/", "/sbin/nologin")
    return f"{row}:{name}:{home}:{shell}"


_STAND_IN = b"stands for a program\n"


def _listed(name: str) -> list[str]:
    """The names of the programs in a list that lies beside this module."""
    return (
        (resources.files(__package__) / "programs" / f"{name}.txt")
        .read_text(encoding="utf-8")
        .split()
    )


def _of_family(family: str) -> list[str]:
    """The programs of a base image, by their paths."""
    applets = _listed("busybox")
    match family:
        case "scratch":
            return []
        case "busybox":
            return [*(f"/bin/{name}" for name in applets), "/usr/bin/env"]
        case "alpine":
            # Each applet is a link in one of these; the list does not say in which.
            folders = ("bin", "sbin", "usr/bin", "usr/sbin")
            found = [f"/{folder}/{name}" for folder in folders for name in applets]
            return [*found, "/sbin/apk", "/usr/bin/getent"]
    # Debian, and what is like it: /bin is /usr/bin, and /sbin is /usr/sbin.
    lists = [("bin", _listed("debian-bin")), ("sbin", _listed("debian-sbin"))]
    found = [f"{top}/{f}/{n}" for f, names in lists for top in ("", "/usr") for n in names]
    return [*found, *BASH.split()]
