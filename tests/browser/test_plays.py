"""拼团 and 1元购 in Chromium, phone size, both sides: a team forms, one is refunded, a friend brings a yuan back."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.utils import timezone

from campaigns.h5.session import COOKIE, remember
from campaigns.models import Campaign, GroupBuyTeam, Order, Referral, ReferralUse, Refund
from campaigns.services.fulfilling import complete_order, hand_over
from campaigns.services.group_buy.deciding import NOTICE_GRACE, settle_team, sweep_teams
from campaigns.services.one_yuan.referrals import settle_referrals
from tests.browser.conftest import PHONE
from tests.campaigns.playing import drive, group_buy, one_yuan
from tests.factories import MemberFactory, StaffFactory


def on_phone(open_page, live_server, member, address):
    """The member's own phone, logged in."""
    page = open_page("/h/left/", size=PHONE)
    answer = HttpResponse()
    remember(answer, member)
    page.context.add_cookies([{"name": COOKIE, "value": answer.cookies[COOKIE].value, "url": live_server.url}])
    page.goto(live_server.url + address)
    return page


def pay(page):
    page.get_by_role("button", name="去付款").click()
    page.locator("button[value=pay]").click()
    page.wait_for_url("**/h/orders/*/")


def live(campaign, **fields):
    now = timezone.now()
    Campaign.objects.filter(pk=campaign.pk).update(
        starts_at=now - timedelta(hours=1), ends_at=now + timedelta(days=9), pickup_from=now + timedelta(days=10),
        pickup_until=now + timedelta(days=10, hours=9), **fields,
    )  # fmt: skip
    return campaign


@pytest.fixture
def shot(request):
    """Keep a picture where `PLAYS_SHOTS` names a folder."""
    import os
    from pathlib import Path

    folder = os.environ.get("PLAYS_SHOTS")

    def take(page, name):
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return take


def test_a_team_forms_and_another_is_refunded(open_page, live_server, shot):
    campaign = live(group_buy(size=2, title="草莓 2 人拼团"))
    hua, wang, alone = (MemberFactory(name=name) for name in ("林小姐", "王先生", "周女士"))
    page = on_phone(open_page, live_server, hua, f"/h/{campaign.token}/")
    shot(page, "1-activity")
    page.get_by_role("button", name="我来开团").click()
    pay(page)
    page.get_by_role("link", name="看团的进度，邀请好友").click()
    shot(page, "2-team-open")
    invited = page.locator("#address").inner_text()
    team = GroupBuyTeam.objects.get()
    assert invited.endswith(f"/h/team/{team.token}/")

    friend = on_phone(open_page, live_server, wang, f"/h/team/{team.token}/")
    shot(friend, "3-invited")
    friend.get_by_role("button", name="我要参团").click()
    pay(friend)
    assert friend.locator(".pickup-code").inner_text() == Order.objects.get(member=wang).pickup_code
    settle_team(team_id=team.pk, at=timezone.now())
    page.reload()
    assert "已成团" in page.content()
    shot(page, "4-formed")

    third = on_phone(open_page, live_server, alone, f"/h/{campaign.token}/")
    third.get_by_role("button", name="我来开团").click()
    pay(third)
    over = GroupBuyTeam.objects.get(leader=alone)
    sweep_teams(at=over.expires_at + NOTICE_GRACE)
    drive(at=over.expires_at + NOTICE_GRACE)
    third.goto(f"{live_server.url}/h/team/{over.token}/")
    assert "这个团没有拼成" in third.content()
    shot(third, "5-refunded")
    assert Refund.objects.get().state == "done"

    staff = open_page(f"/campaigns/{campaign.pk}/play/", user=StaffFactory(), size=PHONE)
    assert "已成团" in staff.content()
    shot(staff, "6-staff")


def test_a_friend_brings_the_yuan_back(open_page, live_server, shot):
    campaign = live(one_yuan(title="新会员 1 元购", budget_fen=50_000))
    giver, friend = MemberFactory(name="许小姐"), MemberFactory(name="邱先生")
    page = on_phone(open_page, live_server, giver, f"/h/{campaign.token}/")
    page.locator(".pick").first.click()
    page.locator(".ways label", has_text="送货上门").click()
    page.get_by_role("button", name="多一份秋月梨").click()
    page.get_by_role("button", name="多一份秋月梨").click()
    assert page.locator("#freight-line").inner_text() == "含运费 6 元，再买 7.2 元包邮"
    shot(page, "7-chooser")
    page.locator(".ways label", has_text="到店自提").click()
    assert page.locator("#sum").inner_text() == "¥41.80"
    page.get_by_role("button", name="去下单").click()
    pay(page)
    shot(page, "8-order-and-link")

    first = Order.objects.get(member=giver)
    theirs = on_phone(open_page, live_server, friend, f"/h/friend/{Referral.objects.get(order=first).token}/")
    assert "许** 推荐您来" in theirs.content()
    theirs.locator(".pick").first.click()
    theirs.get_by_role("button", name="去下单").click()
    pay(theirs)
    theirs.goto(f"{live_server.url}/h/{campaign.token}/")
    assert "您的 1 元购已经下单" in theirs.content()
    shot(theirs, "9-had-hers")

    made = Order.objects.get(member=friend)
    now = timezone.now()
    hand_over(order=made, staff=StaffFactory(), at=now)
    complete_order(order_id=made.pk, at=now + timedelta(days=8))
    settle_referrals(at=now + timedelta(days=9))
    drive(at=now + timedelta(days=9))
    assert ReferralUse.objects.get().state == "settled"
    page.reload()
    assert "已退回您" in page.content()
    shot(page, "10-paid-back")

    staff = open_page(f"/campaigns/{campaign.pk}/play/", user=StaffFactory(), size=PHONE)
    assert "推荐已返还 ¥1.00" in staff.content()
    shot(staff, "11-staff")
    opening = open_page("/campaigns/new/one_yuan/", user=StaffFactory(), size=PHONE)
    shot(opening, "12-opening")
