"""`kubectl describe`: each kind has its own description; other kinds show all of their fields.

`kinds` has the table of kinds; `writing` and `values` are the vocabulary that all of them share.
"""
