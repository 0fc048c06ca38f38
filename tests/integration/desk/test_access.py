"""Who comes to the desk has a key that is known; who only reads decides nothing."""

from tests.integration.desk_service import Running, errors_of, own_slip


async def test_nobody_comes_to_the_desk_without_a_key_that_is_known(desk: Running) -> None:
    for who in ("nonsense", "evh_000000000000_x"):
        refused = await desk.get(who, "/queue")
        assert refused.status_code == 401
        assert "Authorization" in errors_of(refused)
    bare = await desk.http.get("/v1/desk/queue")
    assert bare.status_code == 401


async def test_who_reads_everything_decides_nothing(desk: Running) -> None:
    case_id = await desk.arrive(own_slip())
    for who in ("auditor", "operator"):
        assert (await desk.get(who, "/queue")).status_code == 200
        assert (await desk.get(who, f"/cases/{case_id}")).status_code == 200
        for act in ("take", "release", "hand-over", "done", "decide", "tags", "end-service"):
            refused = await desk.post(who, f"/cases/{case_id}/{act}", version=1)
            assert refused.status_code == 403, act
    assert (await desk.get("bank-system", "/queue")).status_code == 403
    assert await desk.kinds(case_id) == ["deliberated"]


async def test_a_key_that_is_named_like_the_policy_is_no_person(desk: Running) -> None:
    await desk.key("policy", "executive")
    case_id = await desk.arrive(own_slip())
    assert (await desk.act("policy", case_id, "take")).status_code == 403


async def test_the_desks_own_page_documents_every_route_and_needs_a_key(desk: Running) -> None:
    assert (await desk.http.get("/docs")).status_code == 401
    headers = {"Authorization": f"Bearer {desk.keys['auditor']}"}
    assert (await desk.http.get("/docs", headers=headers)).status_code == 200
    paths = (await desk.http.get("/openapi.json", headers=headers)).json()["paths"]
    assert {"/v1/desk/queue", "/v1/desk/cases/{case_id}/decide"} <= paths.keys()
    decide = paths["/v1/desk/cases/{case_id}/decide"]["post"]
    schema = decide["requestBody"]["content"]["application/json"]["schema"]
    assert "$ref" not in str(schema)
    assert "declined" in schema["properties"]["disposition"]["enum"]
    assert "409" in decide["responses"]
