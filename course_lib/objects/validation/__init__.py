"""What the API server refuses, in its words and in its order.

A document comes here when its types are right. `formats` says what is wrong with one text or
number, `meta` judges what all objects share; what a kind has of its own stands with the kind.
"""
