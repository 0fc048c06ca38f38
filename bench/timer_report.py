"""Puts the figures of the timers into a file and a table."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.figures import Spread
from bench.timer_figures import Beside, Drain, Side, TimerRun

_CLAIM_AIM: Final = 1.2
_DRAIN_AIM: Final = 10_000.0
_KEPT_AIM: Final = 0.8
_LATE_AIM_MS: Final = 1_000.0


def write(run: TimerRun, folder: Path) -> Path:
    """Write a run; returns its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.at[:10]}-timers.json"
    path.write_text(run.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return path


def newest(folder: Path) -> TimerRun | None:
    """Return the newest run, if there is one."""
    paths = sorted(folder.glob("*-timers.json"))
    return TimerRun.model_validate_json(paths[-1].read_bytes()) if paths else None


def section(run: TimerRun) -> str:
    """Return what is said of a run in the results' README."""
    facts = run.machine
    sides = (run.ours, *run.peers)
    storms = "; ".join(f"{side.name} {side.best.timers:,}" for side in sides)
    table = _table(["", *(side.name for side in sides)], _rows(run, sides))
    return f"""\
## Timers, {run.at}

`{run.command}`

{table}
{aims(run)}
* **How:** PostgreSQL {facts.versions["PostgreSQL"]} on {facts.cores} cores ({facts.cpu}), durable;
  load of others when it began {facts.load_before}. Ours: the decision service's own loop, hop,
  outbox and publisher in one process, events sent to the embedded broker; every timer has a case
  and a clock of its own and says an event. The peers' timers only note when they fired.
* **Storms** (timers due at one instant; a rate, so the peers get fewer): {storms}.
* **CPU of ours**, microseconds a timer: {_cpu(run.ours.best)}.
* **Claim and idle look:** ours claims {_BATCH} timers at once, procrastinate one job. DBOS keeps a
  sleeping workflow as a task in memory and claims nothing.
"""


_BATCH: Final = 500


def aims(run: TimerRun) -> str:
    """Return the aims of the timers, and which were missed."""
    pending = run.ours.pending
    best, late = run.ours.best, run.ours.lateness
    ratio = pending.claim_ratio if pending else float("inf")
    processes = "process" if best.workers == 1 else "processes"
    claim = f"a million pending cost {ratio:.2f} times the claim of ten thousand"
    drain = f"a storm drains at {best.per_second:,.0f} a second ({best.workers} {processes})"
    lines = [
        (claim, ratio < _CLAIM_AIM),
        (drain, best.per_second >= _DRAIN_AIM),
        *((_kept(each), _is_kept(each)) for each in run.beside),
        (f"lateness outside storms p99 {late.p99:,.0f} ms", late.p99 < _LATE_AIM_MS),
    ]
    marks = {True: "✓", False: "✗ (aim missed)"}
    return "".join(f"* {text} {marks[met]}\n" for text, met in lines)


def _kept(beside: Beside) -> str:
    come = "at that rate" if beside.rate else "faster than one process can decide them"
    return (
        f"new cases keep {beside.kept:.0%} of {beside.cases_before:,.0f}/s, where they come {come},"
        f" while {beside.fired_during:,.0f} timers a second fire in the same process"
    )


def _is_kept(beside: Beside) -> bool:
    """Say whether the aim is met; where more cases wait than can be decided, timers have to."""
    drains = beside.rate is None or beside.fired_during >= _DRAIN_AIM
    return beside.kept >= _KEPT_AIM and drains


def _rows(run: TimerRun, sides: Sequence[Side]) -> list[list[str]]:
    pending = [side.pending for side in sides]
    few, many = (run.ours.pending.few, run.ours.pending.many) if run.ours.pending else (0, 0)
    return [
        ["armed, timers/s", *(f"{side.armed_per_second:,.0f}" for side in sides)],
        ["storm, timers/s", *(f"{side.best.per_second:,.0f}" for side in sides)],
        [
            "storm: ours / theirs",
            *(_times(run.ours.best.per_second, side.best.per_second) for side in sides),
        ],
        ["lateness at 100/s, ms: p50 / p95 / p99", *(_spread(side.lateness) for side in sides)],
        [
            f"claim among {few:,} / {many:,} pending, ms",
            *(f"{p.claim_few_ms:.2f} / {p.claim_many_ms:.2f}" if p else "-" for p in pending),
        ],
        [
            f"idle look among {few:,} / {many:,}, ms",
            *(f"{p.idle_few_ms:.2f} / {p.idle_many_ms:.2f}" if p else "-" for p in pending),
        ],
        ["claim ratio", *(f"{p.claim_ratio:.2f}" if p else "-" for p in pending)],
    ]


def _cpu(drain: Drain) -> str:
    spent = {name: seconds / drain.timers * 1e6 for name, seconds in drain.cpu.items()}
    return ", ".join(f"{name} {micro:.0f}" for name, micro in spent.items()) or "not known here"


def _times(ours: float, theirs: float) -> str:
    return f"{ours / theirs:.1f}"


def _spread(spread: Spread) -> str:
    return f"{spread.p50:,.0f} / {spread.p95:,.0f} / {spread.p99:,.0f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
