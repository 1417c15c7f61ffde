"""Structural schemas of custom resources: what they say, and what they do to documents.

`schema` has the words of a schema, `structural` the rules that a schema itself follows, `values`
defaults and pruning, `validation` the checks of a document.
"""
