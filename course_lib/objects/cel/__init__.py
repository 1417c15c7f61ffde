"""Expressions in CEL: read, and held against the types of a schema.

`syntax` reads them, `checking` finds what has a wrong type. Nothing evaluates them: a rule that is
valid is kept, and not acted on. Source: the grammar of https://github.com/google/cel-spec.
"""
