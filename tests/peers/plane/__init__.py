"""A complete real control plane on loopback, as a peer: built, started, asked, ended."""
