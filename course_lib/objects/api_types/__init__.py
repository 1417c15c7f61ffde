"""The types of the release's API: which fields there are, of which types, and which are left out.

`release.txt` has the facts, one line a field (`python -m tests.peers.api_types_peer` writes it).
`table` reads it, `reading` reads documents by it as the API server's decoder does, `leaves` reads
single values, and `faults` says what the decoder says of a document that does not fit. `memory.txt`
has the structs that the API server has in memory, and `memory` shows values as its messages do.
"""
