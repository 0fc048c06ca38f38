"""What a run of the timers found, as it is kept in `bench/results/`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bench.figures import Cpu, Machine, Spread


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True)


class Pending(_Figures):
    """What it costs to look for work among timers of which nearly all are due much later."""

    few: int
    many: int
    claim_few_ms: float
    """Median time to claim what is due (a batch of ours, one job of a peer) among `few`."""
    claim_many_ms: float
    idle_few_ms: float
    """Median time to find out that nothing is due."""
    idle_many_ms: float

    @property
    def claim_ratio(self) -> float:
        return self.claim_many_ms / self.claim_few_ms

    @property
    def idle_ratio(self) -> float:
        return self.idle_many_ms / self.idle_few_ms


class Drain(_Figures):
    """So many timers that were due at one instant, until the last of them had fired."""

    timers: int
    workers: int
    seconds: float
    cpu: Cpu = Field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return self.timers / self.seconds


class Side(_Figures):
    """One system on the same PostgreSQL: arming, a storm, and lateness outside storms."""

    name: str
    armed_per_second: float
    drains: tuple[Drain, ...]
    lateness: Spread
    pending: Annotated[Pending | None, Field(description="None: nothing that can be compared")]

    @property
    def best(self) -> Drain:
        return max(self.drains, key=lambda drain: drain.per_second)


class Beside(_Figures):
    """New cases before a storm and during it, in one process with the timers."""

    timers: int
    rate: float | None
    """New cases a second; None: more always wait than are decided."""
    seconds: float
    """Until the storm was over, but no longer than cases were counted before it."""
    cases_before: float
    """Per second."""
    cases_during: float
    fired_during: float
    """Timers a second, until then."""

    @property
    def kept(self) -> float:
        """Return the share of their throughput that new cases keep."""
        return self.cases_during / self.cases_before


class TimerRun(_Figures):
    """Everything of one run."""

    at: str
    command: str
    machine: Machine
    ours: Side
    beside: tuple[Beside, ...]
    peers: tuple[Side, ...]
