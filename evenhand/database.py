"""The database as a command sees it: connected for one task, its troubles told in one line."""

import contextlib
from collections.abc import AsyncGenerator, Generator

import asyncpg

from shared.errors import EvenhandError
from shared.postgres import Connection


@contextlib.contextmanager
def reached() -> Generator[None, None, None]:
    """Turn trouble of the database into one line.

    Raises:
        EvenhandError: it cannot be reached, or it refused; the text never holds the address.

    """
    try:
        yield
    except asyncpg.PostgresError as error:
        raise EvenhandError(f"the database refused: {error}") from error
    except (OSError, TimeoutError, asyncpg.InterfaceError) as error:
        raise EvenhandError(
            f"no answer from the database ({type(error).__name__}); is the system running, "
            "and is EVENHAND_ADMIN_DATABASE_URL right?"
        ) from error


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncGenerator[Connection, None]:
    """Connect as the database's owner.

    Raises:
        EvenhandError: as for `reached`.

    """
    with reached():
        connection = await asyncpg.connect(url, timeout=10)
        try:
            yield connection
        finally:
            await connection.close()
