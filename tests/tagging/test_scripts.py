"""The script ladder and restraint (M13), in words."""

from datetime import timedelta

import pytest

from members.services.consents import record_consent
from tagging import knowledge, ladder
from tagging.models import MemberTaste, RecommenderModel, Talk, TasteAxis, TasteReading, Touch
from tagging.selectors.talks import advice_for
from tagging.services.touching import record_complaint, record_fact, record_touch, settle_complaint
from tagging.services.wording import word_rung
from tests.factories import ContactFactory, MemberFactory, StaffFactory, purchase
from tests.tagging.talking import FRIDAY, durian, guide_with_durian, regular

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept_knowledge(monkeypatch):
    monkeypatch.setattr(knowledge, "_reasons", {})


def tell(member, key, value):
    record_fact(member=member, key=key, value=value, source="员工登记", by=None, at=FRIDAY)


def test_who_always_comes_on_fridays_is_told_on_friday_that_one_is_kept_for_her():
    guide, product = guide_with_durian()
    member = regular(guide, product)

    advice = advice_for(member, at=FRIDAY)

    assert advice.wait == []
    assert (advice.script.rung.number, advice.best_at) == (6, "周五 17 点前后")
    assert advice.script.text == "王女士，周五啦，猫山王榴莲到了，留了一个给您，傍晚过来拿就好～"
    assert advice.script.ask == "喜欢它什么？甜、脆还是香？"


@pytest.mark.parametrize("days", [-4, -3, -2, -1, 1, 2])
def test_and_on_no_other_day_is_anything_said(days):
    guide, product = guide_with_durian()
    member = regular(guide, product)

    assert advice_for(member, at=FRIDAY + timedelta(days=days)).wait == ["她总是周五来，到那天再说"]


def test_the_reason_comes_into_the_sentence_once_it_is_known():
    guide, product = guide_with_durian()
    member = regular(guide, product)
    tell(member, "reason", "香甜")

    script = advice_for(member, at=FRIDAY).script

    assert script.text == "王女士，周五啦，猫山王榴莲到了，还是您喜欢的香甜，留了一个给您，傍晚过来拿就好～"
    assert script.ask == "有没有忌口，比如怕上火、怕酸？"


def test_each_fact_more_lifts_her_one_rung():
    guide, product = guide_with_durian()
    member = MemberFactory(name="李娜", gender="f", home_store=guide.store)
    ContactFactory(member=member, staff=guide)
    rungs = []

    def now():
        rungs.append(advice_for(member, at=FRIDAY).script.rung.number)

    tell(member, "likes", "榴莲")
    now()
    Talk.objects.create(
        store=guide.store, staff=guide, member=member, day=(FRIDAY - timedelta(days=20)).date(), position=0, rung=1,
        text="", score=0, state="talked", answered_at=FRIDAY - timedelta(days=20),
    )  # fmt: skip
    now()
    tell(member, "concern", "怕上火")
    now()
    for days in (40, 25):
        purchase(member=member, product=product, bought_at=FRIDAY - timedelta(days=days))
    now()
    tell(member, "reason", "香甜")
    now()
    tell(member, "weekday", "周五")
    now()

    assert rungs == [1, 2, 3, 4, 5, 6]


def test_nothing_is_promised_that_does_not_lie_in_the_shop():
    guide, product = guide_with_durian()
    member = regular(guide, product)
    product.shelves.update(stock=0)
    durian(guide.store)

    script = advice_for(member, at=FRIDAY).script

    assert script.text == "王女士，榴莲到新货了，今天这批看着不错，想要的话跟我说一声～"


def test_tastes_fill_in_the_reason_where_nobody_asked(kept_knowledge):
    guide, product = guide_with_durian()
    member = regular(guide, product)
    knowledge.register_reasons("taste", lambda *asked: dict.fromkeys(asked[1], "软糯"))

    assert "还是您喜欢的软糯" in advice_for(member, at=FRIDAY).script.text


def test_her_taste_fills_it_in_for_what_is_sure_and_the_product_is_strong_on():
    guide, product = guide_with_durian()
    member = regular(guide, product)
    sweet, sour = (TasteAxis.objects.get(key=key) for key in ("sweet", "sour"))
    for axis, value in ((sweet, 9), (sour, 8)):
        TasteReading.objects.create(product=product, axis=axis, value=value, source="expert", at=FRIDAY)
    model = RecommenderModel.objects.create(
        as_of=FRIDAY.date(), learnt_at=FRIDAY, axes=["sweet", "sour"], mean=[5, 5], spread=[2, 2], weights={}, state=b""
    )  # fmt: skip
    MemberTaste.objects.create(
        member=member, store=guide.store, model=model, leaning=[80, 60], certainty=[90, 30], evidence=6,
        last_bought_on=FRIDAY.date(), computed_at=FRIDAY,
    )  # fmt: skip

    assert "还是您喜欢的甜，" in advice_for(member, at=FRIDAY).script.text

    record_consent(member=member, purpose="profiling", decision="withdrawn", source="h5", at=FRIDAY)

    assert "您喜欢的" not in advice_for(member, at=FRIDAY).script.text


