"""Puts results into files and tables: a JSON per run, a README of the newest on each broker."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, get_args

from bench import timer_report
from bench.figures import Mails, Rate, Run, Spread
from bench.timer_figures import TimerRun
from deploy.local.settings import Broker

_FLOOR_AIM: Final = 0.35
_PEER_AIM: Final = 15.0
_RATE_AIM: Final = 1000.0
_P99_AIM_MS: Final = 1000.0
_MAILS_AIM: Final = 500.0

_NAMES: Final[Mapping[Broker, str]] = {"apache": "Apache Kafka", "embedded": "embedded (Tansu)"}

_CPU_HEAD: Final = """\
## Where the CPU time goes

Milliseconds of CPU per case while all cases were submitted at once, by process (for a server, all
its processes).
"""


def write(run: Run, folder: Path) -> Path:
    """Write a run and the tables anew; returns the run's file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.at[:10]}-{run.broker}.json"
    path.write_text(run.model_dump_json(indent=2) + "\n", encoding="utf-8")
    write_readme(folder)
    return path


def write_readme(folder: Path) -> None:
    """Write the tables of the newest runs anew."""
    newest = [found for broker in get_args(Broker) if (found := _newest(folder, broker))]
    (folder / "README.md").write_text(
        _readme(newest, timer_report.newest(folder)), encoding="utf-8"
    )


def _newest(folder: Path, broker: Broker) -> Run | None:
    paths = sorted(folder.glob(f"*-{broker}.json"))
    return Run.model_validate_json(paths[-1].read_bytes()) if paths else None


def _readme(runs: Sequence[Run], timers: TimerRun | None) -> str:
    parts = ["# What was measured\n\nWritten by `make bench`; the newest run on each broker.\n"]
    if runs:
        parts += [
            _table(["", *(_NAMES[run.broker] for run in runs)], _rows(runs)),
            _CPU_HEAD,
            _table(["process", *(_NAMES[run.broker] for run in runs)], _cpu_rows(runs)),
            *(_notes(run) for run in runs),
        ]
    if timers is not None:
        parts.append(timer_report.section(timers))
    return "\n".join(parts)


def _rows(runs: Sequence[Run]) -> list[list[str]]:
    columns = [_column(run) for run in runs]
    return [[name, *(column[name] for column in columns)] for name in columns[0]]


def _column(run: Run) -> dict[str, str]:
    """Return one run's figures, by name."""
    latency, best, peer = run.latency, run.best_floor, run.best_peer
    rate = run.system_rate
    to_floor, to_peer = rate / best.per_second, rate / peer.per_second
    return {
        "**system**, cases/s": _aimed(f"{rate:,.0f}", rate, _RATE_AIM),
        "rounds": ", ".join(f"{r.cases:,} in {r.seconds:.1f} s" for r in run.throughput),
        "floor (bare hops), cases/s": f"{best.per_second:,.0f} ({_processes(best.processes)})",
        "peer (DBOS), cases/s": (
            f"{peer.per_second:,.0f} ({_processes(peer.workers)}, {peer.cases:,} cases)"
        ),
        "system / floor": _aimed(f"{to_floor:.2f}", to_floor, _FLOOR_AIM),
        "system / peer": _aimed(f"{to_peer:.1f}", to_peer, _PEER_AIM),
        "steady rate, cases/s": f"{latency.per_second:,.0f} ({latency.requests:,} requests)",
        "submit → 202, ms: p50 / p95 / p99": _spread(latency.accepted),
        "submit → receipt, ms": _spread(latency.receipt),
        "submit → message, ms": _spread(latency.message)
        + _mark(met=latency.message.p99 <= _P99_AIM_MS),
        "generator late, ms": _spread(latency.generator_late),
        "e-mails/s": _mails(run.mails),
    }


def _mails(mails: Mails | None) -> str:
    if mails is None:
        return "not measured"
    rate = mails.per_second
    return _aimed(f"{rate:,.0f} ({mails.mails:,} over {mails.connections})", rate, _MAILS_AIM)


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def _aimed(text: str, value: float, aim: float) -> str:
    return f"{text}{_mark(met=value >= aim)}"


