"""Options that every level of tests shares."""

import pytest
from hypothesis import HealthCheck, settings

from deploy.local import kafka

# A busy machine is no reason to fail: timings never go into tests.
settings.register_profile("evenhand", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("evenhand")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--broker",
        choices=["embedded", "apache"],
        default="embedded",
        help="the broker that acceptance and chaos tests run on",
    )


@pytest.fixture(scope="session")
def broker_kind(request: pytest.FixtureRequest) -> str:
    """Return the broker asked for; skips, with the reason, where it cannot run."""
    kind = str(request.config.getoption("--broker"))
    if kind == "apache" and (reason := kafka.available()):
        pytest.skip(f"Apache Kafka cannot run here: {reason}")
    return kind
