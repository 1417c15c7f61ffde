"""The Kubernetes release that the course is about.

`RELEASE` is the only place that names it: the versions of the API server, of the kubelets and of
the control plane's images come from here, and tests hold the peers' Go modules against it. For a
newer release, change it, fetch the modules (`go get` in `tests/peers`), and run `make test-peers`.
"""

from __future__ import annotations

RELEASE = "1.37.2"
VERSION = f"v{RELEASE}"  # as every component says it
MINOR = RELEASE.rpartition(".")[0]  # "1.37"
ETCD = "3.7.0"  # kubeadm's, `cmd/kubeadm/app/constants/constants.go`