def test_purchases_in_another_store_are_not_told_here():
    guide, product = guide_with_durian()
    member = MemberFactory(home_store=guide.store)
    ContactFactory(member=member, staff=guide)
    for week in (1, 2, 3, 4):
        purchase(
            member=member, product=product, store=MemberFactory().home_store,
            bought_at=FRIDAY - timedelta(weeks=week),
        )  # fmt: skip

    advice = advice_for(member, at=FRIDAY)

    assert (advice.script, advice.known) == (None, [])


def waits(member):
    return advice_for(member, at=FRIDAY).wait


@pytest.fixture
def member():
    return regular(*guide_with_durian())


def test_a_word_from_her_ends_it_at_once(member):
    record_consent(member=member, purpose="marketing", decision="withdrawn", source="h5", at=FRIDAY)
    assert waits(member) == ["她说过不想被打扰"]


def test_an_open_complaint_and_for_a_month_a_settled_one_hold_back(member):
    complaint = record_complaint(member=member, store=member.home_store, note="坏了一个", by=None, at=FRIDAY)
    assert waits(member) == ["有投诉还没处理完，先把投诉处理好"]

    settle_complaint(complaint=complaint, at=FRIDAY)

    assert waits(member) == ["最近投诉过，先缓一缓"]


def test_a_return_this_week_holds_back(member):
    bought_at = FRIDAY - timedelta(days=3)
    purchase(member=member, bought_at=bought_at, paid_fen=-1000, quantity=-1)
    assert waits(member) == ["这几天退过货，先问问售后是否满意"]


def test_touches_of_all_channels_count_together(member):
    for n, channel in enumerate([Touch.Channel.SMS, Touch.Channel.COUPON, Touch.Channel.CALL]):
        at = FRIDAY - timedelta(days=4 + n)
        record_touch(member_id=member.pk, store_id=None, staff=None, channel=channel, key=f"t:{n}", at=at)
        record_touch(member_id=member.pk, store_id=None, staff=None, channel=channel, key=f"t:{n}", at=at)
    assert waits(member) == ["两周内各渠道已联系 3 次"]


def test_a_touch_yesterday_is_enough(member):
    at = FRIDAY - timedelta(days=1)
    record_touch(member_id=member.pk, store_id=None, staff=None, channel="sms", key="t", at=at)
    assert waits(member) == ["两天内联系过了"]


def test_who_came_once_and_never_chatted_is_left_alone():
    member = regular(*guide_with_durian(), weeks=1)
    assert waits(member) == ["关系还浅：来得少，也没聊过"]


def test_who_is_nobodys_contact_cannot_be_talked_to(member):
    member.contacts.update(ended_at=FRIDAY)
    assert waits(member) == ["还没有同事加她的企业微信"]


@pytest.mark.parametrize(("hour", "quiet"), [(8, True), (9, False), (20, False), (21, True), (23, True)])
def test_the_quiet_hours_are_nine_to_nine(member, hour, quiet):
    assert advice_for(member, at=FRIDAY.replace(hour=hour)).is_quiet is quiet


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("  ", "话术不能为空"),
        ("{称呼}，{体重}", "不认识的占位：体重"),
        ("{称呼}，您喜欢的{理由}", "这一级不一定知道：理由，请放进方括号 [ ] 里"),
        ("{称呼}[，{品类}", "括号没有成对"),
    ],
)
def test_a_wording_that_cannot_be_filled_is_refused(text, why):
    with pytest.raises(ladder.WordingRefused, match="^" + why.replace("[", r"\[").replace("]", r"\]")):
        word_rung(rung=1, text=text, by=StaffFactory(), at=FRIDAY)


def test_hqs_wording_is_what_members_are_told(member):
    word_rung(rung=6, text="{称呼}，{星期}见[，{理由}]！", by=StaffFactory(), at=FRIDAY)
    assert advice_for(member, at=FRIDAY).script.text == "王女士，周五见！"

    word_rung(rung=6, text=ladder.LADDER[5].text, by=StaffFactory(), at=FRIDAY)

    assert "留了一个给您" in advice_for(member, at=FRIDAY).script.text
