"""接龙 on a member's phone: the live page, joining in two taps, waiting, cancelling, and what bad input meets."""

import re

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Board, ChainUnit, ItemStock, Order, WaitEntry
from campaigns.names import mask_name
from stores.models import AuditEntry
from tests.campaigns.selling import AT, chain, goods, page_of, phone, pieces
from tests.factories import MemberFactory

IDS = re.compile(r'id="([\w-]+)"')
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
NOW = AT


@pytest.fixture
def campaign():
    return chain()


def joining(campaign, member, *, key="k1", **form):
    return phone(member).post(f"/h/{campaign.token}/join/", {"request_key": key, **form})


def test_joining_takes_the_goods_and_leads_to_the_pickup_code(campaign):
    stock = goods(campaign, quota=3)
    member = MemberFactory(name="陈小姐")

    response = joining(campaign, member, **{f"q-{stock.item_id}": "2"})

    made = Order.objects.get()
    assert response["Location"] == f"/h/orders/{made.token}/"
    assert (made.state, made.goods_fen, made.entry.number) == ("confirmed", 5_980, 1)
    page = page_of(campaign, MemberFactory())
    assert "陈**" in page
    assert "陈小姐" not in page
    assert "海南贵妃芒 ×2" in page


def test_a_piece_is_bought_at_the_price_of_its_weight(campaign):
    stock = pieces(campaign)
    third = stock.units.get(number=3)

    joining(campaign, MemberFactory(name="林"), unit=third.pk, **{f"seen-{third.pk}": third.price_fen})

    assert Order.objects.get().goods_fen == third.price_fen
    assert "林** 接走" in page_of(campaign, MemberFactory())


def test_a_piece_just_taken_is_said_so_and_nothing_moves(campaign):
    unit = pieces(campaign).units.get(number=1)
    joining(campaign, MemberFactory(), unit=unit.pk)

    loser = MemberFactory()
    client = phone(loser)
    response = client.post(f"/h/{campaign.token}/join/", {"request_key": "k2", "unit": unit.pk}, follow=True)

    assert "刚刚被别人选走了" in response.content.decode()
    assert not Order.objects.filter(member=loser).exists()


@pytest.mark.parametrize("wish", ["-1", "0.5", "9999999999", "１２", "x"])
def test_nonsense_quantities_are_refused_and_leave_a_trace(campaign, wish):
    stock = goods(campaign)

    response = phone(member := MemberFactory()).post(
        f"/h/{campaign.token}/join/", {"request_key": "k", f"q-{stock.item_id}": wish}, follow=True
    )

    assert "数量应为" in response.content.decode()
    assert not Order.objects.filter(member=member).exists()
    assert AuditEntry.objects.filter(action="campaign.claim_refused").count() == 1


def test_a_price_that_was_tampered_with_is_refused(campaign):
    unit = pieces(campaign).units.get(number=1)

    response = phone(MemberFactory()).post(
        f"/h/{campaign.token}/join/", {"request_key": "k", "unit": unit.pk, f"seen-{unit.pk}": "1"}, follow=True
    )

    assert "价格已变化" in response.content.decode()
    assert not Order.objects.exists()


def test_a_double_tap_is_one_order(campaign):
    stock = goods(campaign)
    member = MemberFactory()

    first = joining(campaign, member, **{f"q-{stock.item_id}": "1"})
    second = joining(campaign, member, **{f"q-{stock.item_id}": "1"})

    assert first["Location"] == second["Location"]
    assert Order.objects.count() == 1


def test_a_cancel_offers_the_piece_to_whoever_waits_first(campaign):
    stock = pieces(campaign, weights=(2310,))
    winner, waiter = MemberFactory(), MemberFactory()
    joining(campaign, winner, unit=stock.units.get().pk)
    phone(waiter).post(f"/h/{campaign.token}/wait/", {"stock": stock.pk})
    assert "候补中" in page_of(campaign, waiter)
    mine = Order.objects.get(member=winner)

    asked = phone(winner).get(f"/h/orders/{mine.token}/cancel/").content.decode()
    phone(winner).post(f"/h/orders/{mine.token}/cancel/")

    assert "您还没有付钱" in asked
    offer = Order.objects.get(member=waiter)
    assert "有人取消，这份轮到您了" in phone(waiter).get(f"/h/orders/{offer.token}/").content.decode()
    phone(waiter).post(f"/h/orders/{offer.token}/accept/")
    offer.refresh_from_db()
    assert (offer.state, offer.settling) == ("confirmed", "shop")
    assert WaitEntry.objects.get().state == "taken"


def test_leaving_the_queue_frees_the_place(campaign):
    stock = goods(campaign, quota=1, taken=1)
    member = MemberFactory()
    phone(member).post(f"/h/{campaign.token}/wait/", {"stock": stock.pk})

    phone(member).post(f"/h/{campaign.token}/wait/leave/", {"stock": stock.pk})

    assert WaitEntry.objects.get().state == "lapsed"


