import csv
import io
from datetime import date, datetime, timedelta

import openpyxl
import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.models import Consent, Member, MemberMerge
from members.selectors import exporting
from members.services import reveals
from members.services.merging import merge_members
from members.services.partitions import BUSINESS_ZONE
from stores.models import AuditEntry
from stores.streaming import streamed
from tests.factories import (
    ContactFactory,
    GuideFactory,
    ManagerFactory,
    MemberFactory,
    ProductFactory,
    StaffFactory,
    StoreFactory,
    identity,
    purchase,
)

FRIDAY = datetime(2026, 5, 29, 18, 20, tzinfo=BUSINESS_ZONE)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def hq():
    return StaffFactory(name="总部小林")


@pytest.fixture
def hq_client(hq, client):
    client.force_login(hq, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _as(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.django_db
def test_list_shows_masks_only(hq_client):
    identity(MemberFactory(name="李小梅"), "phone", "13812345678")

    text = hq_client.get(reverse("members:list")).content.decode()

    assert ("138****5678" in text, "13812345678" in text) == (True, False)


@pytest.mark.django_db
def test_list_takes_the_same_queries_for_one_member_and_for_three(hq_client, django_assert_num_queries):
    for rows in (1, 3):
        while True:
            member = MemberFactory()
            identity(member, "phone", f"1381234567{member.pk % 10}")
            if rows == 1 or member.name.endswith(("3", "6", "9")):
                break
        with django_assert_num_queries(7):  # session, user, regions, members, identities, purchases, count
            hq_client.get(reverse("members:list"))


@pytest.mark.django_db
@pytest.mark.parametrize(("typed", "address"), [("13812345678", ""), ("88001234", ""), ("李", "?q=%E6%9D%8E")])
def test_search_leaves_a_full_number_out_of_the_address(hq_client, typed, address):
    answer = hq_client.post(reverse("members:list"), {"q": typed}, headers=HTMX)

    assert answer["HX-Push-Url"] == reverse("members:list") + address


@pytest.mark.django_db
def test_list_part_is_only_the_part_and_says_when_a_filter_was_not_understood(hq_client):
    MemberFactory(name="李小梅")

    text = hq_client.post(reverse("members:list"), {"since": "昨天"}, headers=HTMX).content.decode()

    assert ("<html" in text, "李小梅" in text, "日期请写成 2026-01-31" in text) == (False, True, True)


@pytest.mark.django_db
def test_empty_list_says_what_to_do_next(hq_client):
    assert "导入一份带会员卡号或手机号的销售流水" in hq_client.get(reverse("members:list")).content.decode()


@pytest.mark.django_db
def test_list_offers_the_next_page_and_the_way_back(hq_client):
    MemberFactory.create_batch(21, home_store=MemberFactory().home_store)

    first = hq_client.get(reverse("members:list"))
    second = hq_client.get(reverse("members:list"), {"after": str(first.context["next_position"])})

    assert (len(first.context["rows"]), len(second.context["rows"])) == (20, 2)
    assert "回到最新" in second.content.decode()


@pytest.mark.django_db
@time_machine.travel(FRIDAY + timedelta(days=1), tick=False)
def test_member_page_tells_habits_favourites_and_receipts(hq_client):
    member, mango = MemberFactory(name="李小梅"), ProductFactory(name="海南贵妃芒", unit="jin")
    for week in range(4):
        purchase(member=member, product=mango, bought_at=FRIDAY - timedelta(weeks=week), paid_fen=20_00,
                 quantity="1.2500", payment="微信")  # fmt: skip
    purchase(member=member, bought_at=FRIDAY - timedelta(days=2), paid_fen=8_00)
    purchase(member=member, product=mango, bought_at=FRIDAY, paid_fen=-5_00, quantity=-1)

    answer = hq_client.get(reverse("members:detail", args=[member.pk]))
    seen = answer.context

    assert (seen["totals"].receipts, seen["totals"].net_fen, seen["totals"].returned_fen) == (5, 83_00, 5_00)
    assert seen["totals"].average_fen == 16_60
    assert (seen["usual"].weekday_name, seen["usual"].weekday_visits, seen["usual"].hour) == ("周五", 4, 18)
    assert next((f.name, f.receipts, f.net_fen) for f in seen["favourites"]) == ("海南贵妃芒", 4, 75_00)
    assert [(month.first_day, month.net_fen) for month in seen["months"]][-1] == (date(2026, 5, 1), 83_00)
    assert len(seen["months"]) == 12
    assert seen["month_bars"][-1] == ("5月", 83.0)
    assert {line.quantity for receipt in seen["receipts"] for line in receipt.lines} == {"1.25 斤", "1 份", "-1 斤"}
    assert "退货" in answer.content.decode()


@pytest.mark.django_db
def test_member_page_takes_the_same_queries_for_one_purchase_and_for_three(hq_client, django_assert_num_queries):
    member = MemberFactory()
    for lines in (1, 3):
        while member.purchases.count() < lines:
            purchase(member=member, bought_at=timezone.now())
        ContactFactory(member=member)
        with django_assert_num_queries(14):
            hq_client.get(reverse("members:detail", args=[member.pk]))


@pytest.mark.django_db
def test_member_who_never_bought_gets_a_page_that_says_so(hq_client):
    member = MemberFactory(name="", home_store=None)

    text = hq_client.get(reverse("members:detail", args=[member.pk])).content.decode()

    assert ("还没有购买记录" in text, "次数还少，看不出规律" in text, "未留姓名" in text) == (True, True, True)


@pytest.mark.django_db
def test_lines_of_one_receipt_stand_together(hq_client):
    member = MemberFactory()
    for line in (1, 2):
        purchase(member=member, receipt="R7", line=line, bought_at=FRIDAY)
    purchase(member=member, receipt="R8", bought_at=FRIDAY - timedelta(days=1))

    receipts = hq_client.get(reverse("members:detail", args=[member.pk])).context["receipts"]

    assert [(receipt.number, len(receipt.lines)) for receipt in receipts] == [("R7", 2), ("R8", 1)]


@pytest.mark.django_db
def test_old_link_of_an_absorbed_member_leads_to_the_survivor(hq_client):
    first, second, third = MemberFactory(), MemberFactory(), MemberFactory()
    for kept, absorbed in ((second, first), (third, second)):
        merge_members(kept=kept, absorbed=absorbed, reason="测试", evidence={}, by=None, at=FRIDAY)

    answer = hq_client.get(reverse("members:detail", args=[first.pk]))

    assert answer["Location"] == reverse("members:detail", args=[third.pk])
    assert hq_client.get(answer["Location"]).content.decode().count("这一页由 3 位会员合成") == 1


@pytest.mark.django_db
def test_reveal_shows_the_number_once_and_is_audited(hq_client, hq):
    member = MemberFactory()
    phone = identity(member, "phone", "13812345678")
    address = reverse("members:reveal", args=[member.pk, phone.pk])

    answer = hq_client.post(address, headers=HTMX)

    assert "13812345678" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target) == (hq, "identity.revealed", f"member:{member.pk}")
    assert "13812345678" not in str(entry.detail)
    assert hq_client.get(address).status_code == 405


@pytest.mark.django_db
def test_reveal_is_for_the_home_stores_manager_and_not_for_the_guide():
    member = MemberFactory()
    phone = identity(member, "phone", "13812345678")
    manager, guide = ManagerFactory(store=member.home_store), GuideFactory(store=member.home_store)
    address = reverse("members:reveal", args=[member.pk, phone.pk])

    assert (_as(manager).post(address).status_code, _as(guide).post(address).status_code) == (200, 403)
    assert "查看完整号码" not in _as(guide).get(reverse("members:detail", args=[member.pk])).content.decode()
    assert AuditEntry.objects.count() == 1


@pytest.mark.django_db
def test_reveals_of_one_day_end_at_the_limit_and_start_anew_the_next(hq_client, monkeypatch):
    monkeypatch.setattr(reveals, "DAILY_LIMIT", 2)
    member = MemberFactory()
    address = reverse("members:reveal", args=[member.pk, identity(member, "phone", "13812345678").pk])
    late = datetime(2026, 5, 29, 23, 59, tzinfo=BUSINESS_ZONE)

    with time_machine.travel(late, tick=False):
        statuses = [hq_client.post(address, headers=HTMX).status_code for _ in range(3)]
        refusal = hq_client.post(address, headers=HTMX).content.decode()

    assert statuses == [200, 200, 422]
    assert ("到上限了" in refusal, "13812345678" in refusal) == (True, False)
    with time_machine.travel(late + timedelta(minutes=2), tick=False):
        # The session of the day before has ended by then; what counts is the person.
        client = _as(StaffFactory._meta.model.objects.get())
        assert client.post(address, headers=HTMX).status_code == 200


@pytest.mark.django_db
def test_consent_is_noted_and_repeated_clicks_write_one_entry(hq_client):
    member = MemberFactory()
    address = reverse("members:consent", args=[member.pk])

    for decision in ("granted", "granted", "withdrawn"):
        answer = hq_client.post(address, {"purpose": "phone", "decision": decision}, headers=HTMX)

    assert list(Consent.objects.order_by("pk").values_list("decision", flat=True)) == ["granted", "withdrawn"]
    assert "员工登记：总部小林" in answer.content.decode()
    assert hq_client.post(address, {"purpose": "fax", "decision": "granted"}).status_code == 400


@pytest.mark.django_db
def test_hq_merges_by_card_after_comparing(hq_client, hq):
    kept, other = MemberFactory(name="李小梅"), MemberFactory(name="小梅")
    identity(other, "card", "88001234")

    found = hq_client.post(reverse("members:merge_find", args=[kept.pk]), {"q": "88001234"})
    assert found["Location"] == reverse("members:merge", args=[kept.pk]) + f"?with={other.pk}"
    compare = hq_client.get(found["Location"]).content.decode()
    assert ("李小梅" in compare, "小梅" in compare, "合并不能撤销" in compare) == (True, True, True)

    unexplained = hq_client.post(reverse("members:merge", args=[kept.pk]), {"with": other.pk, "reason": " "})
    assert (unexplained.status_code, MemberMerge.objects.count()) == (422, 0)

    hq_client.post(reverse("members:merge", args=[kept.pk]), {"with": other.pk, "reason": "本人出示两张卡"})
    record = MemberMerge.objects.get()
    assert (record.kept, record.absorbed, record.by, record.reason) == (kept, other, hq, "本人出示两张卡")
    told = hq_client.get(reverse("members:merges")).content.decode()
    assert ("本人出示两张卡" in told, "会员标识 1" in told, "总部小林" in told) == (True, True, True)


@pytest.mark.django_db
def test_merge_search_lists_several_and_admits_none(hq_client):
    kept = MemberFactory(name="李小梅")
    for name in ("王芳", "王芳"):
        MemberFactory(name=name)
    address = reverse("members:merge_find", args=[kept.pk])

    assert "找到 2 位" in hq_client.post(address, {"q": "王芳"}).content.decode()
    assert "没有找到另一位" in hq_client.post(address, {"q": "李小梅"}).content.decode()  # never herself
    assert hq_client.get(reverse("members:merge", args=[kept.pk]), {"with": kept.pk}).status_code == 404
    assert hq_client.get(reverse("members:merge", args=[kept.pk]), {"with": "x"}).status_code == 404


@pytest.mark.django_db
def test_export_is_what_is_filtered_masked_harmless_and_audited(hq_client, hq):
    bad = MemberFactory(name="=cmd()")
    identity(bad, "phone", "13812345678")
    purchase(member=bad, bought_at=timezone.now() - timedelta(days=1), paid_fen=12_34)
    MemberFactory(name="不在里面")

    answer = hq_client.get(reverse("members:export", args=["csv"]), {"q": "cmd"})
    header, row = csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")))

    assert header == list(exporting.COLUMNS)
    assert (row[1], row[2], row[8]) == ("'=cmd()", "138****5678", "12.34")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.detail) == (
        hq, "members.exported", {"form": "csv", "rows": 1, "filter": "q=cmd"},
    )  # fmt: skip


