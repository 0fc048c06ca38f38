import pytest

from shared import keys
from tests.unit.cli.conftest import Run


@pytest.mark.parametrize("role", ["chef", "Clerk", ""])
def test_an_unknown_role_is_wrong_use_and_names_those_of_both_services(run: Run, role: str) -> None:
    result = run("key", "create", "anna", "--role", "submit", "--role", role)
    assert result.exit_code == 2
    for known in (*keys.ROLES["intake"], *keys.ROLES["decision"]):
        assert known in result.stderr


def test_the_help_names_the_roles_of_both_services(run: Run) -> None:
    shown = run("key", "create", "--help").stdout
    for known in (*keys.ROLES["intake"], *keys.ROLES["decision"]):
        assert known in shown
