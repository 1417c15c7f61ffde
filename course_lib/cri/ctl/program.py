"""The commands of `crictl`, their help, and how they end.

Source: cri-tools 1.37, `main.go`; urfave/cli 2.27 (`template.go`). The descriptions are our own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from course_lib.command_line import Result, Terminal
from course_lib.cri.ctl import changes, images, inspection, lists, statistics, streams
from course_lib.cri.ctl.node import HelpAsked, RuntimeHost, TypedCommand
from course_lib.cri.ctl.options import Option, OptionError, read
from course_lib.cri.ctl.screen import CrictlError, Ended, log

HELP = Option("help", "h", "bool", usage="show help")
NO_TOPIC = 3  # the exit code for a command that there is not
GLOBAL = (
    Option("config", "c", "string", "/etc/crictl.yaml", usage="The configuration's file"),
    Option("runtime-endpoint", "r", usage="The runtime's socket; here it is the node's"),
    Option("image-endpoint", "i", usage="The socket for images; here it is the node's"),
    Option("timeout", "t", "duration", 2.0, usage="Time to connect"),
    Option("debug", "D", "bool", usage="Log what is asked and answered"),
    Option("max-retries", "", "int", 3, usage="How often to try to connect"),
    Option("enable-tracing", "", "bool", usage="Trace the calls"),
    Option("tracing-sampling-rate-per-million", "", "int", -1, usage="How many are traced"),
    Option("tracing-endpoint", "", "string", "127.0.0.1:4317", usage="Where traces go"),
    Option("profile-cpu", usage="A file for a profile of the CPU"),
    Option("profile-mem", usage="A file for a profile of the memory"),
    HELP,
    Option("version", "v", "bool", usage="print the version"),
)


@dataclass(frozen=True)
class Verb:
    """A command: what it does, its options, and what stands after them.

    `letters`: `-aq` is `-a -q`; `names` are other names.
    """

    name: str
    usage: str
    act: Callable[[TypedCommand], None]
    options: tuple[Option, ...] = ()
    arguments: str = ""
    letters: bool = True
    names: tuple[str, ...] = ()
    description: str = ""

    def page(self, with_commands: bool = True) -> str:
        """Its help."""
        rest = f" {self.arguments}" if self.arguments else ""
        text = f"NAME:\n   crictl {self.name} - {self.usage}\n\n"
        text += f"USAGE:\n   crictl {self.name} [command options]{rest}\n\n"
        text += f"DESCRIPTION:\n   {self.description}\n\n" if self.description else ""
        if with_commands:
            about = "Shows a list of commands or help for one command"
            text += f"COMMANDS:\n   help, h  {about}\n\n"
        return f"{text}OPTIONS:\n{_listed([*sorted(self.options, key=_name), HELP])}"


def _name(option: Option) -> str:
    return option.name


def _listed(options: Sequence[Option]) -> str:
    width = max(len(option.head()) for option in options)
    return "".join(f"   {each.head().ljust(width)}  {each.tail()}\n" for each in options)


def _refused(name: str, usage: str, *names: str) -> Verb:
    def refuse(typed: TypedCommand) -> None:
        raise CrictlError(f"crictl {name} is not simulated by the course")

    return Verb(name, usage, refuse, arguments="[arguments...]", names=names)


CONTAINER_IDS, POD_IDS = "CONTAINER-ID [CONTAINER-ID...]", "POD-ID [POD-ID...]"
VERBS = (
    _refused("attach", "Attach to a container"),
    _refused("checkpoint", "Write a checkpoint of a container"),
    _refused("completion", "A script for a shell"),
    _refused("config", "The configuration of crictl"),
    _refused("create", "Make a container"),
    _refused("events", "Events of containers", "event"),
    Verb("exec", "Run a command in a container", streams.exec_in, streams.EXEC_OPTIONS,
         "[CONTAINER-ID] COMMAND [ARG...]",
         description="Options that choose containers replace the CONTAINER-ID."),
    Verb("imagefsinfo", "Use of the disk", inspection.imagefsinfo, inspection.FS_OPTIONS),
    Verb("images", "List images", images.list_images, images.LIST_OPTIONS, "[REPOSITORY[:TAG]]",
         names=("image", "img")),
    Verb("info", "State of the runtime", inspection.info, inspection.INFO_OPTIONS),
    Verb("inspect", "Status of containers", inspection.inspect, inspection.INSPECT_OPTIONS,
         CONTAINER_IDS, letters=False),
    Verb("inspecti", "Status of images", inspection.inspecti, inspection.INSPECTI_OPTIONS,
         "IMAGE-ID [IMAGE-ID...]"),
    Verb("inspectp", "Status of Pods", inspection.inspectp, inspection.INSPECTP_OPTIONS, POD_IDS),
    Verb("logs", "What a container has said", streams.logs, streams.LOGS_OPTIONS, "CONTAINER-ID"),
    _refused("metricdescs", "Descriptions of metrics"),
    _refused("metricsp", "Metrics of Pods"),
    Verb("pods", "List Pods", lists.pods, lists.PODS_OPTIONS),
    _refused("port-forward", "Forward a port to a Pod"),
    Verb("ps", "List containers", lists.ps, lists.PS_OPTIONS),
    Verb("pull", "Pull an image", images.pull, images.PULL_OPTIONS, "NAME[:TAG|@DIGEST]"),
    Verb("rm", "Remove containers", changes.rm, changes.RM_OPTIONS, CONTAINER_IDS),
    Verb("rmi", "Remove images", images.rmi, images.REMOVE_OPTIONS, "IMAGE-ID [IMAGE-ID...]",
         description="All names of an image go with it."),
    Verb("rmp", "Remove Pods", changes.rmp, changes.RMP_OPTIONS, POD_IDS),
    _refused("run", "Make and start a container in a new Pod"),
    _refused("runp", "Make a Pod"),
    _refused("runtime-config", "The runtime's cgroup driver"),
    Verb("start", "Start containers", changes.start, (), CONTAINER_IDS, letters=False),
    Verb("stats", "Use of containers", statistics.stats, statistics.STATS_OPTIONS, "[ID]"),
    Verb("statsp", "Use of Pods", statistics.statsp, statistics.STATSP_OPTIONS, "[ID]"),
    Verb("stop", "Stop containers", changes.stop, changes.STOP_OPTIONS, CONTAINER_IDS),
    Verb("stopp", "Stop Pods", changes.stopp, (), POD_IDS, letters=False),
    _refused("update", "Change a container's limits"),
    _refused("update-runtime-config", "Change the runtime's network"),
    Verb("version", "Who answers", inspection.version, letters=False),
)  # fmt: skip


def run(host: RuntimeHost, words: Sequence[str]) -> Result:
    """Run `crictl` on a node with these words after its name."""
    terminal = Terminal()
    try:
        _run(host, words, terminal)
    except Ended as end:
        terminal.error(f"{end.why}\n" if end.why else "")
        return terminal.result(end.code)
    except CrictlError as trouble:
        log(terminal, "error", str(trouble), host.clock())
        return terminal.result(1)
    return terminal.result()


def _run(host: RuntimeHost, words: Sequence[str], terminal: Terminal) -> None:
    try:
        given = read(words, GLOBAL, letters=False)
    except OptionError as error:
        terminal.out(f"Incorrect Usage: {error}\n\n{_program_page()}")
        raise CrictlError(str(error)) from None
    if given.on("version"):
        terminal.out("crictl version unknown\n")
        return
    if given.on("help") or not given.args or given.args[0] in ("help", "h"):
        terminal.out(_program_page())
        return
    name, *rest = given.args
    verb = next((each for each in VERBS if name in (each.name, *each.names)), None)
    if verb is None:
        raise Ended(NO_TOPIC, f"No help topic for '{name}'")
    try:
        asked = read(rest, (*verb.options, HELP), verb.letters)
    except OptionError as error:
        terminal.out(f"Incorrect Usage: {error}\n\n{verb.page()}")
        raise CrictlError(str(error)) from None
    if asked.on("help"):
        terminal.out(verb.page(with_commands=False))
        return
    try:
        verb.act(TypedCommand(host, asked, terminal))
    except HelpAsked:
        terminal.out(verb.page())


def _program_page() -> str:
    names = {", ".join((each.name, *each.names)): each.usage for each in VERBS}
    names["help, h"] = "Shows a list of commands or help for one command"
    width = max(map(len, names))
    commands = "".join(f"   {name.ljust(width)}  {usage}\n" for name, usage in names.items())
    options = _listed([*sorted(GLOBAL[:-2], key=_name), *GLOBAL[-2:]])
    return (
        "NAME:\n   crictl - client for CRI\n\n"
        "USAGE:\n   crictl [global options] command [command options]\n\n"
        f"VERSION:\n   unknown\n\nCOMMANDS:\n{commands}\nGLOBAL OPTIONS:\n{options}"
    )
