"""The kill switch: within a minute nothing is claimed, held, queued for, teamed up for or posted; no fen is lost."""

from functools import partial

import pytest

from campaigns import links, tasks
from campaigns.errors import CampaignClosed, OrderRefusal
from campaigns.models import (
    CampaignPost,
    FirstOrder,
    GroupBuyTeam,
    LedgerEntry,
    Order,
    ReferralUse,
    Refund,
    WaitEntry,
)
from campaigns.services import launching, opening, stopping, waiting
from campaigns.services.cancelling import cancel_by_member
from communities.models import Material, PostContent, PostTask, StorePost
from communities.order_links import Wanted as WantedLink
from communities.services.cadence.materialising import materialise
from stores.models import AuditEntry
from tests.campaigns.playing import AT, HOUR, bought, group_buy, money, one_yuan, opened, order, paid, team_of, tell
from tests.campaigns.selling import phone
from tests.factories import CampaignFactory, CustomerGroupFactory, ManagerFactory, MemberFactory, StoreProductFactory
from tests.racing import race

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
NOW = AT


def kill(campaign, *, at=AT):
    launching.kill(campaign=campaign, by=None, reason="价格写错", at=at)


def test_what_is_held_is_released_and_what_is_confirmed_stands():
    campaign = CampaignFactory()
    held, confirmed = order(campaign), bought(campaign)

    kill(campaign)
    tasks.fast_clear_stopped()

    held.refresh_from_db()
    assert (held.state, held.end_reason) == ("cancelled", "活动已停止")
    assert money(confirmed) == ("confirmed", 1_990, 0)
    campaign.stock.refresh_from_db()
    assert campaign.stock.taken == 1


def test_the_queue_is_over_and_an_offer_is_withdrawn_and_passed_on_to_nobody():
    campaign = CampaignFactory(item__quota=1)
    first = order(campaign)
    waiters = [MemberFactory() for _ in range(2)]
    for waiter in waiters:
        waiting.join_queue(stock=campaign.stock, member=waiter, quantity=1, at=AT)
    cancel_by_member(order=first, member=first.member, at=AT)
    offer = Order.objects.get(member=waiters[0])

    kill(campaign)
    with pytest.raises(OrderRefusal, match="活动已停止"):
        waiting.accept_offer(order=offer, at=AT)
    tasks.fast_clear_stopped()

    assert list(WaitEntry.objects.order_by("pk").values_list("state", flat=True)) == ["lapsed", "lapsed"]
    assert set(Order.objects.values_list("state", flat=True)) == {"cancelled"}
    campaign.stock.refresh_from_db()
    assert campaign.stock.taken == 0


def test_teams_that_are_forming_are_over_and_everybody_is_refunded():
    campaign = group_buy(size=3)
    leader = bought(campaign)
    member = bought(campaign, team=team_of(leader))
    unpaid = order(campaign, team=team_of(leader))
    formed = [bought(campaign)]
    formed += [bought(campaign, team=team_of(formed[0])) for _ in range(2)]

    kill(campaign)
    tasks.fast_clear_stopped()

    assert [money(each) for each in (leader, member, unpaid)] == [("cancelled", 990, 990)] * 2 + [("cancelled", 0, 0)]
    assert {money(each) for each in formed} == {("confirmed", 990, 0)}
    assert list(GroupBuyTeam.objects.order_by("pk").values_list("state", flat=True)) == ["expired", "succeeded"]


def test_money_for_a_first_order_that_comes_after_the_kill_goes_back_and_frees_the_persons_one_time():
    campaign = one_yuan()
    giver = bought(campaign)
    friend = order(campaign, extra={"referral": giver.referral.token})
    payment = opened(friend)

    kill(campaign)
    outcome = tell(payment)

    assert outcome == "refunded"
    assert money(friend) == ("cancelled", 100, 100)
    assert FirstOrder.objects.get(order=friend).released_at == AT
    assert ReferralUse.objects.get().state == "void"
    assert order(one_yuan(), friend.member).state == "reserved"


@pytest.fixture
def manager():
    manager = ManagerFactory()
    for _ in range(2):
        CustomerGroupFactory(store=manager.store)
    return manager


@pytest.fixture
def posted(manager):
    """A 接龙 whose card stands in the next slot of both groups."""
    campaign = CampaignFactory(store=manager.store)
    StoreProductFactory(store=manager.store, product=campaign.item.product)
    opening.post_to_groups(campaign=campaign, store=manager.store, by=manager, at=AT)
    materialise(day=AT.date(), at=AT)
    return campaign


def states():
    return sorted(PostTask.objects.values_list("state", flat=True))


def test_posts_not_released_yet_leave_their_slot(posted):
    assert states() == ["planned", "planned"]

    kill(posted)
    tasks.fast_clear_stopped()

    assert states() == ["withdrawn", "withdrawn"]
    assert not StorePost.objects.exists()
    assert CampaignPost.objects.get().withdrawn_at == AT
    assert materialise(day=AT.date(), at=AT).created == 0
    assert states() == ["withdrawn", "withdrawn"]