def test_paying_online_goes_to_the_provider_and_comes_back_confirmed(campaign):
    stock = goods(campaign)
    member = MemberFactory()
    joining(campaign, member, settling="online", **{f"q-{stock.item_id}": "1"})
    mine = Order.objects.get()
    assert "付款后才算接龙成功" in phone(member).get(f"/h/orders/{mine.token}/").content.decode()

    response = phone(member).post(f"/h/orders/{mine.token}/pay/")

    assert response["Location"].startswith("/pay/")


def test_somebody_elses_order_cannot_be_cancelled_paid_or_accepted(campaign):
    stock = goods(campaign)
    joining(campaign, MemberFactory(), **{f"q-{stock.item_id}": "1"})
    theirs = Order.objects.get()
    stranger = phone(MemberFactory())

    codes = [stranger.post(f"/h/orders/{theirs.token}/{deed}/").status_code for deed in ("cancel", "pay", "accept")]

    assert codes == [404, 404, 404]
    theirs.refresh_from_db()
    assert theirs.state == "confirmed"


@pytest.mark.parametrize("path", ["AAAAAAAAAAAAAAAAAAAAAA/", "AAAAAAAAAAAAAAAAAAAAAA/live/", "orders/AAAA/"])
def test_a_forged_link_gets_a_page_that_says_so(path):
    response = phone(MemberFactory()).get(f"/h/{path}")

    assert response.status_code == 404
    assert "没有找到这个页面" in response.content.decode()


def test_a_draft_is_nobodys_page_yet():
    draft = chain(state="draft")

    assert phone(MemberFactory()).get(f"/h/{draft.token}/").status_code == 404


def test_after_the_cutoff_the_page_stays_and_takes_nothing(campaign):
    stock = goods(campaign)
    with time_machine.travel(campaign.ends_at, tick=False):
        page = page_of(campaign, MemberFactory())
        response = joining(campaign, MemberFactory(), **{f"q-{stock.item_id}": "1"})

    assert "活动已结束" in page
    assert "立即接龙" not in page
    assert response["Location"].startswith(f"/h/{campaign.token}/")
    assert not Order.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_drawing_takes_the_same_queries_for_any_number_and_once_per_change(campaign, count):
    for _ in range(count):
        goods(campaign)
    stock = pieces(campaign)
    for number in range(1, count + 1):
        joining(campaign, MemberFactory(), unit=stock.units.get(number=number).pk)
    viewer = MemberFactory()

    with CaptureQueriesContext(connection) as first:
        page_of(campaign, viewer)
    with CaptureQueriesContext(connection) as second:
        page_of(campaign, viewer)

    # member, campaign, list, queue, its state, [list again, goods, pieces, entries, their lines, how many], my orders
    assert (len(first), len(second)) == (12, 6)


def test_the_list_is_told_again_only_when_it_changed(campaign):
    stock = goods(campaign)
    client = phone()
    first = client.get(f"/h/{campaign.token}/live/")
    tag = first["X-Board"]
    assert client.get(f"/h/{campaign.token}/live/?v={tag}").status_code == 204

    joining(campaign, MemberFactory(name="豆豆妈妈"), **{f"q-{stock.item_id}": "1"})
    changed = client.get(f"/h/{campaign.token}/live/?v={tag}")

    assert changed.status_code == 200
    assert "豆豆**" in changed.content.decode()
    ids = set(IDS.findall(changed.content.decode()))
    assert {"count", "rows", f"left-{stock.pk}"} <= ids <= set(IDS.findall(page_of(campaign, MemberFactory())))


def test_pausing_is_a_change_of_the_list_too(campaign):
    board = Board.objects.get()
    before = phone().get(f"/h/{campaign.token}/live/")["X-Board"]

    type(campaign).objects.update(state="paused")

    assert phone().get(f"/h/{campaign.token}/live/")["X-Board"] != before
    assert Board.objects.get() == board


def test_pieces_withdrawn_are_not_shown(campaign):
    stock = pieces(campaign, weights=(2000, 2100))
    ChainUnit.objects.filter(number=2).update(withdrawn_at=AT)
    ItemStock.objects.filter(pk=stock.pk).update(quota=1)

    page = page_of(campaign, MemberFactory())

    assert "1号" in page
    assert "2号" not in page


@pytest.mark.parametrize(
    ("name", "masked"),
    [("", "顾客"), ("林", "林**"), ("张三", "张**"), ("林小姐", "林**"), ("陈小姐姐", "陈小**"), ("Wendy", "W**y"),
     ("Al", "A**"), ("👑王", "👑**"), ("  李四 ", "李**")],
)  # fmt: skip
def test_a_name_is_masked(name, masked):
    assert mask_name(name) == masked


def test_the_first_screen_is_light(campaign):
    pieces(campaign)
    goods(campaign)

    size = len(page_of(campaign, MemberFactory()).encode())
    static = settings.BASE_DIR / "static"
    files = sum((static / name).stat().st_size for name in ("h5.css", "h5.js", "h5-chain.css", "h5-chain.js"))
    assert size + files < 60_000  # pictures of the first screen have the rest of 100 KB
