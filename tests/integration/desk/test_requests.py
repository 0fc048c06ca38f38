"""A request that the desk cannot take is refused by its field, and read strictly."""

from uuid import uuid4

import pytest

from tests.integration.desk_service import Running, errors_of, own_slip


async def test_what_does_not_exist_is_not_found(desk: Running) -> None:
    for path in (f"/cases/{uuid4()}", "/cases/nonsense"):
        assert (await desk.get("clerk", path)).status_code == 404
    for path in (f"/cases/{uuid4()}/take", "/cases/x/take"):
        assert (await desk.post("clerk", path, version=1)).status_code == 404
    for path in ("/approvals/x/give", f"/approvals/{uuid4()}/give", "/samples/x/review"):
        body = {"finding": "well done"} if "samples" in path else {}
        assert (await desk.post("senior", path, **body)).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "version"),
        ({"version": 0}, "version"),
        ({"version": True}, "version"),
        ({"version": "1"}, "version"),
        ({"version": 1, "now": True}, "now"),
    ],
)
async def test_a_body_that_is_wrong_is_refused_by_its_field(
    desk: Running, body: dict[str, object], field: str
) -> None:
    case_id = await desk.arrive(own_slip())
    refused = await desk.post("clerk", f"/cases/{case_id}/take", **body)
    assert refused.status_code == 422
    assert field in errors_of(refused)


async def test_json_is_read_strictly_and_bodies_have_a_limit(desk: Running) -> None:
    case_id = await desk.arrive(own_slip())
    path = f"/v1/desk/cases/{case_id}/take"
    headers = {
        "Authorization": f"Bearer {desk.keys['clerk']}",
        "Content-Type": "application/json",
    }
    for content, status in (
        (b'{"version":1,"version":2}', 400),
        (b"{", 400),
        (b"[]", 422),
        (b'"' + b"x" * 300_000 + b'"', 413),
    ):
        answered = await desk.http.post(path, headers=headers, content=content)
        assert answered.status_code == status
        assert errors_of(answered)
    typed = await desk.http.post(
        path, headers={**headers, "Content-Type": "text/plain"}, content=b"{}"
    )
    assert typed.status_code == 415
