"""State survives restarts and kills; scenarios go on; a large company is made at once."""

import os
import signal
import socket
import subprocess
import sys

import httpx

from wecom.sandbox.store import Store


def test_a_restart_keeps_the_company_its_clock_and_its_waiting_callbacks(company, run):
    chat, person = company.groups()[0], company.do("create_contact", name="赵敏")
    company.do("join", chat_id=chat, person=person)
    version, now = company.group(chat)["member_version"], company.see("state")["now"]
    token = company.token()
    company.stop()
    again = run()

    assert again.see("state")["now"] == now
    assert again.see("state")["waiting"] == 1
    assert again.group(chat)["member_version"] == version
    assert again.token() == token


def test_what_was_acknowledged_survives_kill_9(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = tmp_path / "killed.sqlite3"
    script = (
        "import sys; from pathlib import Path; from wecom.sandbox import server;"
        "server.serve(host='127.0.0.1', port=int(sys.argv[1]), path=Path(sys.argv[2]), settings={'callback_url': ''})"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(port), str(path)])
    base = f"http://127.0.0.1:{port}/sandbox/api"
    with httpx.Client(transport=httpx.HTTPTransport(retries=10), timeout=30) as http:
        http.post(f"{base}/seed", json={"managers": 1, "groups": 1, "contacts": 0}).raise_for_status()
        acknowledged = [http.post(f"{base}/do/create_contact", json={}).json()["result"] for _ in range(50)]
        os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    store = Store(path)
    kept = {row["id"] for row in store.all("SELECT id FROM contact")}
    store.close()

    assert set(acknowledged) == kept
    assert len(kept) == 50


def test_a_burst_of_300_joins_a_minute_is_played_by_the_clock(company):
    chat = company.groups()[0]
    before = len(company.group(chat)["member_list"])
    planned = company.control("scenario", name="burst", chat_id=chat)
    company.advance(30)
    company.control("deliver")
    half = len(company.group(chat)["member_list"]) - before
    company.advance(31)
    company.control("deliver")

    assert planned["steps"] == 300
    assert half == 151
    assert len(company.group(chat)["member_list"]) - before == 300


def play(company, seconds=700, **scenario):
    planned = company.control("scenario", **scenario)
    company.advance(seconds)
    company.control("deliver")
    assert company.see("state")["counts"]["step"] == 0
    return planned


def test_a_morning_plays_to_its_end_in_the_groups_of_several_managers(company):
    before = {
        chat: len(company.group(chat)["member_list"]) for chat in company.groups() + company.groups("manager0002")
    }
    planned = play(company, name="morning")
    grown = {chat for chat, size in before.items() if len(company.group(chat)["member_list"]) == size + 2}
    kinds = {event["kind"] for event in company.events()}

    assert planned["steps"] > 10
    assert grown == {company.groups()[0], company.groups("manager0002")[0]}  # three came, one left
    assert kinds == {"change_external_contact.del_follow_user", "change_external_chat.update"}
    assert len(company.rows("said")) == 12


def test_an_opening_fills_the_new_shops_own_group_with_friends_of_its_manager(company):
    play(company, name="opening", userid="manager0002")
    [new] = [chat for chat in company.groups("manager0002") if "开业" in company.group(chat)["name"]]
    others = [chat for chat in company.groups() + company.groups("manager0002") if chat != new]
    scenes = [one["join_scene"] for one in company.group(new)["member_list"]]
    friends = [row for row in company.rows("follow") if row["userid"] == "manager0002" and row["add_way"] == 3]

    assert (scenes.count(1), scenes.count(3)) == (25, 40)  # the manager and 24 friends; the rush
    assert (len(friends), {row["state"] for row in friends}) == (24, {""})  # no code, so no state
    assert {len(company.group(chat)["member_list"]) for chat in others} == {11}


