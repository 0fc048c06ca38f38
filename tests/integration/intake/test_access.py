"""Nobody gets in without a key, and a key may do what its role says."""

import base64

import asyncpg
import pytest

from shared import keys
from shared.keys import Role
from tests.integration.intake.cases import CASE, bearer, fields_of
from tests.integration.intake_service import Migrated, Running, new_key


async def test_nobody_gets_in_without_a_key(intake: Running) -> None:
    wrong = (
        *("", "Bearer", "Basic eDp5", "Bearer evh_x_y", "Bearer evh_", "Bearer eyJh.eyJi.c"),
        "Bearer evh_0123456789ab_wrong",
        intake.key,
        f"Bearer {intake.key}x",
    )
    for authorization in wrong:
        for method, path in (
            ("POST", "/v1/cases"),
            ("GET", "/v1/cases"),
            ("POST", "/v1/cases:batch"),
        ):
            headers = {"Authorization": authorization}
            answer = await intake.client.request(method, path, headers=headers)
            assert answer.status_code == 401, authorization
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert fields_of(answer) == ["Authorization"]


async def test_a_key_may_do_what_its_role_says(database: Migrated, intake: Running) -> None:
    allowed: dict[Role, tuple[int, int]] = {
        "submit": (202, 403),
        "read": (403, 200),
        "staff": (403, 200),
        "admin": (202, 200),
        "executive": (401, 401),
    }
    for role, statuses in allowed.items():
        headers = bearer(await new_key(database, role))
        posted = await intake.client.post("/v1/cases", json=CASE, headers=headers)
        listed = await intake.client.get("/v1/cases", headers=headers)
        assert (posted.status_code, listed.status_code) == statuses, role


async def test_a_revoked_key_is_refused(
    database: Migrated, intake: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "TTL", 0.0)  # what it remembers is out of date at once
    key = await new_key(database, "read", name="leaver")
    assert (await intake.client.get("/v1/cases", headers=bearer(key))).status_code == 200
    admin = await asyncpg.connect(database.admin)
    identity = next(k.id for k in await keys.listed(admin) if k.name == "leaver")
    assert await keys.revoke(admin, identity)
    assert not await keys.revoke(admin, identity)
    await admin.close()
    assert (await intake.client.get("/v1/cases", headers=bearer(key))).status_code == 401


async def test_a_key_is_stored_as_its_hash_only(database: Migrated, intake: Running) -> None:
    secret = intake.key.split("_", 2)[2]
    admin = await asyncpg.connect(database.admin)
    rows = await admin.fetch("SELECT k::text AS row FROM intake.api_keys k")
    await admin.close()
    assert rows
    assert all(secret not in row["row"] for row in rows)


async def test_the_api_page_is_ours_and_needs_a_key(intake: Running) -> None:
    for path in ("/docs", "/docs/start.js", "/docs/swagger-ui-bundle.js", "/openapi.json"):
        closed = await intake.client.get(path, headers={"Authorization": ""})
        assert closed.status_code == 401
        assert closed.headers["www-authenticate"].startswith("Basic")
        basic = base64.b64encode(f"me:{intake.key}".encode()).decode()
        opened = await intake.client.get(path, headers={"Authorization": f"Basic {basic}"})
        assert opened.status_code == 200
    page = await intake.client.get("/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http" not in page.text
    described = (await intake.client.get("/openapi.json")).json()
    assert set(described["paths"]["/v1/cases"]) == {"get", "post"}
    assert {"409", "413", "422", "503"} <= set(described["paths"]["/v1/cases"]["post"]["responses"])
