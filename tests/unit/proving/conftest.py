"""The shipped policy, its whole proof, and a way to break it."""

from collections.abc import Callable

import pytest

from services.decision.policy.loading import load
from services.decision.policy.matrix import ROOT, MatrixFile, Row
from services.decision.policy.model import Policy
from services.decision.proving import Proof, examine

Replace = Callable[..., Policy]


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load()


@pytest.fixture(scope="session")
def proof(policy: Policy) -> Proof:
    return examine(policy)


@pytest.fixture(scope="session")
def with_matrix(policy: Policy) -> Replace:
    """Return the policy with one matrix changed or added."""

    def change(name: str = ROOT, **update: object) -> Policy:
        file = policy.matrices.get(name) or MatrixFile(valid_from=policy.valid_from)
        matrices = {**policy.matrices, name: file.model_copy(update=update)}
        return policy.model_copy(update={"matrices": matrices})

    return change


@pytest.fixture(scope="session")
def with_row(policy: Policy, with_matrix: Replace) -> Replace:
    """Return the policy with one row of a matrix changed, added, or (without fields) taken out."""

    def change(row_id: str, name: str = ROOT, **fields: object) -> Policy:
        rows = policy.matrices[name].rows
        old = next((row.model_dump() for row in rows if row.id == row_id), {"id": row_id})
        kept = [row for row in rows if row.id != row_id]
        if fields:
            kept.append(Row.model_validate({**old, **fields}))
        return with_matrix(name, rows=tuple(kept))

    return change
