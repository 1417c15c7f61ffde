"""What a command says of the objects that it has changed: a line for each, or the objects whole.

Source: cli-runtime `pkg/genericclioptions/print_flags.go` (`PrintFlags.ToPrinter`).
"""

from __future__ import annotations

from course_lib.kubectl.dry_run import DryRun
from course_lib.kubectl.invocation import Invocation
from course_lib.kubectl.printers.choice import Printer, printer_of
from course_lib.kubectl.printers.documents import NamePrinter
from course_lib.objects.manifests import Document

OUTPUT_FLAGS = frozenset(
    {"allow-missing-template-keys", "output", "show-managed-fields", "template"}
)


class ChangePrinter:
    """Tells what a `call` did to objects, as `--output` and `--template` want it.

    `operation` is what is done to them, in a word such as `created`; `dry_run` says how far.
    Raises `CommandError` for a format that there is not, before anything is done.
    """

    def __init__(
        self, call: Invocation, operation: str = "", dry_run: DryRun = DryRun.NONE
    ) -> None:
        self._call, self._dry_run = call, dry_run
        self._printer = self._made(operation)

    def print(self, document: Document) -> None:
        """Tell of one object."""
        self._printer.print(document, self._call.out)

    def print_as(self, operation: str, document: Document) -> None:
        """Tell of one object, to which this `operation` was done."""
        self._made(operation).print(document, self._call.out)

    def _made(self, operation: str) -> Printer:
        flags, operation = self._call.flags, operation + self._dry_run.value
        if "output" not in flags.values:
            return NamePrinter(operation)
        return printer_of(
            flags.text("output"),
            operation=operation,
            template=flags.text("template"),
            managed_fields=flags.on("show-managed-fields"),
            missing_keys=flags.on("allow-missing-template-keys"),
        )
