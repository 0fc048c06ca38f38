"""A person's correction travels: from the desk by the broker to the classifier, and to a file."""

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import httpx
from typer.testing import CliRunner

from deploy.local.stack import Stack
from evenhand.__main__ import build
from tests.acceptance.outside import Json, Outside, until


def _unread() -> Json:
    identity = f"K-{uuid4()}"
    return {
        "customer": {
            "id": identity,
            "language": "en",
            "contacts": {"email": f"{identity.lower()}@example.com"},
        },
        "channel": "web",
        "category": "fee_dispute",
        "text": "My name is Anna Nowak. You sneaked a fee of 600 EUR in, and I want to know why.",
        "claim": {"amount": "600.00", "currency": "EUR"},
    }


async def test_what_a_person_corrects_is_a_training_case_and_decides_nothing(
    stack: Stack, outside: Outside, tmp_path: Path
) -> None:
    case_id = await outside.submit(_unread())
    assert (await outside.answered(case_id))["referral"] is not None
    key = stack.state.api_key.get_secret_value()
    async with httpx.AsyncClient(
        base_url=stack.addresses.services["decision"],
        headers={"Authorization": f"Bearer {key}"},
        timeout=30,
    ) as desk:
        path = f"/v1/desk/cases/{case_id}"
        for act, body in (
            ("take", {}),
            ("tags", {"tone": "upset", "fault": "company", "note": "The fee is in no table"}),
        ):
            version = (await desk.get(path)).json()["version"]
            done = await desk.post(f"{path}/{act}", json={"version": version, **body})
            assert done.status_code == 200, done.text

    async def exported() -> Json | None:
        file = tmp_path / f"{uuid4()}.jsonl"
        run = CliRunner(
            env={"EVENHAND_ADMIN_DATABASE_URL": stack.state.admin_database_url.get_secret_value()}
        )
        words = ["corrections", "export", str(file)]
        done = await asyncio.to_thread(run.invoke, build(["corrections"]), words)
        assert done.exit_code == 0, done.output
        cases: list[Json] = [json.loads(line) for line in file.read_text().splitlines()]
        return next((case for case in cases if "sneaked" in case["text"]), None)

    case = await until(exported, what="the correction as a training case")
    assert (case["gold"]["tone"], case["gold"]["fault"]) == ("upset", "company")
    assert case["teaches"] == ["tone", "fault"]
    assert "Nowak" not in json.dumps(case)
    assert (await outside.case(case_id))["decision"] is None
