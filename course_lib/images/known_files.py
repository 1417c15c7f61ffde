"""Files that a learner looks for in images that everybody knows: pages, configurations, releases.

Their texts are our own, in the form that the programs read.
Source: the images' Dockerfiles and the packages' defaults (nginx 1.27, httpd 2.4, redis 7,
PostgreSQL 17); os-release(5).
"""

from __future__ import annotations

from course_lib.images.layer import FOLDER, File, Files

_WELCOME = """<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
html { color-scheme: light dark; }
body { width: 35em; margin: 0 auto; font-family: Tahoma, Verdana, Arial, sans-serif; }
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>This page says that the web server is installed and that it works. It waits for its own pages
and for its configuration.</p>
<p>More is told at <a href="http://nginx.org/">nginx.org</a>.</p>
</body>
</html>
"""
_ERROR = """<!DOCTYPE html>
<html>
<head>
<title>Error</title>
</head>
<body>
<h1>An error occurred.</h1>
<p>The page that you look for is not available now. Try it again later.</p>
</body>
</html>
"""
_NGINX = """user  nginx;
worker_processes  auto;

error_log  /var/log/nginx/error.log notice;
pid        /run/nginx.pid;

events {
    worker_connections  1024;
}

http {
    include       /etc/nginx/mime.types;
    default_type  application/octet-stream;
    access_log    /var/log/nginx/access.log  main;
    sendfile      on;
    keepalive_timeout  65;
    include /etc/nginx/conf.d/*.conf;
}
"""
_SITE = """server {
    listen       80;
    server_name  localhost;

    location / {
        root   /usr/share/nginx/html;
        index  index.html index.htm;
    }

    error_page   500 502 503 504  /50x.html;
    location = /50x.html {
        root   /usr/share/nginx/html;
    }
}
"""


def _release(name: str, id: str, version: str, pretty: str) -> str:
    return f'PRETTY_NAME="{pretty}"\nNAME="{name}"\nVERSION_ID="{version}"\nID={id}\n'


_RELEASES = {
    "debian": _release("Debian GNU/Linux", "debian", "12", "Debian GNU/Linux 12 (bookworm)"),
    "alpine": _release("Alpine Linux", "alpine", "3.20.0", "Alpine Linux v3.20"),
    "oracle": _release("Oracle Linux Server", "ol", "9.4", "Oracle Linux Server 9.4"),
}
_FILES: dict[str, dict[str, str]] = {
    "nginx": {
        "usr/share/nginx/html/index.html": _WELCOME,
        "usr/share/nginx/html/50x.html": _ERROR,
        "etc/nginx/nginx.conf": _NGINX,
        "etc/nginx/conf.d/default.conf": _SITE,
        "etc/nginx/mime.types": "types {\n    text/html  html htm;\n    text/css  css;\n}\n",
    },
    "httpd": {
        "usr/local/apache2/htdocs/index.html": "<html><body><h1>It works!</h1></body></html>\n",
        "usr/local/apache2/conf/httpd.conf": 'Listen 80\nDocumentRoot "htdocs"\n',
    },
    "postgres": {
        "usr/share/postgresql/postgresql.conf.sample": "#listen_addresses = 'localhost'\n",
    },
}
_LINKS = {
    "nginx": {
        "var/log/nginx/access.log": "/dev/stdout",
        "var/log/nginx/error.log": "/dev/stderr",
    },
}
_FOLDERS = {
    "redis": {"data": 999},
    "postgres": {"var/lib/postgresql/data": 999, "docker-entrypoint-initdb.d": 0},
    "mysql": {"var/lib/mysql": 999, "docker-entrypoint-initdb.d": 0},
    "mariadb": {"var/lib/mysql": 999, "docker-entrypoint-initdb.d": 0},
    "mongo": {"data/db": 999},
    "nginx": {"var/cache/nginx": 0, "docker-entrypoint.d": 0},
}


# Folders of the base images, beside those that every runtime makes.
_BASE = {
    "busybox": "lib lib64",
    "alpine": "lib media mnt opt run sbin srv",
    "debian": "boot lib lib64 media mnt opt run sbin srv",
    "oracle": "boot lib lib64 media mnt opt run sbin srv",
}


def files_of(name: str, family: str) -> Files:
    """The files of an image by its short `name`, built on a `family` of base images.

    >>> "usr/share/nginx/html/index.html" in files_of("nginx", "debian")
    True
    """
    texts = dict(_FILES.get(name, {}))
    if family in _RELEASES:
        texts["etc/os-release"] = _RELEASES[family]
    found: Files = {path: File(text.encode()) for path, text in texts.items()}
    for path, target in _LINKS.get(name, {}).items():
        found[path] = File(kind="link", mode=0o777, target=target)
    for path, owner in _FOLDERS.get(name, {}).items():
        found[path] = File(kind="folder", mode=0o755, uid=owner, gid=owner)
    found |= dict.fromkeys(_BASE.get(family, "").split(), FOLDER)
    for path in list(found):
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            found.setdefault("/".join(parts[:depth]), FOLDER)
    return found
