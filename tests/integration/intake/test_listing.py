"""Pages of cases: each case once, the newest first."""

from tests.integration.intake.cases import CASE
from tests.integration.intake_service import Running


async def test_pages_show_every_case_once_newest_first(intake: Running) -> None:
    ids = []
    for number in range(7):
        customer = {"id": "C-odd" if number % 2 else "C-even"}
        answer = await intake.client.post("/v1/cases", json={**CASE, "customer": customer})
        ids.append(answer.json()["case_id"])
    for query, expected in (
        ({}, ids),
        ({"customer": "C-odd"}, ids[1::2]),
        ({"status": "received"}, ids),
        ({"status": "closed"}, []),
    ):
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            params: dict[str, str] = {**query, "limit": "2", **cursor}
            page = (await intake.client.get("/v1/cases", params=params)).json()
            found += [case["case_id"] for case in page["cases"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert sorted(found) == sorted(expected)
        assert found == sorted(found, reverse=True)
