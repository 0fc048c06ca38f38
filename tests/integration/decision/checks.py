"""Claims of which nobody can say who erred, and the checks that they lead to."""

from shared.events.case import Facts
from shared.events.catalogue import CaseClassified, Topic, VerificationRequested
from shared.events.tags import Fault
from tests.integration.decision_parts import classified
from tests.integration.decision_service import Service, answer_to


def claim_of(claim: str = "12.50", customer: str = "C-1") -> CaseClassified:
    """Return a claim that can be checked, in which nothing says who erred."""
    facts = Facts(terms_accepted=True)
    return classified(customer=customer, fault=Fault.UNCLEAR, claim=claim, facts=facts)


async def requests_of(service: Service) -> list[VerificationRequested]:
    events = await service.said(Topic.VERIFICATION_REQUESTED)
    return [event for event in events if isinstance(event, VerificationRequested)]


async def ledger_of(service: Service) -> list[str]:
    return [
        row["state"]
        for row in await service.pool.fetch("SELECT state FROM ledger ORDER BY granted_at")
    ]


async def trusted(service: Service) -> VerificationRequested:
    """Let a small claim be granted on trust."""
    await service.take(claim_of())
    return (await requests_of(service))[-1]


async def checked_first(service: Service) -> VerificationRequested:
    """Let a claim wait for its check: this customer was contradicted before."""
    request = await trusted(service)
    await service.take(answer_to(request, "contradicted"))
    await service.take(claim_of("95"))
    return (await requests_of(service))[-1]
