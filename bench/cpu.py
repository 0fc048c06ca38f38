"""Where CPU time goes: seconds by process, from /proc, whole trees and the children that ended.

Linux only; elsewhere there is nothing to read and the table stays empty.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_PARENT: Final = 1  # places of fields after the name, which stands in brackets
_TIMES: Final = slice(11, 15)  # own user and system time, and that of children that have ended


def seconds(roots: Mapping[str, int]) -> dict[str, float]:
    """Return the CPU seconds so far of each process and everything below it.

    A process that is itself one of the roots counts for itself alone, not for its parent.
    """
    if not (_PROC / "self" / "stat").exists():
        return {}
    tick = os.sysconf("SC_CLK_TCK")
    stats = {int(path.name): _stat(path) for path in _PROC.iterdir() if path.name.isdecimal()}
    spent = dict.fromkeys(roots, 0.0)
    names = {pid: name for name, pid in roots.items()}
    for pid, fields in stats.items():
        owner = pid
        while owner not in names and owner in stats and stats[owner]:
            owner = int(stats[owner][_PARENT])
        if fields and owner in names:
            spent[names[owner]] += sum(int(field) for field in fields[_TIMES]) / tick
    return spent


def _stat(process: Path) -> list[str]:
    try:
        text = (process / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []  # it has ended since the folder was listed
    return text.rpartition(")")[2].split()


def since(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return what was spent between two readings."""
    return {name: after[name] - before[name] for name in before}
