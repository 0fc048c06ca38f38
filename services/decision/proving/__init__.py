"""The proof of a policy: before it may decide, the whole space of cases is looked at.

Finite things are enumerated; over amounts and pasts the real `decide` is run on numbers of z3,
so that the proof is about the code and not about a copy of it.
"""

from services.decision.policy.model import Policy
from services.decision.proving.problems import Kind, Problem
from services.decision.proving.proof import Proof, examine

__all__ = ["Kind", "Problem", "Proof", "examine", "prove"]


def prove(policy: Policy) -> tuple[Problem, ...]:
    """Return what the policy breaks, each with a case that shows it; nothing if it is proved."""
    return examine(policy).problems
