"""What filters say of nodes, and the message that sums it up (`NodeToStatus`, `Diagnosis`).

Sources: `pkg/scheduler/framework/types.go`; k8s.io/kube-scheduler `framework/interface.go`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from course_lib.scheduler.types import Bools

SUCCESS, UNSCHEDULABLE, UNRESOLVABLE = 0, 2, 3  # upstream's codes; 3: preemption cannot help

Refusal = tuple[int, Sequence[str]]  # code and reasons


class NodeToStatus(msgspec.Struct, frozen=True, eq=False):
    """A filter's answer: which nodes fit, and the status of one (by its row) that does not."""

    fits: Bools
    why: Callable[[int], Refusal]

    @classmethod
    def where(cls, fits: Bools, reason: str, code: int = UNSCHEDULABLE) -> NodeToStatus:
        """The same reason wherever it does not fit.

        `fits` is True for each node without a reason; `code` is the status of the others.
        """
        return cls(fits, lambda row: (code, (reason,)))


class Filtered(msgspec.Struct, frozen=True, eq=False):
    """The nodes that passed all filters, and what each filter said."""

    fits: Bools
    verdicts: Sequence[tuple[str, NodeToStatus]]
    pre_filter: tuple[str, str] = ("", "")  # plugin and message, where no node will do
    among: Bools | None = None  # the only nodes that PreFilter leaves to look at

    def refusals(self) -> Iterator[tuple[int, str, int, Sequence[str]]]:
        """Row, plugin, code and reasons for each refused node, of the first to refuse it."""
        for row in np.flatnonzero(~self.fits).tolist():
            for name, verdict in self.verdicts:
                if not verdict.fits[row]:
                    yield row, name, *verdict.why(row)
                    break


class Diagnosis(msgspec.Struct, eq=False):
    """Why the nodes failed: for each node its code and reasons, and the plugins that said no."""

    codes: NDArray[np.int8]
    reasons: dict[int, Sequence[str]]
    counts: Counter[str]  # of the nodes that gave each reason
    plugins: dict[str, None]
    pre_filter_message: str = ""
    post_filter_message: str = ""

    @classmethod
    def of(cls, filtered: Filtered) -> Diagnosis:
        """Read off the filters' answers."""
        diagnosis = cls(np.zeros(len(filtered.fits), dtype=np.int8), {}, Counter(), {})
        name, message = filtered.pre_filter
        if message:
            diagnosis.codes[:] = UNRESOLVABLE
            diagnosis.plugins[name] = None
            diagnosis.pre_filter_message = message
        else:
            for row, plugin, code, reasons in filtered.refusals():
                diagnosis.codes[row], diagnosis.reasons[row] = code, reasons
                diagnosis.counts.update(reasons)
                diagnosis.plugins[plugin] = None
        return diagnosis

    @classmethod
    def of_one(cls, plugin: str, reason: str) -> Diagnosis:
        """The chosen node alone was refused, by a Reserve or Permit plugin."""
        codes = np.full(1, UNSCHEDULABLE, dtype=np.int8)
        return cls(codes, {0: (reason,)}, Counter([reason]), {plugin: None})

    def message(self) -> str:
        """What `FailedScheduling` says (`FitError.Error`)."""
        text = f"0/{len(self.codes)} nodes are available:"
        if self.pre_filter_message:
            text += f" {self.pre_filter_message}."
        elif self.reasons:
            text += f" {listed(self.counts)}."
        return f"{text} {self.post_filter_message}".rstrip()


def listed(counts: Mapping[str, int]) -> str:
    """Reasons with the number of nodes that gave each, in the order of the text."""
    return ", ".join(sorted(f"{count} {reason}" for reason, count in counts.items()))
