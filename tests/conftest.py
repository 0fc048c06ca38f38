"""Options that every level of tests shares."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from deploy.local import kafka

# A busy machine is no reason to fail: timings never go into tests.
settings.register_profile("evenhand", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("evenhand")

MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's file system in memory; made below it: a folder of our own
ROOM = 4 << 30
"""Bytes that all databases, brokers and logs of a run may take together."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep what tests write in memory where there is room: disks made half of a run's time.

    A run that names its own folder (`--basetemp`), or is a part of another, keeps to that.
    """
    is_part = "PYTEST_XDIST_WORKER" in os.environ  # noqa: TID251 - how xdist tells it
    if is_part or config.option.basetemp or not os.access(MEMORY, os.W_OK):
        return
    if shutil.disk_usage(MEMORY).free < ROOM:
        return
    folder = Path(tempfile.mkdtemp(prefix="evenhand-tests-", dir=MEMORY))
    config.option.basetemp = folder / "run"
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


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