def test_a_post_that_is_out_and_not_sent_is_skipped_with_the_reason(posted):
    out = PostTask.objects.order_by("pk").first()
    content = PostContent.objects.create(store=posted.store, version=out.version, day=out.day, slot=out.slot)
    PostTask.objects.filter(pk=out.pk).update(state="released", released_at=AT, channel="assisted", content=content)

    kill(posted)
    tasks.fast_clear_stopped()

    out.refresh_from_db()
    assert (out.state, out.skip_reason, out.skip_note, out.done_by) == ("skipped", "other", "活动已停止", None)
    assert states() == ["skipped", "withdrawn"]


def test_a_post_leads_to_the_campaign_it_was_made_for_and_to_nothing_once_that_is_stopped(posted, manager):
    team = group_buy(store=manager.store, item={"product": posted.item.product})
    opening.post_to_groups(campaign=team, store=manager.store, by=manager, at=AT)
    wanted = [WantedLink(manager.store_id, posted.item.product_id, post.day, post.slot_id)
              for post in StorePost.objects.order_by("slot")]  # fmt: skip

    assert links.order_pages(wanted) == dict(zip(wanted, map(opening.address_of, [posted, team]), strict=True))

    kill(posted)
    kill(team)
    assert links.order_pages(wanted) == {}


def test_another_campaigns_post_stays(posted, manager):
    other = CampaignFactory(store=manager.store)
    opening.post_to_groups(campaign=other, store=manager.store, by=manager, at=AT)

    kill(posted)
    tasks.fast_clear_stopped()

    assert StorePost.objects.get().material == Material.objects.get(pk=other.posts.get().material_id)


@pytest.mark.parametrize("make", [CampaignFactory, group_buy, one_yuan])
def test_every_page_says_that_it_is_stopped_and_what_becomes_of_the_money(make):
    campaign = make()
    member = MemberFactory()
    kill(campaign)

    page = phone(member).get(f"/h/{campaign.token}/").content.decode()

    assert "活动已停止" in page
    assert "钱原路退回" in page
    assert "立即接龙" not in page
    assert page.count("<form") <= 1


def test_a_second_kill_changes_nothing_but_the_trail():
    campaign = CampaignFactory()
    order(campaign)
    kill(campaign)
    tasks.fast_clear_stopped()
    before = list(Order.objects.values())

    kill(campaign, at=AT + HOUR)
    tasks.fast_clear_stopped(campaign_id=campaign.pk)

    campaign.refresh_from_db()
    assert campaign.killed_at == AT
    assert list(Order.objects.values()) == before
    assert AuditEntry.objects.filter(action="campaign.killed").count() == 2


def test_a_campaign_that_is_not_stopped_is_left_alone():
    campaign = CampaignFactory()
    held = order(campaign)

    stopping.clear_stopped(campaign_id=campaign.pk, at=AT)

    held.refresh_from_db()
    assert (held.state, stopping.stopped_campaigns(limit=9)) == ("reserved", [])


def test_the_switch_itself_sets_the_clearing_off(monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.fast_clear_stopped, "delay_on_commit", lambda **given: sent.append(given))
    campaign = CampaignFactory()

    kill(campaign)

    assert sent == [{"campaign_id": campaign.pk}]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", [CampaignFactory, group_buy, one_yuan])
def test_a_payment_racing_the_kill_is_kept_whole_or_goes_back_whole(make):
    for _ in range(3):
        campaign = make()
        payments = [opened(order(campaign)) for _ in range(3)]

        def stop(campaign=campaign):
            kill(campaign)
            return stopping.clear_stopped(campaign_id=campaign.pk, at=AT)

        race(stop, stop, *(partial(tell, payment) for payment in payments))
        stopping.clear_stopped(campaign_id=campaign.pk, at=AT)

        for payment in payments:
            state, fen, promised = money(payment.order)
            assert (state, fen - promised) in {("confirmed", payment.amount_fen), ("cancelled", 0)}
            assert fen == payment.amount_fen
        campaign.stock.refresh_from_db()
        assert campaign.stock.taken == Order.objects.filter(campaign=campaign, state="confirmed").count()


@pytest.mark.django_db(transaction=True)
def test_a_claim_under_way_at_that_moment_is_found_by_the_next_sweep():
    campaign = CampaignFactory()

    def stop():
        kill(campaign)
        return stopping.clear_stopped(campaign_id=campaign.pk, at=AT)

    race(stop, *[partial(order, campaign)] * 4)
    tasks.fast_clear_stopped()

    assert not Order.objects.exclude(state="cancelled").exists()
    campaign.stock.refresh_from_db()
    assert campaign.stock.taken == 0


def test_control_without_the_clearing_what_was_held_stays_held():
    campaign = CampaignFactory()
    held = order(campaign)

    kill(campaign)

    held.refresh_from_db()
    assert held.state == "reserved"
    with pytest.raises(CampaignClosed):
        order(campaign)
    assert not LedgerEntry.objects.exists()
    assert not Refund.objects.exists()


def test_paying_a_reservation_after_the_kill_is_refused_before_any_money_moves():
    campaign = CampaignFactory()
    held = order(campaign)
    kill(campaign)

    with pytest.raises(OrderRefusal, match="活动已停止"):
        paid(held)
