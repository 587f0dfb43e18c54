"""The manager of one store never sees another's members: by page, by htmx part, by export (the API: tests/api)."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from members.models import Identity
from members.selectors.scope import members_for, purchases_for
from members.services.merging import merge_members
from tests.chains import chain_of_two
from tests.factories import (
    MemberFactory,
    identity,
    purchase,
)

AT = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)


@pytest.fixture
def chain():
    return chain_of_two()


def _client(user) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("hq", ["我家会员", "别家会员", "无店会员"]),
        ("lead", ["我家会员"]),
        ("manager", ["我家会员"]),
        ("guide", ["我家会员"]),
    ],
)
def test_each_role_sees_its_own_members(chain, who, seen):
    assert set(members_for(chain[who]).values_list("name", flat=True)) == set(seen)

    for asking in ({}, {"headers": {"HX-Request": "true"}}):
        page = _client(chain[who]).get(reverse("members:list"), **asking).content.decode()
        assert [name for name in ("我家会员", "别家会员", "无店会员") if name in page] == [
            name for name in ("我家会员", "别家会员", "无店会员") if name in seen
        ]

    for form in ("csv", "xlsx"):
        assert _client(chain[who]).get(reverse("members:export", args=[form])).status_code == 200
    exported = _client(chain[who]).get(reverse("members:export", args=["csv"])).getvalue().decode("utf-8-sig")
    assert {line.split(",")[1] for line in exported.splitlines()[1:]} == set(seen)


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["lead", "manager", "guide"])
def test_another_stores_member_is_a_404_whatever_is_asked(chain, who):
    other = chain["theirs"]
    phone = identity(other, "phone", "13812345678")
    client = _client(chain[who])

    answers = [
        client.get(reverse("members:detail", args=[other.pk])),
        client.get(reverse("members:merge", args=[other.pk])),
        client.post(reverse("members:merge_find", args=[other.pk]), {"q": "我家"}),
        client.post(reverse("members:reveal", args=[other.pk, phone.pk])),
        client.post(reverse("members:reveal", args=[chain["ours"].pk, phone.pk])),
        client.post(reverse("members:consent", args=[other.pk]), {"purpose": "phone", "decision": "granted"}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 6


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["lead", "manager", "guide"])
@pytest.mark.parametrize("text", ["别家", "5678", "13812345678", "88001234", "无店会员"])
def test_no_search_reaches_another_stores_member(chain, who, text):
    identity(chain["theirs"], "phone", "13812345678")
    identity(chain["theirs"], "card", "88001234")

    page = _client(chain[who]).post(reverse("members:list"), {"q": text}).content.decode()

    assert "没有找到这样的会员" in page


@pytest.mark.django_db
def test_old_link_into_another_store_stays_a_404(chain):
    merge_members(kept=chain["theirs"], absorbed=chain["ours"], reason="测试", evidence={}, by=None, at=AT)

    answer = _client(chain["manager"]).get(reverse("members:detail", args=[chain["ours"].pk]))

    assert answer.status_code == 404


@pytest.mark.django_db
def test_manager_sees_of_a_member_only_what_she_bought_here(chain):
    elsewhere = chain["theirs"].home_store
    purchase(member=chain["ours"], bought_at=AT, paid_fen=1_00)
    purchase(member=chain["ours"], store=elsewhere, bought_at=AT, paid_fen=77_00)

    seen = purchases_for(chain["manager"]).filter(member=chain["ours"])
    page = _client(chain["manager"]).get(reverse("members:detail", args=[chain["ours"].pk])).content.decode()

    assert [line.paid_fen for line in seen] == [1_00]
    assert (elsewhere.name in page, "¥78.00" in page, "¥1.00" in page) == (False, False, True)


@pytest.mark.django_db
def test_nobody_logged_in_is_sent_to_the_log_in(chain):
    for name, args in (("list", []), ("detail", [chain["ours"].pk]), ("export", ["csv"]), ("merges", [])):
        answer = Client().get(reverse(f"members:{name}", args=args))
        assert (answer.status_code, answer["Location"].startswith(reverse("stores:login"))) == (302, True)


@pytest.mark.django_db
def test_somebody_who_left_sees_nothing(chain):
    chain["manager"].is_active = False

    assert members_for(chain["manager"]).count() == 0
    assert purchases_for(chain["manager"]).count() == 0


@pytest.mark.django_db
def test_merge_screens_are_for_headquarters_alone(chain):
    for who in ("lead", "manager", "guide"):
        assert _client(chain[who]).get(reverse("members:merge", args=[chain["ours"].pk])).status_code == 404


@pytest.mark.django_db
def test_merge_records_of_another_stores_member_are_not_listed(chain):
    merge_members(kept=chain["theirs"], absorbed=MemberFactory(), reason="别家的秘密", evidence={}, by=None, at=AT)
    merge_members(kept=chain["ours"], absorbed=MemberFactory(), reason="两张卡", evidence={}, by=None, at=AT)

    page = _client(chain["manager"]).get(reverse("members:merges")).content.decode()

    assert ("两张卡" in page, "别家的秘密" in page) == (True, False)
    assert Identity.objects.count() == 0
