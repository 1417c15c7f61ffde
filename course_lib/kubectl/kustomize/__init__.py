"""kustomize: manifests that are made of others, by a `kustomization.yaml`.

Source: kubernetes.io "Declarative Management of Kubernetes Objects Using Kustomize"; the module
`sigs.k8s.io/kustomize/api` 0.21.
"""

from course_lib.kubectl.kustomize.building import build

__all__ = ["build"]
