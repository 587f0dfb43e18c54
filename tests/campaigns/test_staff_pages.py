"""活动 on the manager's phone: a 接龙 in a minute, pieces, pick-up, the lists, the switches; and whose they are."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from campaigns import links
from campaigns.models import Campaign, ChainUnit, ItemStock, Order, WaitEntry
from campaigns.services import opening
from communities.models import PostEntry, Slot, StorePost
from communities.order_links import Wanted as WantedLink
from tests.campaigns.selling import AT, chain, goods, order, phone, pieces
from tests.factories import (
    CustomerGroupFactory,
    GuideFactory,
    ManagerFactory,
    MemberFactory,
    ProductFactory,
    StaffFactory,
    StoreProductFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    cache.clear()
    with time_machine.travel(AT, tick=False):
        yield
    cache.clear()


@pytest.fixture
def manager():
    return ManagerFactory(name="王芳")


@pytest.fixture
def hers(client, manager):
    client.force_login(manager)
    return client


def jpeg():
    out = io.BytesIO()
    Image.effect_noise((1600, 1200), 80).convert("RGB").save(out, "JPEG")
    return SimpleUploadedFile("photo.jpg", out.getvalue(), "image/jpeg")


def choices(client, **fields):
    page = client.get("/campaigns/new/")
    form = page.context["form"]
    return {"ends_at": form.cutoffs()[0][0], "pickup": form.pickups()[1][0], "settling": "either"} | {
        f"item{n}-by_piece": "" for n in range(4)
    } | fields  # fmt: skip


def test_a_chain_by_portions_is_open_with_one_form_and_stands_in_the_next_slot(hers, manager):
    CustomerGroupFactory(store=manager.store)
    mango = StoreProductFactory(store=manager.store).product
    form = choices(hers, **{"item0-product": mango.pk, "item0-price": "29.9", "item0-quota": "40", "posts": "on"})

    response = hers.post("/campaigns/new/", form)

    made = Campaign.objects.get()
    assert response["Location"] == f"/campaigns/{made.pk}/"
    assert (made.state, made.title, made.store) == ("live", f"{mango.name}接龙", manager.store)
    assert ItemStock.objects.get().quota == 40
    post = StorePost.objects.get()
    assert post.slot == Slot.objects.order_by("number").filter(at__gt=AT.time()).first()
    assert post.material.current.link_url == "{接龙链接}"
    wanted = WantedLink(manager.store_id, mango.pk, post.day, post.slot_id)
    assert links.order_pages([wanted]) == {wanted: opening.address_of(made)}


def test_pieces_are_photographed_weighed_and_priced_then_published(hers, manager):
    durian = StoreProductFactory(store=manager.store, product=ProductFactory(name="猫山王榴莲")).product
    form = choices(hers, **{"item0-product": durian.pk, "item0-by_piece": "1", "item0-price": "39.8"})
    response = hers.post("/campaigns/new/", form)
    made = Campaign.objects.get()
    assert response["Location"] == f"/campaigns/{made.pk}/pieces/"
    stock = ItemStock.objects.get()

    for weight in ("4.62", "5"):
        hers.post(response["Location"], {"stock": stock.pk, "weight": weight, "photo": jpeg()})
    hers.post(f"/campaigns/{made.pk}/publish/")

    made.refresh_from_db()
    assert made.state == "live"
    units = list(ChainUnit.objects.order_by("number"))
    assert [(unit.number, unit.weight_g, unit.price_fen) for unit in units] == [(1, 2_310, 18_388), (2, 2_500, 19_900)]
    small = hers.get(units[0].photo.url.replace(".jpg", "-small.jpg"))
    assert small.status_code == 200
    assert len(b"".join(small.streaming_content)) < 60_000


@pytest.mark.parametrize(("field", "value"), [("weight", "0"), ("weight", "-3"), ("weight", "500"), ("price", "0")])
def test_an_impossible_piece_is_refused_with_words(hers, manager, field, value):
    campaign = chain(store=manager.store, state="draft")
    stock = pieces(campaign, weights=(2000,))

    response = hers.post(f"/campaigns/{campaign.pk}/pieces/", {"stock": stock.pk, "weight": "4", field: value})

    assert response.status_code == 422
    assert ChainUnit.objects.count() == 1


def test_a_chain_with_nothing_in_it_does_not_start(hers, manager):
    campaign = chain(store=manager.store, state="draft")
    pieces(campaign, weights=())

    response = hers.post(f"/campaigns/{campaign.pk}/publish/", follow=True)

    campaign.refresh_from_db()
    assert campaign.state == "draft"
    assert "还没有东西可卖" in response.content.decode()


def test_a_form_without_anything_says_what_is_missing(hers):
    response = hers.post("/campaigns/new/", {f"item{n}-by_piece": "" for n in range(4)} | {"settling": "shop"})

    assert response.status_code == 422
    assert not Campaign.objects.exists()


def test_a_piece_nobody_has_can_be_withdrawn_and_a_taken_one_not(hers, manager):
    campaign = chain(store=manager.store)
    stock = pieces(campaign, weights=(2000, 2100))
    first, second = stock.units.order_by("number")
    phone(MemberFactory()).post(f"/h/{campaign.token}/join/", {"request_key": "k", "unit": first.pk})

    hers.post(f"/campaigns/{campaign.pk}/pieces/{second.pk}/withdraw/")
    refused = hers.post(f"/campaigns/{campaign.pk}/pieces/{first.pk}/withdraw/", follow=True)

    stock.refresh_from_db()
    assert (stock.quota, stock.taken) == (1, 1)
    assert "已经有人接走了" in refused.content.decode()


def test_the_switches_pause_resume_end_and_stop(hers, manager):
    campaign = chain(store=manager.store)

    states = []
    for deed in ("pause", "resume", "end"):
        hers.post(f"/campaigns/{campaign.pk}/{deed}/")
        campaign.refresh_from_db()
        states.append(campaign.state)
    again = chain(store=manager.store)
    hers.post(f"/campaigns/{again.pk}/kill/", {"reason": "价格写错"})
    again.refresh_from_db()

    assert states == ["paused", "live", "ended"]
    assert again.killed_at == AT


def test_a_rerun_offers_first_to_whom_yesterday_left_out_in_their_order(hers, manager):
    campaign = chain(store=manager.store)
    stock = pieces(campaign, weights=(2000,))
    phone(MemberFactory()).post(f"/h/{campaign.token}/join/", {"request_key": "k", "unit": stock.units.get().pk})
    first, second, third = MemberFactory(), MemberFactory(), MemberFactory()
    for place, member in enumerate((first, second, third)):
        with time_machine.travel(AT + timedelta(minutes=place), tick=False):
            phone(member).post(f"/h/{campaign.token}/wait/", {"stock": stock.pk})
    hers.post(f"/campaigns/{campaign.pk}/end/")
    assert "3</b> 位没接上" in hers.get(f"/campaigns/{campaign.pk}/").content.decode()

    response = hers.post(f"/campaigns/{campaign.pk}/rerun/")
    again = Campaign.objects.get(rerun_of=campaign)
    assert response["Location"] == f"/campaigns/{again.pk}/pieces/"
    assert (again.state, again.ends_at) == ("draft", campaign.ends_at + timedelta(days=1))
    for weight in ("4", "5"):
        hers.post(response["Location"], {"stock": ItemStock.objects.get(item__campaign=again).pk, "weight": weight})
    hers.post(f"/campaigns/{again.pk}/publish/")

    offered = Order.objects.filter(campaign=again).order_by("pk")
    assert [(one.member, one.state) for one in offered] == [(first, "reserved"), (second, "reserved")]
    assert WaitEntry.objects.get(stock__item__campaign=again, state="waiting").member == third


def test_a_second_rerun_is_the_same_draft(hers, manager):
    campaign = chain(store=manager.store, state="ended")
    goods(campaign)

    hers.post(f"/campaigns/{campaign.pk}/rerun/")
    hers.post(f"/campaigns/{campaign.pk}/rerun/")

    assert campaign.reruns.count() == 1


def test_hq_publishes_a_template_and_a_store_opens_from_it(client, manager):
    apple = StoreProductFactory(store=manager.store).product
    client.force_login(StaffFactory())
    client.post("/campaigns/new/", choices(client, **{
        "item0-product": apple.pk, "item0-price": "12.5", "item0-quota": "1", "title": "周末苹果接龙",
        "needs_approval": "on",
    }))  # fmt: skip
    template = Campaign.objects.get(is_template=True)
    assert template.state == "live"

    client.force_login(manager)
    page = client.get(f"/campaigns/new/?template={template.pk}").content.decode()
    client.post(f"/campaigns/new/?template={template.pk}", choices(client, **{
        "item0-product": apple.pk, "item0-price": "12.5", "item0-quota": "30", "title": "周末苹果接龙",
    }))  # fmt: skip

    assert "12.5" in page
    opened = Campaign.objects.get(template=template)
    assert opened.state == "awaiting"
    client.force_login(StaffFactory())
    client.post(f"/campaigns/{opened.pk}/approve/")
    opened.refresh_from_db()
    assert opened.state == "live"


def test_pickup_by_four_digits_hands_over_once_and_books_the_money(hers, manager):
    campaign = chain(store=manager.store)
    stock = goods(campaign)
    phone(MemberFactory(name="陈小姐")).post(
        f"/h/{campaign.token}/join/", {"request_key": "k", f"q-{stock.item_id}": "2"}
    )
    made = Order.objects.get()

    found = hers.post("/campaigns/redeem/", {"code": made.pickup_code})
    page = hers.get(found["Location"]).content.decode()
    hers.post(found["Location"])
    twice = hers.post(found["Location"], follow=True).content.decode()

    made.refresh_from_db()
    assert "已收 ¥59.80，交货" in page
    assert (made.state, made.paid_fen, made.fulfilled_by) == ("fulfilled", 5_980, manager)
    assert "不能取货" in twice


def test_another_stores_code_is_refused(hers):
    theirs = order(goods(chain()), MemberFactory())

    assert hers.get(f"/campaigns/redeem/{theirs.token}/").status_code == 404
    assert "没有这个取货码" in hers.post("/campaigns/redeem/", {"code": "4711"}, follow=True).content.decode()
    theirs.refresh_from_db()
    assert theirs.state == "confirmed"


@pytest.mark.parametrize("path", ["", "print/", "copy/", "pieces/", "paste/"])
def test_another_stores_campaign_is_not_found(hers, path):
    theirs = chain()

    assert hers.get(f"/campaigns/{theirs.pk}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["new/", "{pk}/pieces/", "{pk}/paste/"])
def test_a_guide_looks_and_hands_over_but_does_not_run(client, manager, path):
    campaign = chain(store=manager.store)
    client.force_login(GuideFactory(store=manager.store))

    assert client.get(f"/campaigns/{path.format(pk=campaign.pk)}").status_code == 404
    assert client.post(f"/campaigns/{campaign.pk}/kill/").status_code == 404
    assert client.get(f"/campaigns/{campaign.pk}/").status_code == 200
    assert client.get("/campaigns/redeem/").status_code == 200


def test_cancelling_for_a_member_gives_her_the_reason(hers, manager):
    campaign = chain(store=manager.store)
    member = MemberFactory()
    made = order(goods(campaign, taken=1), member)

    hers.post(f"/campaigns/{campaign.pk}/orders/{made.pk}/cancel/", {"reason": "这一箱坏了"})

    assert "这一箱坏了" in phone(member).get(f"/h/orders/{made.token}/").content.decode()


def test_the_lists_to_print_and_to_copy_say_what_to_take_and_for_whom(hers, manager):
    campaign = chain(store=manager.store)
    mango, durian = goods(campaign), pieces(campaign)
    unit = durian.units.get(number=3)
    join = f"/h/{campaign.token}/join/"
    phone(MemberFactory(name="林小姐")).post(join, {"request_key": "a", f"q-{mango.item_id}": "2", "unit": unit.pk})
    phone(MemberFactory(name="陈")).post(join, {"request_key": "b", f"q-{mango.item_id}": "1"})
    phone(gone := MemberFactory(name="张三")).post(join, {"request_key": "c", f"q-{mango.item_id}": "1"})
    phone(gone).post(f"/h/orders/{Order.objects.get(member=gone).token}/cancel/")

    printed = hers.get(f"/campaigns/{campaign.pk}/print/").content.decode()
    copied = hers.get(f"/campaigns/{campaign.pk}/copy/").context["text"]

    assert '<td class="right num"><b>3</b></td>' in printed
    assert "3号 3.98斤" in printed
    assert "张三" not in printed
    assert copied.splitlines() == [
        "#接龙 猫山王榴莲接龙", "1. 林小姐 海南贵妃芒 ×2、猫山王榴莲 3号", "2. 陈 海南贵妃芒 ×1",
        "3. 张三 海南贵妃芒 ×1 取消",
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_campaigns_takes_the_same_queries_for_any_number(hers, manager, count, django_assert_num_queries):
    for _ in range(count):
        goods(chain(store=manager.store))

    with django_assert_num_queries(5):  # session, person, her store, how many, rows
        hers.get("/campaigns/")


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_a_campaign_takes_the_same_queries_for_any_number(hers, manager, count, django_assert_num_queries):
    campaign = chain(store=manager.store)
    for _ in range(count):
        order(goods(campaign), MemberFactory(), pickup_code="")

    with django_assert_num_queries(8):
        hers.get(f"/campaigns/{campaign.pk}/")


def test_an_order_link_leads_to_the_running_chain_of_that_store_and_product(manager):
    campaign = chain(store=manager.store)
    stock = goods(campaign)
    day = AT.date()
    wanted = [
        WantedLink(manager.store_id, None, day, 2),
        WantedLink(manager.store_id, stock.item.product_id, day, 2),
        WantedLink(manager.store_id, ProductFactory().pk, day, 2),
        WantedLink(manager.store_id, None, day + timedelta(days=3), 2),
    ]

    found = links.order_pages(wanted)

    assert found == dict.fromkeys(wanted[:2], opening.address_of(campaign))


def test_communities_hears_of_entries_and_of_those_taken_back(manager):
    campaign = chain(store=manager.store)
    stock = goods(campaign)
    member = MemberFactory()
    phone(member).post(f"/h/{campaign.token}/join/", {"request_key": "k", "l": "abc", f"q-{stock.item_id}": "1"})
    entry = PostEntry.objects.get()
    assert (entry.member, entry.link, entry.withdrawn_at) == (member, "abc", None)

    phone(member).post(f"/h/orders/{Order.objects.get().token}/cancel/")

    entry.refresh_from_db()
    assert entry.withdrawn_at == AT
