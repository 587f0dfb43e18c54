from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from members.masking import mask
from members.models import Identity, Member
from members.selectors.listing import COUNT_CAP, Position, capped_count, member_page
from members.selectors.search import MemberFilter, find_members, is_full_id
from members.services.partitions import BUSINESS_ZONE
from tests.factories import MemberFactory, RegionFactory, StaffFactory, StoreFactory, identity, purchase

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=BUSINESS_ZONE)


def _found(text: str = "", **more) -> list[str]:
    user = StaffFactory()
    return sorted(find_members(user, MemberFilter(text=text, **more)).values_list("name", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("李", ["李小梅", "李梅"]),  # one character: the surname
        ("梅", ["梅兰"]),
        ("小梅", ["李小梅", "王小梅"]),  # more: anywhere in the name
        ("梅小", []),  # the characters, but not in this order
        (" 李小梅 ", ["李小梅"]),
        ("Lily", ["Lily Wang"]),
        ("100%", []),
        ("%", []),
        ("'", []),
        ("\\", []),
    ],
)
def test_search_by_name(text, found):
    for name in ("李小梅", "李梅", "王小梅", "梅兰", "Lily Wang"):
        MemberFactory(name=name)

    assert _found(text) == found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("5678", ["手机"]),
        ("1234", ["卡"]),
        ("１２３４", ["卡"]),  # full-width digits
        ("a12X", ["字母卡"]),
        ("9999", []),
        ("13812345678", ["手机"]),
        ("+86 138-1234-5678", ["手机"]),
        ("88001234", ["卡"]),
        ("8800 1234", ["卡"]),
        ("vip0a12x", ["字母卡"]),
        ("880012345", []),
        ("wmAbc5678", []),  # an id of 企业微信 is no card
    ],
)
def test_search_by_phone_or_card(text, found):
    for name, kind, value in (
        ("手机", "phone", "13812345678"),
        ("卡", "card", "88001234"),
        ("字母卡", "card", "VIP0A12X"),
        ("企微", "external_userid", "wmAbc9999"),
    ):
        identity(MemberFactory(name=name), kind, value)

    assert _found(text) == found


@pytest.mark.django_db
def test_filters_narrow_by_store_region_phone_and_joining_day():
    region = RegionFactory()
    child = RegionFactory(parent=region)
    here = StoreFactory(code="HZ01", name="西湖店", region=child)
    new = MemberFactory(name="新", home_store=here, joined_at=NOON)
    MemberFactory(name="旧", home_store=here, joined_at=NOON - timedelta(days=1))
    MemberFactory(name="外", joined_at=NOON)
    identity(new, "phone", "13812345678")

    assert _found(store="hz01") == _found(store="西湖") == _found(region=region.pk) == ["新", "旧"]
    assert _found(region=10_000_000) == _found(store="没有这家") == []
    assert _found(has_phone=True) == ["新"]
    assert _found(joined_since=date(2026, 6, 1)) == ["外", "新"]


@pytest.mark.django_db
def test_an_absorbed_member_is_not_found():
    survivor = MemberFactory(name="留下的")
    MemberFactory(name="并入的", merged_into=survivor)

    assert _found() == ["留下的"]


@pytest.mark.django_db
def test_anonymous_finds_nobody():
    MemberFactory()

    assert not find_members(AnonymousUser(), MemberFilter()).exists()


@pytest.mark.django_db
def test_pages_follow_each_other_without_gap_or_repeat_even_within_one_moment():
    for number in range(7):
        MemberFactory(name=str(number), joined_at=NOON if number < 5 else NOON - timedelta(seconds=number))
    user, seen, position = StaffFactory(), [], None

    for _ in range(4):
        page = member_page(user, Member.objects.all(), after=position, size=2, at=NOON)
        seen += [row.member.name for row in page.rows]
        position = page.next_position and Position.parse(str(page.next_position))

    assert seen == ["4", "3", "2", "1", "0", "5", "6"]
    assert position is None


@pytest.mark.django_db
def test_page_takes_the_same_queries_for_one_row_and_for_three(django_assert_num_queries):
    user = StaffFactory()
    for rows in (1, 3):
        while Member.objects.count() < rows:
            member = MemberFactory()
            identity(member, "phone", f"1381234567{member.pk % 10}")
            purchase(member=member, bought_at=NOON)
        with django_assert_num_queries(3):
            assert len(member_page(user, Member.objects.all(), after=None, size=20, at=NOON).rows) == rows


