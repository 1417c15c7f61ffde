"""The system as a program sees it: env, id, hostname, date, uname, df, free, mount.

Source: POSIX.1-2017, Utilities; BusyBox 1.36 and GNU coreutils 9.1 (Debian 12).
"""

from __future__ import annotations

from datetime import UTC, datetime

from course_lib.runtimes.kernel import Running
from course_lib.runtimes.tools.names import names_in
from course_lib.runtimes.tools.tool import Options, Tool, ToolFault
from course_lib.runtimes.world import World

DISK = 100 * 2**20  # KiB of a node's disk, as `df` counts
KERNEL = "6.1.0"
_USED = DISK // 10


def _printenv(world: World, arguments: list[str]) -> int:
    names = Options(arguments, "0").operands
    if not names:
        return world.say("".join(f"{name}={value}\n" for name, value in world.env.items()))
    missing = 0
    for name in names:
        if name in world.env:
            world.say(f"{world.env[name]}\n")
        else:
            missing = 1
    return missing


def _env(world: World, arguments: list[str]) -> int | Running:
    """`env`, and `env NAME=VALUE COMMAND`."""
    options = Options(arguments, "i0", "u", {"ignore-environment": "i"}, mixed=False)
    env = {} if "i" in options else dict(world.env)
    for name in options.given.get("u", []):
        env.pop(name, None)
    rest = options.operands
    while rest and "=" in rest[0]:
        name, _, value = rest.pop(0).partition("=")
        env[name] = value
    if not rest:
        return world.say("".join(f"{name}={value}\n" for name, value in env.items()))
    world.env = env
    if world.known and not world.where(rest[0]):
        quoted = f"can't execute '{rest[0]}'" if world.busybox else f"'{rest[0]}'"
        raise ToolFault(f"{quoted}: No such file or directory", 127)
    running = world.launch(rest, world)
    if running is None:
        raise ToolFault(f"{rest[0]}: the course does not simulate this program", 126)
    return running


def _id(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "ugGnr")
    groups = list(dict.fromkeys([world.gid, *world.groups]))
    users, named = names_in(world.find("/etc/passwd")), names_in(world.find("/etc/group"))
    uid, gid, user = world.uid, world.gid, world.user
    if options.operands:
        user = options.operands[0]
        known = {name: number for number, name in users.items()}
        if user not in known:
            said = f"unknown user {user}" if world.busybox else f"'{user}': no such user"
            raise ToolFault(said)
        uid = gid = known[user]
        groups = [gid]
    name = "n" in options
    if "u" in options:
        return world.say(f"{user if name else uid}\n")
    if "g" in options:
        return world.say(f"{named.get(gid, str(gid)) if name else gid}\n")
    if "G" in options:
        shown = [named.get(g, str(g)) if name else str(g) for g in groups]
        return world.say(" ".join(shown) + "\n")

    def shown_as(number: int, names: dict[int, str]) -> str:
        return f"{number}({names[number]})" if number in names else str(number)

    listed = ",".join(shown_as(group, named) for group in groups)
    who = f"uid={shown_as(uid, users)} gid={shown_as(gid, named)}"
    return world.say(f"{who} groups={listed}\n")


def _whoami(world: World, arguments: list[str]) -> int:
    users = names_in(world.find("/etc/passwd"))
    if users and world.uid not in users:
        said = f"unknown uid {world.uid}" if world.busybox else (
            f"cannot find name for user ID {world.uid}")  # fmt: skip
        raise ToolFault(said)
    return world.say(f"{world.user}\n")


def _hostname(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "fsidI")
    if "i" in options or "I" in options:
        found = [a for i in world.network.interfaces()[1:] for a in i.addresses if ":" not in a]
        return world.say(" ".join(a.split("/")[0] for a in found) + "\n")
    if options.operands:
        said = "sethostname" if world.busybox else "you must be root to change the host name"
        raise ToolFault(f"{said}: Operation not permitted" if world.busybox else said)
    return world.say(f"{world.hostname}\n")


