"""iptables: rules as `iptables-save` prints them, read and obeyed.

`IPTables.restore` takes the same text as `iptables-restore --noflush`; what a rule means is read
from its words, so that the very text can be loaded into a kernel. The tables `filter` and `nat`
are here, with the matches and targets that kube-proxy and the network plugins write.
Source: iptables(8), iptables-extensions(8).
"""

from __future__ import annotations

from collections.abc import Callable

from course_lib.errors import CourseError
from course_lib.network.chains import ACCEPT, PRIORITIES, BaseChain, Chain, Rule
from course_lib.network.ipset import Sets
from course_lib.network.iptables_words import RuleContext, read_rule

BUILT_IN = {
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
}


class IPTables:
    """The rules of one namespace and family.

    >>> rules = IPTables()
    >>> rules.restore('''*filter
    ... :KUBE-FORWARD - [0:0]
    ... -A FORWARD -j KUBE-FORWARD
    ... -A KUBE-FORWARD -d 10.244.0.0/16 -j ACCEPT
    ... COMMIT''')
    >>> print(rules.save("filter"))
    *filter
    :INPUT ACCEPT [0:0]
    :FORWARD ACCEPT [0:0]
    :OUTPUT ACCEPT [0:0]
    :KUBE-FORWARD - [0:0]
    -A FORWARD -j KUBE-FORWARD
    -A KUBE-FORWARD -d 10.244.0.0/16 -j ACCEPT
    COMMIT
    """

    def __init__(self, sets: Sets | None = None, six: bool = False) -> None:
        self.six = six
        self.sets = sets if sets is not None else Sets()
        self.recent: dict[str, dict[str, float]] = {}  # `-m recent`: list to address to time
        self.refresh: Callable[[], None] = _nothing  # writes rules that are due
        self._tables: dict[str, dict[str, WrittenChain]] = {
            table: {name: WrittenChain(name, self, table, ACCEPT) for name in names}
            for table, names in BUILT_IN.items()
        }

    @property
    def tables(self) -> dict[str, dict[str, WrittenChain]]:
        """The chains of each table by name, as they are by now."""
        self.refresh()
        return self._tables

    def restore(self, text: str) -> None:
        """Load rules: chains that the text declares are emptied first, all others stay.

        With a wrong line, nothing is loaded: `CourseError` says which.
        """
        tables = self.tables
        changes = _Changes(tables)
        for number, line in enumerate(text.splitlines(), 1):
            if line and line[0] != "#" and line != "COMMIT":
                changes.read(number, line)
        for table, chains in changes.written.items():
            for name, lines in chains.items():
                chain = tables[table].get(name)
                if chain is None:
                    chain = tables[table][name] = WrittenChain(name, self, table)
                policy = changes.policies.get((table, name), "-")
                if policy != "-":
                    chain.policy = policy
                chain.write(lines)
        for table, name in changes.deleted:
            tables[table].pop(name, None)

    def save(self, table: str = "") -> str:
        """All rules, as `iptables-save` prints them; or those of one table."""
        lines = []
        for name, chains in self.tables.items():
            if table in ("", name):
                built_in = BUILT_IN[name]
                order = [*built_in, *sorted(set(chains) - set(built_in))]
                lines.append(f"*{name}")
                lines += [f":{c} {chains[c].policy or '-'} [0:0]" for c in order]
                lines += [line for c in order for line in chains[c].lines]
                lines.append("COMMIT")
        return "\n".join(lines)

    def base_chains(self) -> list[BaseChain]:
        """The built-in chains, at their hooks."""
        found = []
        for table, names in BUILT_IN.items():
            for name in names:
                side = "srcnat" if name in ("POSTROUTING", "INPUT") else "dstnat"
                priority = PRIORITIES["filter" if table == "filter" else side]
                chain = self.tables[table][name]
                found.append(BaseChain(name, priority, table, chain, self.six))
        return found

    def __len__(self) -> int:
        """How many rules there are."""
        return sum(len(chain.lines) for chains in self.tables.values() for chain in chains.values())


def _nothing() -> None:
    pass


class WrittenChain(Chain):
    """A chain whose rules are text; they are read when the first packet comes.

    `name` is the chain's in its `table`, `of` the rules that it belongs to, `policy` what happens
    at its end.
    """

    def __init__(self, name: str, of: IPTables, table: str, policy: str = "") -> None:
        super().__init__(name, policy)
        self.of, self.table = of, table
        self.lines: list[str] = []
        self._read = True

    def write(self, lines: list[str]) -> None:
        """The chain has these rules now."""
        if lines != self.lines:
            self.lines, self._read, self._for = lines, False, None

    @property
    def rules(self) -> list[Rule]:
        """The rules in order."""
        if not self._read:
            of = RuleContext(self.of.tables[self.table], self.of.sets, self.of.recent)
            self._rules = [read_rule(line, of) for line in self.lines]
            self._read = True
        return self._rules


class _Changes:
    """What a text for `iptables-restore` changes, read line by line."""

    def __init__(self, existing: dict[str, dict[str, WrittenChain]]) -> None:
        self.existing = existing
        self.written: dict[str, dict[str, list[str]]] = {}  # table to chain to its rules
        self.policies: dict[tuple[str, str], str] = {}
        self.deleted: list[tuple[str, str]] = []
        self._table = ""

    def read(self, number: int, line: str) -> None:
        """One line; raises `CourseError` for one that is not understood."""
        if line[0] == "*":
            self._table = line[1:]
            if self._table not in self.existing:
                raise _wrong(number, line, f"a table: {', '.join(self.existing)}")
        elif line[0] == ":":
            self._declare(line)
        elif line.startswith(("-A ", "-I ")):
            first, name, rest = line.split(" ", 2)
            rules = self._rules(name)
            if rules is None:
                raise _wrong(number, line, f"a chain of table {self._table}")
            if first == "-A":
                rules.append(line)
            else:
                rules.insert(0, f"-A {name} {rest}")
        elif line.startswith("-X "):
            self.deleted.append((self._table, line[3:]))
        else:
            raise _wrong(number, line, "*table, :CHAIN, -A, -I, -X or COMMIT")

    def _declare(self, line: str) -> None:
        """`:CHAIN POLICY`: the chain is emptied."""
        table = self._table
        name, policy = line[1:].split(" ")[:2]
        if name not in BUILT_IN[table] or (table, name) not in self.policies:
            self.written.setdefault(table, {})[name] = []
        self.policies[table, name] = policy

    def _rules(self, name: str) -> list[str] | None:
        """The rules of a chain as the text leaves them; None where there is no such chain."""
        chains = self.written.setdefault(self._table, {})
        if name not in chains:
            existing = self.existing[self._table].get(name)
            if existing is None:
                return None
            chains[name] = list(existing.lines)
        return chains[name]


def _wrong(number: int, line: str, expected: str) -> CourseError:
    return CourseError(
        "iptables-restore does not understand this line",
        where=f"line {number}",
        found=line,
        expected=expected,
    )
