"""Posts are checked before they go out; each finding says in Chinese what is wrong and why."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from communities.models import BannedWord, LintRule, PostTask, Slot
from communities.services.content import links
from communities.services.content.lint import Draft, check
from members.services.partitions import BUSINESS_ZONE
from tests.factories import (
    AssetFactory,
    CustomerGroupFactory,
    EntryCodeFactory,
    MaterialVersionFactory,
    ProductFactory,
    StoreFactory,
    StoreProductFactory,
)

DAY = date(2026, 11, 22)
HOURS = {1: 10, 2: 12, 3: 16, 4: 20}


def draft(version, *, group=None, store=None, day=DAY, slot=1, hour=None, key="one"):
    group = group or CustomerGroupFactory(store=store or StoreFactory())
    due_at = datetime(day.year, day.month, day.day, HOURS[slot] if hour is None else hour, tzinfo=BUSINESS_ZONE)
    return Draft(
        key=key, group_id=group.pk, store_id=group.store_id, version_id=version.pk, day=day, slot_number=slot,
        due_at=due_at,
    )  # fmt: skip


def findings(*drafts):
    return check(drafts, at=drafts[0].due_at - timedelta(hours=12))


def found(one):
    return [(f.check, f.severity, f.message) for f in findings(one)[one.key]]


def posted(group, version, *, day, slot, state="planned"):
    due_at = datetime(day.year, day.month, day.day, HOURS[slot], tzinfo=BUSINESS_ZONE)
    return PostTask.objects.create(
        group=group, store=group.store, day=day, slot=Slot.objects.get(number=slot), version=version, due_at=due_at,
        release_at=due_at, closes_at=due_at + timedelta(hours=1), state=state,
    )  # fmt: skip


@pytest.mark.django_db
def test_a_plain_post_has_nothing_wrong():
    assert found(draft(MaterialVersionFactory(pictures=[AssetFactory()]))) == []


@pytest.mark.django_db
def test_a_product_the_store_does_not_stock_is_blocked_once():
    mango = ProductFactory(name="贵妃芒")

    assert found(draft(MaterialVersionFactory(product=mango, text="{商品}{价格}{库存}"))) == [
        ("not_stocked", "block", "本店没有上架贵妃芒")
    ]


@pytest.mark.django_db
def test_a_product_taken_off_sale_and_one_sold_out_are_told_apart():
    off = StoreProductFactory(product__name="贵妃芒", on_sale=False)
    out = StoreProductFactory(product__name="榴莲", stock=0)

    assert found(draft(MaterialVersionFactory(product=off.product), store=off.store)) == [
        ("not_stocked", "block", "贵妃芒在本店已下架")
    ]
    assert found(draft(MaterialVersionFactory(product=out.product), store=out.store)) == [
        ("sold_out", "block", "榴莲在本店已售罄，库存为 0")
    ]


@pytest.mark.django_db
def test_a_price_that_is_not_the_stores_is_blocked():
    shelved = StoreProductFactory(product=ProductFactory(unit="jin"), price_fen=1990)
    version = MaterialVersionFactory(product=shelved.product, price_fen=1500)

    assert found(draft(version, store=shelved.store)) == [
        ("price_differs", "block", "素材写 15元/斤，本店卖 19.9元/斤")
    ]


@pytest.mark.django_db
def test_a_place_nobody_fills_is_blocked():
    messages = [message for _, _, message in found(draft(MaterialVersionFactory(text="{店铺}{接龙链接}{价格}{店长}")))]

    assert messages == [
        "不认识占位 {店铺}，请改成列表里有的", "这个时段还没有开接龙，{接龙链接} 没有内容",
        "素材没有选商品，{价格} 没有内容", "门店资料里没有，{店长} 没有内容",
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_small_picture_is_blocked():
    version = MaterialVersionFactory(pictures=[AssetFactory(), AssetFactory(width=1080, height=500)])

    assert found(draft(version)) == [
        ("low_resolution", "block", "第 2 张图只有 1080×500，短边至少要 640 像素，请换一张清楚的")
    ]


@pytest.mark.django_db
def test_words_are_told_apart_by_why_they_are_banned():
    BannedWord.objects.filter(word="顶级").update(reason="绝对化用语")

    assert found(draft(MaterialVersionFactory(text="顶 级榴莲，转发有奖"))) == [
        ("banned_word", "block", "“顶 级”属于违禁用语：绝对化用语"), ("inducement", "block", "“转发有奖”属于诱导分享"),
    ]  # fmt: skip


@pytest.mark.django_db
def test_a_stores_name_may_hold_what_an_author_may_not_write():
    assert found(draft(MaterialVersionFactory(text="{店名}上新"), store=StoreFactory(name="第一大道店"))) == []


@pytest.mark.django_db
def test_a_dead_link_is_blocked_and_one_never_tried_is_not():
    def gone(_address):
        raise links.FetchRefused("链接返回 404")

    links.check_links(["https://x.example/dead"], at=timezone.now(), probe=gone)
    dead = MaterialVersionFactory(link_url="https://x.example/dead", link_title="来")
    unknown = MaterialVersionFactory(link_url="https://x.example/never-tried", link_title="来")

    assert found(draft(dead)) == [("dead_link", "block", "链接打不开：链接返回 404（https://x.example/dead）")]
    assert found(draft(unknown)) == []


@pytest.mark.django_db
def test_what_is_past_its_day_and_a_code_out_of_use_are_blocked():
    code = EntryCodeFactory(status="retired")
    late = MaterialVersionFactory(expires_on=DAY - timedelta(days=1))
    last_day = MaterialVersionFactory(expires_on=DAY)
    pointing = MaterialVersionFactory(text=f"扫码 https://x.example/c/{code.token}/")

    assert found(draft(late)) == [("expired", "block", "素材有效期到 11月21日，11月22日已过期")]
    assert found(draft(last_day)) == []
    assert found(draft(pointing)) == [("expired", "block", "里面的渠道码已停用，顾客扫不开")]


@pytest.mark.django_db
@pytest.mark.parametrize(("hour", "is_quiet"), [(8, True), (9, False), (20, False), (21, True), (0, True)])
def test_nothing_goes_out_at_night(hour, is_quiet):
    checks = [check for check, _, _ in found(draft(MaterialVersionFactory(), hour=hour))]

    assert checks == (["quiet_hours"] if is_quiet else [])


@pytest.mark.django_db
def test_the_post_over_the_days_limit_is_blocked_and_the_earlier_ones_are_not():
    LintRule.objects.filter(check_name="day_limit").update(limit=2)
    group, version = CustomerGroupFactory(), MaterialVersionFactory()
    posted(group, version, day=DAY, slot=1)
    drafts = [draft(version, group=group, slot=slot, key=slot) for slot in (2, 3)]

    answer = findings(*drafts)

    assert [f.message for f in answer[2]] == []
    assert [f.message for f in answer[3]] == ["这是本群当天第 3 条，每天最多 2 条"]


@pytest.mark.django_db
def test_a_day_that_is_nearly_all_promotion_is_warned_of():
    group = CustomerGroupFactory()
    offer, tip = MaterialVersionFactory(material__theme="offer"), MaterialVersionFactory(material__theme="knowledge")
    for slot in (1, 2):
        posted(group, offer, day=DAY, slot=slot)

    assert found(draft(offer, group=group, slot=3)) == [
        ("promotion_share", "warn", "当天 3 条里有 3 条促销，占比超过 75%")
    ]
    assert found(draft(tip, group=group, slot=3)) == []


@pytest.mark.django_db
def test_a_withdrawn_post_counts_for_nothing():
    LintRule.objects.filter(check_name="day_limit").update(limit=1)
    group, version = CustomerGroupFactory(), MaterialVersionFactory()
    posted(group, version, day=DAY, slot=1, state="withdrawn")

    assert found(draft(version, group=group, slot=2)) == []


@pytest.mark.django_db
def test_a_picture_seen_lately_is_warned_of_even_when_saved_anew():
    group = CustomerGroupFactory()
    first = AssetFactory(phash=0)
    again = AssetFactory(phash=0b111)  # three bits of 64 apart
    posted(group, MaterialVersionFactory(pictures=[first]), day=DAY - timedelta(days=2), slot=1)
    version = MaterialVersionFactory(pictures=[again])

    assert found(draft(version, group=group)) == [("reused_image", "warn", "第 1 张图2 天前在本群用过，7 天内请换一张")]
    assert found(draft(version, group=CustomerGroupFactory(store=group.store))) == [
        ("reused_image", "warn", "第 1 张图2 天前在本店其他群用过，7 天内请换一张")
    ]
    assert found(draft(version)) == []


@pytest.mark.django_db
def test_the_same_weekday_a_week_later_is_no_reuse_and_nor_is_the_same_slot_in_other_groups():
    store = StoreFactory()
    groups = [CustomerGroupFactory(store=store) for _ in range(2)]
    version = MaterialVersionFactory(pictures=[AssetFactory()])
    posted(groups[0], version, day=DAY - timedelta(days=7), slot=1)
    posted(groups[0], version, day=DAY, slot=1)

    assert findings(*(draft(version, group=group, key=group.pk) for group in groups)) == {
        groups[0].pk: [], groups[1].pk: [],
    }  # fmt: skip


@pytest.mark.django_db
def test_two_drafts_of_one_day_see_each_other():
    group, version = CustomerGroupFactory(), MaterialVersionFactory(pictures=[AssetFactory()])

    answer = findings(*(draft(version, group=group, slot=slot, key=slot) for slot in (1, 4)))

    assert {key: [f.message for f in some] for key, some in answer.items()} == {
        1: [], 4: ["第 1 张图今天已经在本群用过，7 天内请换一张"],
    }  # fmt: skip


@pytest.mark.django_db
def test_what_hq_switched_off_is_not_said():
    LintRule.objects.update(severity="off")
    version = MaterialVersionFactory(
        text="顶级{店铺}",
        product=ProductFactory(),
        expires_on=DAY - timedelta(days=1),
        pictures=[AssetFactory(width=1)],
    )

    assert found(draft(version, hour=23)) == []


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_checking_costs_the_same_for_one_post_and_for_three(django_assert_num_queries, count):
    drafts = []
    for number in range(count):
        shelved = StoreProductFactory()
        version = MaterialVersionFactory(product=shelved.product, pictures=[AssetFactory()])
        drafts.append(draft(version, store=shelved.store, key=number))

    # rules; versions, pictures, managers, stores, shelf; words; posts of the day; look-alikes, carriers, recent posts
    with django_assert_num_queries(11):
        assert check(drafts, at=drafts[0].due_at) == {number: [] for number in range(count)}
