"""ipset: sets of addresses and ports that one rule can ask for, however large they are.

Looking into a set costs the same for ten members as for ten thousand. Source: ipset(8).
"""

from __future__ import annotations

from collections.abc import Iterable

from course_lib.errors import CourseError
from course_lib.network.chains import Look
from course_lib.network.routes import block_of, number_of, within

TYPES = (
    "hash:ip",
    "hash:net",
    "hash:ip,port",
    "hash:ip,port,ip",
    "hash:ip,port,net",
    "bitmap:port",
)


class Sets:
    """The sets of one network namespace.

    >>> sets = Sets()
    >>> sets.restore("create pods hash:ip\\nadd pods 10.244.0.2")
    >>> print(sets.save())
    create pods hash:ip
    add pods 10.244.0.2
    """

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        self.members: dict[str, dict[str, None]] = {}
        self._blocks: dict[str, dict[tuple[int, int], dict[int, None]]] = {}

    def restore(self, text: str) -> None:
        """Make sets with members (`ipset restore`); raises `CourseError` for an unknown line."""
        for line in text.splitlines():
            match line.split():
                case ["create", name, kind, *_] if kind in TYPES:
                    self.create(name, kind, ())
                case ["add", name, member] if name in self.types:
                    self._add(name, member)
                case ["destroy", name]:
                    self.types.pop(name, None)
                    self.members.pop(name, None)
                case []:
                    pass
                case _:
                    raise CourseError(
                        "ipset does not understand this line",
                        found=line,
                        expected=f"create NAME TYPE ({', '.join(TYPES)}), add NAME MEMBER, destroy",
                    )

    def create(self, name: str, kind: str, members: Iterable[str]) -> None:
        """A set called `name` with just these `members`; `kind` is such as `hash:ip,port`."""
        self.types[name], self.members[name], self._blocks[name] = kind, {}, {}
        for member in members:
            self._add(name, member)

    def _add(self, name: str, member: str) -> None:
        self.members[name][member] = None
        if self.types[name] == "hash:net":
            first, prefix, bits = block_of(member)
            self._blocks[name].setdefault((bits, bits - prefix), {})[first] = None

    def save(self) -> str:
        """All sets, in the form of `ipset save`."""
        lines = []
        for name, kind in self.types.items():
            range_ = " range 0-65535" if kind == "bitmap:port" else ""
            lines.append(f"create {name} {kind}{range_}")
            lines += [f"add {name} {member}" for member in self.members[name]]
        return "\n".join(lines)

    def matches(self, name: str, sides: list[str], look: Look) -> bool:
        """Whether the set `name` has the addresses and ports that `look` shows on these `sides`.

        Raises `CourseError` for a set that is not there.
        """
        if name not in self.types:
            raise CourseError("there is no such set", found=name, expected=", ".join(self.types))
        kind = self.types[name]
        address = look.source if sides[0] == "src" else look.destination
        if kind == "hash:net":
            value, bits = number_of(address)
            return any(
                bits == size and value >> shift << shift in blocks
                for (size, shift), blocks in self._blocks[name].items()
            )
        if kind == "hash:ip":
            return address in self.members[name]
        port = look.source_port if sides[-1] == "src" else look.destination_port
        if kind == "bitmap:port":
            return str(port) in self.members[name]
        port = look.source_port if sides[1] == "src" else look.destination_port
        member = f"{address},{look.protocol}:{port}"
        if kind == "hash:ip,port,net":
            other = look.source if sides[2] == "src" else look.destination
            blocks = (m[len(member) + 1 :] for m in self.members[name] if m.startswith(member))
            return any(within(other, block) for block in blocks)
        if kind == "hash:ip,port,ip":
            member += f",{look.source if sides[2] == 'src' else look.destination}"
        return member in self.members[name]