def _mark(*, met: bool) -> str:
    return " ✓" if met else " ✗ (aim missed)"


def _spread(spread: Spread) -> str:
    return f"{spread.p50:,.0f} / {spread.p95:,.0f} / {spread.p99:,.0f}"


def cpu_per_case(rates: Sequence[Rate]) -> dict[str, float]:
    """Return milliseconds of CPU per case and process, over some rounds."""
    cases = sum(rate.cases for rate in rates)
    names = rates[0].cpu
    return {name: sum(rate.cpu[name] for rate in rates) / cases * 1000 for name in names}


def _cpu_rows(runs: Sequence[Run]) -> list[list[str]]:
    columns = [cpu_per_case(run.throughput) for run in runs]
    names = sorted(columns[0], key=lambda name: -columns[0][name])
    rows = [[name, *(f"{column.get(name, 0):.3f}" for column in columns)] for name in names]
    floors = [sum(cpu_per_case([run.best_floor]).values()) for run in runs]
    return [
        *rows,
        ["**all**", *(f"{sum(column.values()):.3f}" for column in columns)],
        ["*the floor, all*", *(f"{floor:.3f}" for floor in floors)],
    ]


def cpu_table(rates: Sequence[Rate]) -> str:
    """Return where the CPU time of some rounds went, as text for a terminal."""
    spent = cpu_per_case(rates)
    busy = sum(sum(rate.cpu.values()) for rate in rates) / sum(rate.seconds for rate in rates)
    lines = [f"{name:<12} {spent[name]:8.3f}" for name in sorted(spent, key=lambda n: -spent[n])]
    return "\n".join(
        [
            "CPU ms per case by process",
            *lines,
            f"{'all':<12} {sum(spent.values()):8.3f}   ({busy:.2f} cores busy)",
        ]
    )


def _notes(run: Run) -> str:
    facts = run.machine
    versions = ", ".join(f"{name} {number}" for name, number in facts.versions.items())
    rounds = sum(throughput.cases for throughput in run.throughput)
    repeats = sum(throughput.repeats for throughput in run.throughput)
    sizes = ", ".join(f"{topic} {size}" for topic, size in run.event_bytes.items())
    floors = ", ".join(f"{_processes(f.processes)} {f.per_second:,.0f}/s" for f in run.floor)
    peers = ", ".join(f"{_processes(p.workers)} {p.per_second:,.0f}/s" for p in run.peer)
    told = ", ".join(
        f"{sum(t.notices.get(notice, 0) for t in run.throughput):,} {notice}"
        for notice in run.throughput[0].notices
    )
    return f"""\
## {_NAMES[run.broker]}, {run.at}

`{run.command}`

* **Machine:** {facts.cores} cores ({facts.cpu}), {facts.memory_gb} GB, {facts.system}; 8 KiB
  reach the disk in {facts.sync_us:.0f} µs; load of others when it began {facts.load_before}.
  Everything, load generator and receiver too, ran on it.
* **Versions:** {versions}.
* **System:** four services, a process each; PostgreSQL durable; traces of {run.trace_ratio:.0%} of
  the cases, exported; mail goes to a receiver that speaks SMTP with PIPELINING, notes arrivals and
  stores nothing. {run.streams} NDJSON streams, timed from the first byte until the receiver had
  taken the answer to every case. {rounds:,} cases: {told}; {repeats} repeats.
* **Steady rate:** single `POST /v1/cases`, each due at its instant and timed from it;
  {run.latency.connections} connections.
* **Floor:** four hops with aiokafka and asyncpg at batch 500, inbox, outbox and offsets committed,
  no content, no mail, no traces; {floors}. Bytes per event as in the system: {sizes}.
* **Peer:** DBOS {run.peer_version}, workflows of four empty steps enqueued in one transaction, the
  same PostgreSQL settings; {peers}. It keeps each step's history; our hops have a broker beside
  the database.
"""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
