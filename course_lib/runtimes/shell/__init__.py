"""A small POSIX shell: its grammar, its expansions, and what it does."""