def test_an_opening_comes_by_the_codes_the_shop_has(company):
    way = company.ok(
        "externalcontact/add_contact_way", {"type": 1, "scene": 2, "user": ["manager0001"], "state": "dq1"}
    )
    play(company, name="opening", userid="manager0001")
    came = [row for row in company.rows("follow") if row["state"] == "dq1"]

    assert way["errcode"] == 0
    assert (len(came), {row["add_way"] for row in came}) == (24, {1})


def test_an_opening_where_nobody_works_begins_with_a_new_manager(company):
    company.control("reset")
    play(company, name="opening")

    assert [row["owner"] for row in company.rows("chat")] == ["opening"]
    assert "change_contact.create_user" in {event["kind"] for event in company.events()}


def test_a_burst_at_a_shop_comes_by_its_group_code_and_goes_on_to_the_next_group(company):
    company.control("settings", group_members=150, join_way_members=150)
    first, second = company.groups()
    body = {
        "scene": 2,
        "chat_id_list": [first, second],
        "auto_create_room": 1,
        "room_base_name": "福利",
        "state": "dq2",
    }
    company.ok("externalcontact/groupchat/add_join_way", body)
    play(company, name="burst", userid="manager0001", seconds=61)
    came = [row for row in company.see("rows", table="chat_member")["rows"] if row["state"] == "dq2"]

    assert len(came) == 300
    assert len({row["chat_id"] for row in came}) == 3  # the third was made by WeCom
    assert max(len(company.group(chat)["member_list"]) for chat in company.groups()) == 150


def test_a_burst_without_a_code_fills_one_group_after_the_other(company):
    company.control("settings", group_members=150)
    play(company, name="burst", userid="manager0001", minutes=1, per_minute=270, seconds=61)

    assert sorted(len(company.group(chat)["member_list"]) for chat in company.groups()) == [142, 150]


def test_a_scenario_goes_on_after_a_restart(company, run):
    company.control("scenario", name="burst")
    company.stop()
    again = run()
    again.advance(61)
    again.control("deliver")

    assert again.see("state")["counts"]["step"] == 0
    assert len(again.events()) == 300


def test_seeding_again_or_too_much_is_refused_and_reset_keeps_the_address(company):
    again = company.http.post("/sandbox/api/seed", json={"managers": 1, "groups": 1, "contacts": 1})
    company.control("settings", callback_url="http://127.0.0.1:1/", group_members=10)
    company.control("reset")
    crowded = company.http.post("/sandbox/api/seed", json={"managers": 1, "groups": 1, "contacts": 900})

    assert (again.status_code, crowded.status_code) == (409, 409)
    assert company.see("settings")["callback_url"] == "http://127.0.0.1:1/"
    assert company.see("settings")["group_members"] == 500


def test_seeding_a_large_company_gives_every_group_its_owner_and_every_customer_her_manager(company):
    company.control("reset")
    company.control("seed", managers=50, groups=200, contacts=5_000)
    chats = company.groups("manager0050")
    sizes = [len(company.group(chat)["member_list"]) for chat in chats]

    assert company.see("state")["counts"]["chat_member"] == 200 + 5_000
    assert (len(chats), sizes, len(company.customers("manager0050"))) == (4, [26] * 4, 100)
    assert company.see("state")["counts"]["event"] == 0


def test_unknown_settings_operations_and_foreign_pages_are_refused(company):
    post = company.http.post

    assert post("/sandbox/api/settings", json={"no_such": 1}).status_code == 409
    assert post("/sandbox/api/settings", json={"parallel_calls": "many"}).status_code == 409
    assert post("/sandbox/api/settings", json={"faults": {"typo": 1}}).status_code == 409
    assert post("/sandbox/api/do/fly", json={}).status_code == 409
    assert post("/sandbox/api/do/say", json={"room": "x"}).status_code == 409
    assert post("/sandbox/api/clock", content=b"{").status_code == 400
    assert post("/sandbox/api/reset", json={}, headers={"origin": "https://evil.example"}).status_code == 403
