from __future__ import annotations

import json

import pytest

ROUTES = (
    ("POST", "ask"), ("POST", "run"), ("GET", "status"), ("GET", "suggestions"), ("GET", "threads"),
    ("GET", "threads/a"), ("PATCH", "threads/a"), ("DELETE", "threads/a"), ("GET", "threads/a/export"),
    ("POST", "feedback"), ("POST", "verify"), ("POST", "case"), ("GET", f"rows/{'0' * 32}.csv"),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_every_route_refuses_who_is_not_logged_in(call, method, path):
    code, told = await call(path, method, {} if method in {"POST", "PATCH"} else None, headers={"Authorization": "no"})
    assert code == 403
    assert "message" in told


async def test_the_page_sends_who_is_not_logged_in_to_the_login(jp_fetch):
    response = await jp_fetch("genie", headers={"Authorization": "no"}, raise_error=False, follow_redirects=False)
    assert response.code == 302
    assert "/login?next=" in response.headers["Location"]


async def test_the_page_knows_the_address_of_its_server(jp_fetch, jp_web_app, tmp_path, jp_base_url):
    from genie_ext.server.page import PageHandler

    (tmp_path / "mobile.html").write_text('<div data-base="{{base}}">', encoding="utf-8")
    jp_web_app.add_handlers(".*$", [(f"{jp_base_url}page-of-the-test", PageHandler, {"static": tmp_path})])
    response = await jp_fetch("page-of-the-test")
    assert response.body.decode() == f'<div data-base="{jp_base_url}">'


@pytest.mark.parametrize("wanted", ["/etc", "..", "nothing.duckdb"])
async def test_no_lake_outside_the_root_is_opened(call, opened, wanted):
    code, told = await call("run", "POST", {"sql": "SELECT 1", "lake": wanted})
    assert code == 404
    assert "no lake" in told["message"]
    assert opened == []


async def test_a_link_out_of_the_root_is_no_lake_and_a_configured_one_is(call, jp_root_dir, shop, monkeypatch, lake):
    (jp_root_dir / "out.duckdb").symlink_to(shop)
    _, told = await call("status")
    assert [item["path"] for item in told["lakes"]] == [str(lake)]
    monkeypatch.setenv("GENIE_LAKE", str(shop))
    _, told = await call("status", params={"lake": str(lake)})
    assert [item["path"] for item in told["lakes"]] == [str(shop), str(lake)]
    assert told["lake"] == {"path": str(lake), "name": "shop.duckdb", "tables": 2}


async def test_every_known_user_has_threads_and_sessions_of_their_own(ask, call, opened, jp_serverapp, monkeypatch):
    from genie_ext.server.base import Handler

    names = iter(["ada", "bo", "bo"])
    await ask("How many orders are there?", "a")
    monkeypatch.setattr(Handler, "user", property(lambda _: next(names)))
    await ask("How many customers are there?", "a")
    assert (await call("threads"))[1] == {"threads": []}
    assert (await call("threads/a"))[0] == 404
    assert {user for _, user in opened} == {None, "ada"}


async def test_texts_of_data_travel_as_json_and_are_no_page(ask, call, jp_fetch):
    script = "<script>alert(1)</script>"
    await ask(f"How many orders have the status {script}?", "x")
    response = await jp_fetch("genie", "api", "threads")
    assert response.headers["Content-Type"].startswith("application/json")
    assert script in json.loads(response.body)["threads"][0]["title"]
    notebook = await jp_fetch("genie", "api", "threads", "x", "export")
    assert "<script>" not in "".join(cell["source"] for cell in json.loads(notebook.body)["cells"])
