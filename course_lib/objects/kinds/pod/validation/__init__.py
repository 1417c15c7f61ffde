"""What the API server refuses in Pods and in the templates of Pods, in its words and order.

Each module judges one idea, with the functions of upstream's `pkg/apis/core/validation`.
"""
