# Two commands: `make lab` opens the course, `make test` checks it. start.py has their steps, for
# those who have no make.
PYTHON ?= python3
BIN    := .venv/bin

.PHONY: lab test test-long test-start test-peers test-browser site test-site book bench api venv lint types unit notebooks-check notebooks proto lock clean

lab test venv lint types unit notebooks-check:
	@$(PYTHON) start.py $@

# The unit tests that take long: all double failures, thousands of drawn manifests, installations.
test-long: venv
	$(BIN)/pytest -q -n auto -m long --ignore=tests/peers --ignore=tests/browser --ignore=tests/site tests

# start.py on a copy of the course: a path with spaces, nothing on the PATH, a new environment.
test-start: venv
	$(BIN)/pytest -q tests/start_for_real.py

# What needs a real peer: kube-scheduler's and kube-proxy's own code, kubectl, etcd, crictl and
# critest, built with Go in the one module tests/peers/go.mod; a real containerd (Debian:
# containerd, runc, busybox-static), started as root; the kernel's network (Debian: iproute2,
# iptables, nftables, ipset, ipvsadm, procps), as root. What cannot be had is skipped, with the
# reason; with CI=true it is a failure.
# A whole control plane is built first (some 15 minutes on two cores when Go's caches are cold; it
# stays in build/peers); last comes the table of how near the course is to its stored answers.
test-peers: venv
	$(BIN)/python -m tests.peers.plane.building
	$(BIN)/pytest -q -rs tests/peers
	$(BIN)/python -m tests.oracles.plane

# A real browser (Debian: chromium) on a real JupyterLab; screenshots go to build/browser.
test-browser: venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    playwright==1.65.2 axe-playwright-python==0.1.8
	$(BIN)/pytest -q -rs tests/browser

# The course as a static site in build/site; needs Node.js (npm, node).
site: venv         ## the course in a browser tab, without a server
	$(BIN)/python -m docs.site

# The course to read: pages in build/book, and a PDF where there is Chromium. `make site` has it, too.
book: venv
	$(BIN)/python -m docs.book

# The site in a real browser, without a network but the test's own server.
test-site: site
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    playwright==1.65.2 axe-playwright-python==0.1.8
	$(BIN)/pytest -q -rs tests/site

bench: venv        ## figures: lines and imports; Pods placed, requests, packets; whole clusters
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps edgerun-skippy-core==0.1.1
	$(BIN)/python -m tests.structure
	$(BIN)/python -m tests.bench.scheduling
	$(BIN)/python -m tests.bench.raft
	$(BIN)/python -m tests.bench.network
	$(BIN)/python -m tests.bench.widgets
	$(BIN)/python -m tests.bench.cluster $(if $(FULL),--full)  # FULL=1: 5,000 nodes and 150,000 Pods

api: venv          ## the API reference, from the docstrings, in build/api
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
	    pdoc==16.0.0 markdown2==2.5.5
	$(BIN)/python -m tests.api

notebooks: venv    ## run every notebook again and store its outputs
	$(BIN)/python tests/execute_notebooks.py

proto: venv        ## compile the CRI's proto file
	$(BIN)/python -m grpc_tools.protoc -I course_lib/cri --descriptor_set_out=course_lib/cri/runtime_v1.binpb runtime_v1.proto
	$(BIN)/python -m tests.cri.stub

lock: venv         ## resolve requirements.lock again from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-annotate --no-emit-index-url --no-emit-find-links --extra all --extra dev pyproject.toml -o requirements.lock --upgrade

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
