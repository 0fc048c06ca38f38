"""What can come of deciding a case: a closed union, each member matched to one way on.

None of them can hold a deadline, and the policy's answer cannot end a customer's service.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from services.decision.merits.answers import Answer
from shared.events.answer import Remedy
from shared.events.catalogue import Question, Queue

_PRIORITY: Final = {
    Queue.SAFETY: 0,
    Queue.SPECIALIST: 10,
    Queue.FRAUD: 20,
    Queue.LEGAL: 30,
    Queue.STAFF_CONDUCT: 40,
    Queue.REVIEW: 50,
}


def priority_of(queue: Queue) -> int:
    """Return the place of a queue among queues; 0 is most urgent."""
    return _PRIORITY[queue]


@dataclass(frozen=True, slots=True)
class Decided:
    """The policy answers now.

    `told` names the queue of a person who is told as well, and `told_reason` why. `check`: granted
    on trust, and the bank's systems are asked in the background.
    """

    answer: Answer
    told: Queue | None = None
    told_reason: str | None = None
    check: bool = False


@dataclass(frozen=True, slots=True)
class Referred:
    """A person answers; the proposal is what the policy would have said.

    `detail` names what the person must see first, such as the two facts that contradict each
    other. `at_once` is given now, whatever the person finds: the apology for how an employee
    behaved, the help that is owed where a third party erred.
    """

    queue: Queue
    reason: str
    proposal: Answer | None
    detail: tuple[str, ...] = ()
    at_once: tuple[Remedy, ...] = ()

    @property
    def priority(self) -> int:
        """Return the place among queues; 0 is most urgent."""
        return priority_of(self.queue)


@dataclass(frozen=True, slots=True)
class Verifying:
    """The bank's systems are asked first; `answer` is what is granted once they confirm it.

    `queue` and `reason` say who sees the case, and why, where they cannot say.
    """

    answer: Answer
    queue: Queue
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The customer is asked one friendly question; the proposal is what trust would give."""

    question: Question
    proposal: Answer


Outcome: TypeAlias = Decided | Referred | Verifying | Asked
