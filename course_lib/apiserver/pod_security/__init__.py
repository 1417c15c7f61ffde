"""Pod Security: what Pods may ask of their node, by labels of their namespace.

`levels` reads the labels, `checks` holds a Pod against a level, `plugin` refuses and warns.
Source: kubernetes.io "Pod Security Standards"; `k8s.io/pod-security-admission`.
"""
