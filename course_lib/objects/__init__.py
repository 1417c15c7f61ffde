"""Kubernetes objects: real manifests, read, checked, and seen through typed views.

`kinds` has one file for each kind, `manifests` reads YAML, `decode` gives the typed view,
`validate` says what the API server would refuse; `quantity` and `selectors` are the two small
languages inside manifests.
"""