@pytest.mark.django_db
def test_workbook_has_the_rows_of_the_csv(hq_client):
    MemberFactory.create_batch(3, home_store=MemberFactory().home_store)

    book = openpyxl.load_workbook(io.BytesIO(hq_client.get(reverse("members:export", args=["xlsx"])).getvalue()))

    rows = list(book.active.iter_rows(values_only=True))
    assert (rows[0], len(rows)) == (exporting.COLUMNS, 5)


@pytest.mark.django_db
@pytest.mark.parametrize(("members", "queries"), [(1, 4), (3, 7), (5, 10)])
def test_export_reads_batches_of_three_queries_and_the_stores_once(members, queries, hq, django_assert_num_queries):
    store = StoreFactory()
    for number in range(members):
        identity(MemberFactory(home_store=store), "phone", f"1381234500{number}")

    with django_assert_num_queries(queries):
        rows = list(exporting.export_rows(hq, Member.objects.all(), at=timezone.now(), batch=2))

    assert len({row[0] for row in rows}) == members
    assert {row[2] for row in rows} == {f"138****500{number}" for number in range(members)}


def test_a_long_export_leaves_an_asgi_server_piece_by_piece():
    asked = []
    pieces = (asked.append(piece) or piece for piece in ("一", "二", "三"))
    request = ASGIRequest({"type": "http", "method": "GET", "path": "/", "headers": []}, io.BytesIO())

    async def take_two() -> list[str]:
        stream = streamed(request, pieces)
        return [await anext(stream), await anext(stream)]

    assert async_to_sync(take_two)() == asked == ["一", "二"]
    assert streamed(HttpRequest(), pieces) is pieces


@pytest.mark.django_db
def test_export_beyond_the_cap_or_by_a_full_number_is_refused_in_words(hq_client, monkeypatch):
    MemberFactory.create_batch(3, home_store=MemberFactory().home_store)
    monkeypatch.setattr("members.views.exports.EXPORT_CAP", 3)

    too_many = hq_client.get(reverse("members:export", args=["csv"]), follow=True).content.decode()
    by_number = hq_client.get(
        reverse("members:export", args=["csv"]), {"q": "13812345678"}, follow=True
    ).content.decode()

    assert ("一次最多导出 3 位会员" in too_many, "不能用来导出" in by_number) == (True, True)
    assert AuditEntry.objects.count() == 0
    assert hq_client.get("/members/export.pdf").status_code == 404
