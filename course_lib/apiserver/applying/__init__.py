"""Server-side apply: who manages which field, and what an apply changes.

Source: kubernetes.io "Server-Side Apply"; sigs.k8s.io/structured-merge-diff; apimachinery
`pkg/util/managedfields`.
"""
