"""The ladder: whom a clock summons, and when. Its last rung records a lapse; none decides."""

from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from services.decision.clock.model import Part

LAST_SHARE: Final = 99
"""Rungs that summon people come before the deadline, never at it."""


class Action(StrEnum):
    """What a rung may do. A decision is not among them."""

    NUDGE = "nudge"
    ESCALATE = "escalate"
    WARN = "warn"
    HOLDING_LETTER = "holding_letter"
    LAPSE = "lapse"


class Level(StrEnum):
    """Whom an escalation summons."""

    PERSON = "person"
    TEAM = "team"
    EXECUTIVE = "executive"


class Rung(Part):
    """One step: at a share (percent) of the time from receipt to decide-by, or at the deadline."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    at: Annotated[int, Field(ge=0, le=LAST_SHARE)] | Literal["deadline"]
    action: Action
    to: Level | None = None
    jumps_queue: bool = False

    @model_validator(mode="after")
    def _action_and_place_agree(self) -> Self:
        if (self.action is Action.LAPSE) != (self.at == "deadline"):
            raise ValueError(f"rung {self.name}: a lapse, and only a lapse, stands at the deadline")
        if (self.action is Action.ESCALATE) != (self.to is not None):
            raise ValueError(f"rung {self.name}: an escalation, and only that, names `to`")
        if self.jumps_queue and self.action is not Action.ESCALATE:
            raise ValueError(f"rung {self.name}: only an escalation jumps the queue")
        return self


class Ladder(Part):
    """The rungs of a clock in their order; the last one records the lapse."""

    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _rungs_lead_to_one_lapse(self) -> Self:
        names = [rung.name for rung in self.rungs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"duplicate rung {name}")
        if [rung.action for rung in self.rungs].count(Action.LAPSE) > 1:
            raise ValueError("more than one lapse")
        if self.rungs[-1].action is not Action.LAPSE:
            raise ValueError("no final rung: the last one must be the lapse at the deadline")
        shares = [rung.at for rung in self.rungs if rung.at != "deadline"]
        if shares != sorted(shares):
            raise ValueError("the rungs are not in the order of their shares")
        return self
