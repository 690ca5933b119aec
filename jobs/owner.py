"""Which process runs a run, in a way that a reused process number does not fool."""

import os
import signal
import socket
from dataclasses import dataclass
from typing import Any

import psutil


@dataclass(frozen=True, slots=True)
class Owner:
    """A process: its number, its start time (seconds since the epoch), its machine.

    `own_group` says that it leads a process group of its own, which may be signalled as a whole.
    """

    pid: int
    started: float
    host: str
    own_group: bool

    def as_dict(self) -> dict[str, Any]:
        """The form kept in state.json."""
        return {"pid": self.pid, "started": self.started, "host": self.host, "own_group": self.own_group}


def this_process() -> Owner:
    """The process that asks."""
    pid = os.getpid()
    return Owner(pid, psutil.Process(pid).create_time(), socket.gethostname(), os.getpgid(0) == pid and os.getsid(0) == pid)


def owner_of(pid: int) -> Owner | None:
    """The child `pid` that was started as leader of its own session; None when it is gone already."""
    try:
        return Owner(pid, psutil.Process(pid).create_time(), socket.gethostname(), True)
    except psutil.Error:
        return None


def owner_from(value: dict[str, Any] | None) -> Owner | None:
    """Read back `Owner.as_dict`."""
    return Owner(int(value["pid"]), float(value["started"]), str(value["host"]), bool(value["own_group"])) if value else None


def is_here(owner: Owner) -> bool:
    """Whether the process belongs to this machine, so that it can be looked at and signalled."""
    return owner.host == socket.gethostname()


def is_alive(owner: Owner) -> bool:
    """Whether that very process still runs on this machine; one that has ended and was not collected yet does not."""
    try:
        process = psutil.Process(owner.pid)
        # A start time is read in clock ticks, so equal processes agree to well under this.
        return abs(process.create_time() - owner.started) < 0.05 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def send(owner: Owner, signum: signal.Signals) -> None:
    """Signal the process, and its whole group where it leads one; nothing happens when it is gone."""
    if not is_alive(owner):
        return
    try:
        if owner.own_group:
            os.killpg(owner.pid, signum)
        else:
            os.kill(owner.pid, signum)
    except ProcessLookupError:
        return