def _date(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "uRI", "d", {"utc": "u"})
    nanoseconds = world.clock()
    now = datetime.fromtimestamp(nanoseconds // 10**9, UTC)
    if "d" in options:
        text = options.value("d")
        if not text.startswith("@") or not text[1:].isdecimal():
            raise ToolFault(f"invalid date '{text}'")
        now, nanoseconds = datetime.fromtimestamp(int(text[1:]), UTC), int(text[1:]) * 10**9
    if "R" in options:
        return world.say(f"{now:%a, %d %b %Y %H:%M:%S} +0000\n")
    if "I" in options:
        return world.say(f"{now:%Y-%m-%d}\n")
    form = next((o[1:] for o in options.operands if o.startswith("+")), "")
    if not form:
        return world.say(f"{now:%a %b} {now.day:>2} {now:%H:%M:%S} UTC {now.year}\n")
    form = form.replace("%s", str(nanoseconds // 10**9))
    form = form.replace("%N", f"{nanoseconds % 10**9:09d}")
    return world.say(f"{now.strftime(form)}\n")


def _uname(world: World, arguments: list[str]) -> int:
    options = Options(arguments, "asnrvmpio")
    system = "Linux" if world.busybox else "GNU/Linux"
    parts = {"s": "Linux", "n": world.hostname, "r": KERNEL, "v": "#1 SMP", "m": "x86_64",
             "o": system}  # fmt: skip
    wanted = "snrvmo" if "a" in options else "".join(o for o in parts if o in options) or "s"
    return world.say(" ".join(parts[letter] for letter in wanted) + "\n")


def _df(world: World, arguments: list[str]) -> int:
    """The container's layer, its folders in memory, and its volumes."""
    options = Options(arguments, "hkmTPai")
    rows = [("overlay", DISK, _USED, "/"), ("tmpfs", 65536, 0, "/dev")]
    rows += [("/dev/vda1", DISK, _USED, mount.container_path) for mount in world.mounts]
    if options.operands:
        name = options.operands[0]
        if world.find(name) is None:
            why = "can't find mount point" if world.busybox else "No such file or directory"
            raise ToolFault(f"{name}: {why}")
        mount = world.mounted(name)
        rows = [row for row in rows if row[3] == (mount.container_path if mount else "/")]
    human = "h" in options
    unit = "Size" if human else "1K-blocks"
    free = "Available" if world.busybox or not human else "Avail"
    lines = [f"{'Filesystem':<20} {unit:>9} {'Used':>9} {free:>9} Use% Mounted on"]
    for source, size, used, place in rows:
        amounts = [_human(n) if human else str(n) for n in (size, used, size - used)]
        share = f"{100 * used // size}%"
        columns = " ".join(f"{amount:>9}" for amount in amounts)
        lines.append(f"{source:<20} {columns} {share:>4} {place}")
    return world.say("\n".join(lines) + "\n")


def _human(kibibytes: int) -> str:
    value, unit = float(kibibytes), "K"
    for larger in "MGT":
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.1f}{unit}"


def _free(world: World, arguments: list[str]) -> int:
    """The machine's memory: a container's limit is not seen here."""
    options = Options(arguments, "bkmgh")
    divisor = (
        1 if "b" in options else 2**20 if "m" in options else 2**30 if "g" in options else 1024
    )
    total = world.memory // divisor
    used = total // 4
    heads = ("total", "used", "free", "shared", "buff/cache", "available")
    numbers = (total, used, total // 2, 0, total // 4, total - used)
    shown = [_human(n * divisor // 1024) if "h" in options else str(n) for n in numbers]
    lines = [" " * 7 + " ".join(f"{head:>11}" for head in heads)]
    lines.append("Mem:   " + " ".join(f"{number:>11}" for number in shown))
    lines.append("Swap:  " + " ".join(f"{0:>11}" for _ in range(3)))
    return world.say("\n".join(lines) + "\n")


def _mount(world: World, arguments: list[str]) -> int:
    if arguments:
        what = "permission denied (are you root?)" if world.busybox else "permission denied."
        raise ToolFault(what, 1 if world.busybox else 32)
    mode = "ro" if world.read_only else "rw"
    lines = [
        f"overlay on / type overlay ({mode},relatime)",
        "proc on /proc type proc (rw,nosuid,nodev,noexec,relatime)",
        "tmpfs on /dev type tmpfs (rw,nosuid,size=65536k,mode=755)",
        "sysfs on /sys type sysfs (ro,nosuid,nodev,noexec,relatime)",
    ]
    for each in world.mounts:
        flags = "ro" if each.read_only else "rw"
        lines.append(f"/dev/vda1 on {each.container_path} type ext4 ({flags},relatime)")
    return world.say("\n".join(lines) + "\n")


def _uptime(world: World, arguments: list[str]) -> int:
    now = datetime.fromtimestamp(world.clock() // 10**9, UTC)
    minutes = int(world.kernel.now // 60)
    return world.say(
        f" {now:%H:%M:%S} up {minutes} min,  0 users,  load average: 0.00, 0.00, 0.00\n"
    )


def _which(world: World, arguments: list[str]) -> int:
    code = 0
    for name in Options(arguments, "a").operands:
        if path := world.where(name):
            world.say(f"{path}\n")
        else:
            code = 1
    return code


def _nproc(world: World, arguments: list[str]) -> int:
    return world.say(f"{max(1, int(world.cores))}\n")


def _tty(world: World, arguments: list[str]) -> int:
    return world.say("/dev/pts/0\n") if world.tty else world.say("not a tty\n") or 1


def _groups(world: World, arguments: list[str]) -> int:
    return _id(world, ["-Gn"])


def _nothing(world: World, arguments: list[str]) -> int:
    return 0


SYSTEM_TOOLS: dict[str, Tool] = {
    "printenv": _printenv,
    "env": _env,
    "id": _id,
    "groups": _groups,
    "whoami": _whoami,
    "hostname": _hostname,
    "date": _date,
    "uname": _uname,
    "arch": lambda world, arguments: world.say("x86_64\n"),
    "nproc": _nproc,
    "df": _df,
    "free": _free,
    "mount": _mount,
    "uptime": _uptime,
    "which": _which,
    "tty": _tty,
    "sync": _nothing,
    "stty": _nothing,
}
