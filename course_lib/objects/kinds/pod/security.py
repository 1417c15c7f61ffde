"""As whom the programs of a Pod run, and what of the kernel they may use (`core/v1`)."""

from __future__ import annotations

from course_lib.objects.meta import Value


class SecurityContext(Value, frozen=True):
    """As whom the program of one container runs; it holds before the Pod's."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    read_only_root_filesystem: bool = False


class Sysctl(Value, frozen=True):
    """A setting of the kernel."""

    name: str = ""
    value: str = ""


class PodSecurityContext(Value, frozen=True):
    """As whom the programs of a Pod run, unless their containers say otherwise."""

    run_as_user: int | None = None
    run_as_group: int | None = None
    run_as_non_root: bool | None = None
    fs_group: int | None = None
    supplemental_groups: list[int] | None = None
    sysctls: list[Sysctl] | None = None
