"""Nodes that are taken out of service: cordoned, and their Pods evicted.

Source: kubectl `pkg/drain`.
"""
