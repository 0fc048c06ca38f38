"""Documents that customers add on the page, and what becomes of them."""

from uuid import UUID

import httpx

from tests.integration.clamd_service import Scanner
from tests.integration.notifier_service import until
from tests.integration.status_page_service import Running, form_of

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(60)


async def add(
    service: Running,
    case_id: UUID,
    data: bytes = PNG,
    name: str = "receipt.png",
    media_type: str = "image/png",
) -> httpx.Response:
    """Send the page's form with a file."""
    form = form_of(await service.html(case_id), "documents")
    return await service.client.post(
        f"{service.path(case_id)}/documents",
        data={"form": form},
        files={"document": (name, data, media_type)},
    )


def scanning(clamd: Scanner) -> dict[str, object]:
    """Return the settings of a page whose documents are scanned."""
    return {"clamd_host": "127.0.0.1", "clamd_port": clamd.port, "clamd_timeout": 5}


async def states(service: Running) -> list[str]:
    """Return the states of the documents, in the order in which they were added."""
    rows = await service.notifier.pool.fetch("SELECT state FROM documents ORDER BY added_at")
    return [row["state"] for row in rows]


async def are(service: Running, *expected: str) -> None:
    """Wait until the documents are in these states."""

    async def so() -> bool:
        return await states(service) == list(expected)

    await until(so)


def bearer(key: str) -> dict[str, str]:
    """Return the header that shows a key."""
    return {"Authorization": f"Bearer {key}"}