@pytest.mark.django_db
def test_rows_show_masks_last_purchase_and_the_spending_of_ninety_days():
    member = MemberFactory()
    identity(member, "phone", "13812345678")
    identity(member, "card", "88001234")
    purchase(member=member, bought_at=NOON - timedelta(days=91), paid_fen=50_00)
    purchase(member=member, bought_at=NOON - timedelta(days=2), paid_fen=30_00)
    purchase(member=member, bought_at=NOON - timedelta(days=1), quantity=-1, paid_fen=-4_50)  # a return is no purchase

    [row] = member_page(StaffFactory(), Member.objects.all(), after=None, size=20, at=NOON).rows

    assert (row.phones, row.cards) == (["138****5678"], ["****1234"])
    assert (row.last_purchase_at, row.recent_spend_fen) == (NOON - timedelta(days=2), 25_50)


@pytest.mark.django_db
def test_count_stops_at_its_cap():
    MemberFactory.create_batch(3, home_store=StoreFactory())

    assert (capped_count(Member.objects.all()), capped_count(Member.objects.all(), cap=1)) == (3, 2)
    assert COUNT_CAP == 1_000


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wanted", "order", "index"),
    [
        (MemberFilter(), ["-joined_at", "-pk"], "member_newest"),
        (MemberFilter(text="小梅"), [], "member_name_characters"),
        (MemberFilter(text="5678"), [], "identity_by_tail"),
        (MemberFilter(text="88001234"), [], "identity_belongs_to_one_member"),
    ],
)
def test_each_form_of_search_can_use_its_index(wanted, order, index):
    """With whole-table scans forbidden, even a small table shows whether the query is written as its index is."""
    members = Member.objects.bulk_create(Member(name=f"会员{number}") for number in range(2_000))
    Identity.objects.bulk_create(
        Identity(
            member=member, kind=kind, value_hash=f"{kind}{number}".encode(), value_encrypted=b"", tail=f"{number:04}"
        )
        for number, member in enumerate(members)
        for kind in (Identity.Kind.PHONE, Identity.Kind.CARD)
    )
    query = find_members(StaffFactory(), wanted).order_by(*order)
    with connection.cursor() as cursor:
        # An index's pending list would hide its price; at 4 million rows it is cleaned by autovacuum.
        cursor.execute(
            "SELECT gin_clean_pending_list('member_name_characters'); ANALYZE members_member, members_identity"
        )
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")

    assert index in query.explain()


@pytest.mark.parametrize("text", ["", "x", "_", "2026-01-01_5", "2026-01-01T00:00:00_5", "2026-01-01T00:00:00+08:00_",
    "2026-01-01T00:00:00+08:00_-5", "2026-13-01T00:00:00+08:00_5", "2026-01-01T00:00:00+08:00_" + "9" * 30,
    "٣_٣"])  # fmt: skip
def test_position_that_no_page_wrote_is_ignored(text):
    assert Position.parse(text) is None


@given(st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(BUSINESS_ZONE)), st.integers(1, 2**59))  # noqa: DTZ001 -- the strategy adds the zone
def test_position_survives_its_way_through_an_address(moment, key):
    assert Position.parse(str(Position(moment, key))) == Position(moment, key)


@given(st.sampled_from(Identity.Kind.values), st.text(min_size=1, max_size=40))
def test_mask_never_shows_the_whole_and_never_more_than_seven(kind, value):
    shown = mask(kind=kind, value=value).replace("****", "", 1)

    assert len(shown) <= min(7, len(value) - 1) or (kind == "phone" and len(value) == 11 and len(shown) == 7)
    assert value not in mask(kind=kind, value=value).split("****")


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_mask_of_a_phone_keeps_three_and_four(phone):
    assert mask(kind="phone", value=phone) == f"{phone[:3]}****{phone[7:]}"


@pytest.mark.parametrize(
    ("text", "full"),
    [("13812345678", True), ("138 1234 5678", True), ("88001234", True), ("VIP0A12X", True), ("5678", False),
     ("李小梅", False), ("Lily", False), ("", False), ("１３８１２３４５６７８", True)],
)  # fmt: skip
def test_full_number_is_told_from_a_tail_and_a_name(text, full):
    assert is_full_id(text) is full
