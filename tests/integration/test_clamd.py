"""Documents are scanned by Debian's own clamd, with a signature of this test's."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from services.notifier.status_page.clamd import Clamd, Clean, Found
from tests.integration.clamd_service import HARMFUL
from tests.integration.notifier_service import until

_CLAMD = shutil.which("clamd", path="/usr/sbin:/usr/bin")

pytestmark = pytest.mark.skipif(_CLAMD is None, reason="Debian's clamav-daemon is not installed")

_CONFIGURATION = """
TCPSocket {port}
TCPAddr 127.0.0.1
DatabaseDirectory {folder}
Foreground yes
"""


@pytest.fixture
async def clamd(tmp_path: Path) -> AsyncIterator[Clamd]:
    port = free_port()
    # Name, any kind of file, anywhere in it, the bytes.
    (tmp_path / "test.ndb").write_text(f"Evenhand.Test:0:*:{HARMFUL.hex()}\n", encoding="ascii")
    file = tmp_path / "clamd.conf"
    file.write_text(_CONFIGURATION.format(port=port, folder=tmp_path), encoding="ascii")
    # It gives up its rights where it has them: it must be let into its folder.
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    log = tmp_path / "clamd.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            str(_CLAMD), "-c", str(file), stdout=output, stderr=output
        )
    client = Clamd("127.0.0.1", port)

    async def answers() -> bool:
        assert process.returncode is None, log.read_text(encoding="utf-8")
        return isinstance(await client.scan(b"x"), Clean)

    try:
        await until(answers)
        yield client
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_clamd_finds_what_it_knows_and_lets_the_rest_pass(clamd: Clamd) -> None:
    assert await clamd.scan(b"%PDF-1.7 " + HARMFUL) == Found("Evenhand.Test.UNOFFICIAL")
    assert await clamd.scan(b"%PDF-1.7 a receipt") == Clean()
    assert await clamd.scan(bytes(8 * 1024 * 1024)) == Clean()
