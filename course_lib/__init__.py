"""A Kubernetes cluster that runs inside a notebook."""
