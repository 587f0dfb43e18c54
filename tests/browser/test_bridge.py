"""The bridge to the WeCom client, in Chromium, against the sandbox's JS-SDK."""

import pytest

from tests.factories import ManagerFactory

pytestmark = pytest.mark.urls("tests.browser.bridge_site")

CALL = """async ([name, ...given]) => (await import("/static/modules/ww-bridge.js"))[name](...given)"""
LINK = {"title": "阳光玫瑰 29.9 元", "url": "https://shop.example/g/1", "desc": "四点半自提"}


def call(page, name, *given):
    return page.evaluate(CALL, [name, *given])


@pytest.fixture
def manager(db):
    return ManagerFactory(wecom_userid="manager0001")


def test_one_tap_puts_a_link_into_the_managers_group(sandboxed, manager):
    page = sandboxed.page_in_phone("/bridge/?slot=7#top", person=manager)
    page.on("dialog", lambda dialog: dialog.accept())
    mine, foreign = sandboxed.company.groups()[0], sandboxed.company.groups("manager0002")[0]

    assert call(page, "supports", "openExistedChatWithMsg") is True
    assert call(page, "openGroupWithLink", mine, LINK) is True
    assert call(page, "openGroupWithLink", foreign, LINK) is False
    assert [(row["room"], row["sender"]) for row in sandboxed.company.rows("said")] == [(mine, "manager0001")]


def test_somebody_who_changes_her_mind_sends_nothing(sandboxed, manager):
    page = sandboxed.page_in_phone("/bridge/", person=manager)
    page.on("dialog", lambda dialog: dialog.dismiss())

    assert call(page, "openGroupWithLink", sandboxed.company.groups()[0], LINK) is False
    assert sandboxed.company.rows("said") == []


def test_beside_a_chat_the_page_knows_it_and_may_speak_in_it(sandboxed, manager):
    chat = sandboxed.company.groups()[0]
    page = sandboxed.page_in_phone("/bridge/", person=manager, entry="group_chat_tools", chat=chat)
    page.on("dialog", lambda dialog: dialog.accept())
    text = {"msgtype": "text", "text": {"content": "今晚八点开团"}}

    assert call(page, "currentChatId") == chat
    assert call(page, "sendToCurrentChat", text) is True
    assert [row["room"] for row in sandboxed.company.rows("said")] == [chat]


def test_a_page_without_a_chat_beside_it_has_none_to_speak_in(sandboxed, manager):
    page = sandboxed.page_in_phone("/bridge/", person=manager)

    assert call(page, "currentChatId") is None
    assert call(page, "sendToCurrentChat", {"msgtype": "text", "text": {"content": "早"}}) is None


def test_a_page_that_changes_its_address_keeps_its_voice(sandboxed, manager):
    page = sandboxed.page_in_phone("/bridge/", person=manager)
    page.on("dialog", lambda dialog: dialog.accept())
    page.evaluate("history.pushState({}, '', '/bridge/?slot=8')")

    assert call(page, "openGroupWithLink", sandboxed.company.groups()[0], LINK) is True


def test_outside_the_client_everything_answers_not_here(open_page, sandboxed, manager):
    page = open_page("/bridge/", user=manager)

    assert nothing_here(page)


def test_without_a_wecom_everything_answers_not_here(open_page, manager, settings):
    settings.WECOM_CORP_ID = ""
    page = open_page("/bridge/", user=manager)

    assert page.locator("script[data-ww-config]").count() == 0
    assert nothing_here(page)


def test_with_the_real_sdk_outside_the_client_everything_answers_not_here(open_page, manager, sandboxed, settings):
    settings.WECOM_JSSDK_URL = None
    page = open_page("/bridge/", user=manager)

    assert page.evaluate("ww.IS_WECOM_SDK") is True
    assert nothing_here(page)


def test_when_wecom_is_down_everything_answers_not_here(sandboxed, manager, watch):
    watch.expect("503")
    page = sandboxed.page_in_phone("/account/", person=manager)
    sandboxed.company.control("settings", outage="down")
    sandboxed.reopen(page, "/bridge/", person=manager)

    assert nothing_here(page)


def nothing_here(page):
    answers = [
        call(page, "supports", "openExistedChatWithMsg"),
        call(page, "openGroupWithLink", "wr1", LINK),
        call(page, "sendToCurrentChat", {"msgtype": "text", "text": {"content": "早"}}),
        call(page, "currentChatId"),
    ]
    return answers == [False, None, None, None]


@pytest.mark.parametrize(
    ("agent", "supported"),
    [
        ("Mozilla/5.0 (Linux; Android 14) Mobile wxwork/3.1.7 MicroMessenger/7.0.1", False),
        ("Mozilla/5.0 (Linux; Android 14) Mobile wxwork/3.1.8 MicroMessenger/7.0.1", True),
        ("Mozilla/5.0 (Windows NT 10.0) wxwork/4.0.0 MicroMessenger/7.0.1", False),
        ("Mozilla/5.0 (Windows NT 10.0) wxwork/4.1.10 MicroMessenger/7.0.1", True),
    ],
)
def test_an_old_client_is_not_asked_for_what_it_cannot(sandboxed, manager, agent, supported):
    page = sandboxed.page_in_phone("/account/", person=manager)
    page.add_init_script(f"Object.defineProperty(navigator, 'userAgent', {{get: () => {agent!r}}})")
    sandboxed.reopen(page, "/bridge/", person=manager)

    assert call(page, "supports", "openExistedChatWithMsg") is supported
