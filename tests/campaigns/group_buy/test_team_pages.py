"""拼团 on a phone: opening, joining, inviting, and every way it can be over."""

import pytest

from campaigns.models import Campaign, GroupBuyTeam
from campaigns.services.group_buy.deciding import NOTICE_GRACE, sweep_teams
from tests.campaigns.playing import AT, HOUR, MINUTE, bought, group_buy, order, team_of
from tests.campaigns.selling import page_of, phone
from tests.factories import MemberFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
NOW = AT + MINUTE


def team_page(team, member=None):
    return phone(member or MemberFactory()).get(f"/h/team/{team.token}/").content.decode()


def join(campaign, member, **fields):
    data = {"item": campaign.item.pk, "request_key": "k", "s": campaign.store.code} | fields
    return phone(member).post(f"/h/{campaign.token}/team-up/", data)


def test_the_page_says_the_price_the_number_the_time_and_what_happens_if_it_does_not_form():
    page = page_of(group_buy(terms={"leader_price_fen": 890}))

    for words in ("¥9.90", "单买 ¥15.90", "3 人团", "2 小时内付款满", "全部原路退回", "开团价", "¥8.90", "我来开团"):
        assert words in page


def test_opening_a_team_leads_to_paying():
    campaign, member = group_buy(terms={"leader_price_fen": 890}), MemberFactory()

    response = join(campaign, member)

    made = member.orders.get()
    assert response["Location"] == f"/h/orders/{made.token}/"
    assert (made.goods_fen, team_of(made).leader) == (890, member)


def test_an_invitation_shows_masked_names_the_clock_and_one_button():
    campaign = group_buy()
    team = team_of(bought(campaign, MemberFactory(name="林小姐")))
    order(campaign, MemberFactory(name="王先生"), team=team)  # has not paid: nobody sees her yet

    page = team_page(team)

    assert "林**" in page
    assert "团长" in page
    assert "林小姐" not in page
    assert "王" not in page
    assert "我要参团" in page
    assert 'data-seconds="7140"' in page


def test_a_member_of_the_team_finds_the_link_to_invite_with_and_can_leave():
    made = bought(group_buy())
    client = phone(made.member)

    assert "复制邀请链接" in client.get(f"/h/team/{team_of(made).token}/").content.decode()
    own = client.get(f"/h/orders/{made.token}/").content.decode()
    assert "拼团中" in own
    assert "看团的进度，邀请好友" in own
    client.post(f"/h/orders/{made.token}/cancel/")
    assert "没有拼成" in team_page(team_of(made), made.member)
    made.refresh_from_db()
    assert made.state == "cancelled"


def test_a_full_team_says_so_and_offers_to_open_another():
    campaign = group_buy(size=2)
    team = team_of(bought(campaign))
    bought(campaign, team=team)

    response = join(campaign, late := MemberFactory(), team=team.token)

    assert response["Location"] == f"/h/team/{team.token}/"
    page = team_page(team, late)
    assert "已成团" in page
    assert "自己开一个团" in page


def test_a_team_that_did_not_form_says_where_the_money_is():
    made = bought(group_buy())
    team = team_of(made)
    sweep_teams(at=team.expires_at + NOTICE_GRACE)

    page = team_page(team, made.member)

    assert "这个团没有拼成" in page
    assert "您付的 ¥9.90 已安排原路退回" in page


def test_a_team_completed_by_the_house_shows_only_who_paid():
    made = bought(group_buy(terms={"completes_virtually_from": 1}))
    team = team_of(made)
    sweep_teams(at=team.expires_at + NOTICE_GRACE)

    page = team_page(team)

    assert "人数没满，本店照样按拼团价给您" in page
    assert page.count('<li><span class="face') == 1


@pytest.mark.parametrize(("fields", "said"), [
    ({"state": Campaign.State.PAUSED}, "活动暂停中"), ({"state": Campaign.State.ENDED}, "活动已结束"),
    ({"killed_at": AT}, "活动已停止"), ({"starts_at": AT + HOUR}, "活动还没开始"),
])  # fmt: skip
def test_a_closed_activity_says_why_and_shows_no_button(fields, said):
    campaign = group_buy()
    Campaign.objects.filter(pk=campaign.pk).update(**fields)

    page = page_of(campaign)

    assert said in page
    assert "我来开团" not in page


def test_sold_out_is_said():
    campaign = group_buy(quota=1)
    bought(campaign)

    assert "这次的份数已抢完" in page_of(campaign)


@pytest.mark.parametrize(
    "fields", [{"item": "x"}, {"item": "999"}, {"item": "9" * 30}, {"team": "forged"}, {"request_key": ""}]
)
def test_a_forged_form_moves_nothing_and_says_something(fields):
    campaign, member = group_buy(), MemberFactory()

    client = phone(member)
    data = {"item": campaign.item.pk, "request_key": "k", "s": campaign.store.code} | fields
    page = client.post(f"/h/{campaign.token}/team-up/", data, follow=True).content.decode()

    assert "said-error" in page
    assert not member.orders.exists()
    assert not GroupBuyTeam.objects.exists()


def test_a_team_nobody_knows_is_a_page_of_ours():
    response = phone(MemberFactory()).get("/h/team/nothing/")

    assert response.status_code == 404
    assert "没有找到这个页面" in response.content.decode()


@pytest.mark.parametrize("teams", [1, 3])
def test_the_page_costs_the_same_whatever_the_number_of_teams(teams, django_assert_num_queries):
    campaign, client = group_buy(), phone(MemberFactory())
    for _ in range(teams):
        bought(campaign)

    with django_assert_num_queries(7):
        page = client.get(f"/h/{campaign.token}/").content.decode()

    assert page.count("去参团") == teams
