"""What a run found, as it is kept in `bench/results/`."""

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from deploy.local.settings import Broker


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True)


Cpu = Annotated[dict[str, float], Field(description="CPU seconds by process")]


class Rate(_Figures):
    """So many cases in so many seconds."""

    cases: int
    seconds: float
    cpu: Cpu

    @property
    def per_second(self) -> float:
        return self.cases / self.seconds


class Throughput(Rate):
    """All cases submitted at once; `seconds` ends when each customer has the answer."""

    seconds_to_receipts: float
    """Until every receipt was handed over, too."""
    seconds_to_told: float
    """Until intake had heard of every message."""
    notices: dict[str, int]
    repeats: int
    """Messages that arrived a second time."""


class Floor(Rate):
    """The bare hops in so many processes."""

    processes: int


class Peer(Rate):
    """DBOS with so many worker processes."""

    workers: int


class Mails(_Figures):
    """E-mails put into words and handed to a mail server, from the first to the last."""

    mails: int
    seconds: float
    connections: int
    repeats: int

    @property
    def per_second(self) -> float:
        return self.mails / self.seconds


class Spread(_Figures):
    """Percentiles of a time, in milliseconds."""

    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Self:
        """Sum up times; there must be some."""
        ordered = sorted(seconds)

        def at(share: float) -> float:
            return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1)

        return cls(p50=at(0.5), p95=at(0.95), p99=at(0.99), most=at(1.0))


class Latency(_Figures):
    """Single requests at a steady rate; times count from the instant a request was due."""

    per_second: float
    requests: int
    connections: int
    generator_late: Spread
    """How long after its instant a request left: the load generator's own part."""
    accepted: Spread
    """To the answer 202."""
    receipt: Spread
    message: Spread
    """To the final answer, or to word that a person looks at the case."""
    cpu: Cpu


class Machine(_Figures):
    """Where it was measured."""

    cores: int
    cpu: str
    memory_gb: float
    system: str
    load_before: float
    """Runnable processes of others when it began (1-minute average)."""
    sync_us: float
    versions: dict[str, str]


class Run(_Figures):
    """Everything of one run on one broker."""

    at: str
    command: str
    broker: Broker
    trace_ratio: float
    streams: int
    machine: Machine
    event_bytes: dict[str, int]
    throughput: tuple[Throughput, ...]
    latency: Latency
    floor: tuple[Floor, ...]
    peer: tuple[Peer, ...]
    peer_version: str
    mails: Mails | None = None

    @property
    def system_rate(self) -> float:
        """Cases per second over all rounds."""
        return sum(t.cases for t in self.throughput) / sum(t.seconds for t in self.throughput)

    @property
    def best_floor(self) -> Floor:
        return max(self.floor, key=lambda floor: floor.per_second)

    @property
    def best_peer(self) -> Peer:
        return max(self.peer, key=lambda peer: peer.per_second)
