"""粘贴接龙 from box to list: what is sure is ticked, doubts are not, and pasting again only adds and amends."""

import re

import pytest

from campaigns.models import ChainEntry, Order
from communities.models import GroupMembership
from tests.campaigns.selling import AT, chain, goods, pieces
from tests.factories import CustomerGroupFactory, ManagerFactory, MemberFactory, ProductFactory

LIST = "#接龙 周日鲜果\n1. 小李 芒果2份\n2. 豆豆妈 车厘子1盒 下班来拿\n3. 阿强 芒果还有吗？"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
NOW = AT


@pytest.fixture
def manager():
    return ManagerFactory()


@pytest.fixture
def campaign(manager):
    found = chain(store=manager.store, title="周日鲜果接龙")
    goods(found, quota=20, product=ProductFactory(name="海南贵妃芒 5 斤装", category="芒果"))
    goods(found, quota=20, product=ProductFactory(name="智利车厘子 JJ级", category="车厘子"))
    return found


@pytest.fixture
def hers(client, manager):
    client.force_login(manager)
    return client


def read(client, campaign, text):
    return client.post(f"/campaigns/{campaign.pk}/paste/", {"text": text})


def take(client, response, campaign, **changes):
    """Send the confirm screen back as a browser would, with some fields changed; None unticks."""
    context = response.context
    form = {"text": context["text"], "batch": context["batch"]}
    for row in context["reading"].rows:
        if row.is_taken:
            form[f"take-{row.place}"] = "on"
        form[f"name-{row.place}"] = row.line.name
        form[f"member-{row.place}"] = row.matches[0].member_id if row.matches and row.matches[0].sure >= 70 else ""
        for number, ask in enumerate(row.asks):
            form[f"item-{row.place}-{number}"] = ask.item_id
            form[f"unit-{row.place}-{number}"] = ask.unit_id or ""
            form[f"quantity-{row.place}-{number}"] = ask.quantity
    form |= changes
    form = {name: value for name, value in form.items() if value is not None}
    return client.post(f"/campaigns/{campaign.pk}/paste/confirm/", form, follow=True)


def entries():
    return [
        (
            one.number,
            one.name,
            one.order.state,
            [(line.stock.item.name[:4], line.quantity) for line in one.order.lines.all()],
        )
        for one in ChainEntry.objects.select_related("order").order_by("number")
    ]


def test_sure_lines_become_entries_and_doubtful_ones_wait_for_a_look(hers, campaign):
    response = read(
        hers, campaign, "#接龙 周日鲜果\n1. 小李 芒果2份\n2. 豆豆妈 车厘子1盒 下班来拿\n3. 阿强 芒果还有吗？"
    )
    assert [row.is_taken for row in response.context["reading"].rows] == [True, True, False]
    assert "像是在询问" in response.content.decode()

    take(hers, response, campaign)

    assert entries() == [(1, "小李", "confirmed", [("海南贵妃", 2)]), (2, "豆豆妈", "confirmed", [("智利车厘", 1)])]
    second = ChainEntry.objects.get(number=2)
    assert (second.raw, second.order.note, second.order.member) == ("2. 豆豆妈 车厘子1盒 下班来拿", "下班来拿", None)


def test_the_longer_list_pasted_again_only_adds_and_amends(hers, campaign):
    take(hers, read(hers, campaign, "1. 小李 芒果2份\n2. 豆豆妈 车厘子1盒"), campaign)

    response = read(hers, campaign, "1. 小李 芒果3份\n2. 豆豆妈 车厘子1盒\n3. 王姐 芒果1份")
    reading = response.context["reading"]
    assert ([row.kind for row in reading.rows], reading.unchanged) == (["add", "amend"], 1)
    take(hers, response, campaign, **{"take-0": "on", "take-1": "on"})

    assert [one for one in entries() if one[2] == "confirmed"] == [
        (2, "豆豆妈", "confirmed", [("智利车厘", 1)]), (3, "王姐", "confirmed", [("海南贵妃", 1)]),
        (4, "小李", "confirmed", [("海南贵妃", 3)]),
    ]  # fmt: skip
    assert read(hers, campaign, "1. 小李 芒果3份\n2. 豆豆妈 车厘子1盒\n3. 王姐 芒果1份").context["reading"].rows == []


def test_a_line_taken_back_in_the_group_is_cancelled_here(hers, campaign):
    take(hers, read(hers, campaign, "1. 小李 芒果2份"), campaign)

    response = read(hers, campaign, "1. 小李 芒果2份 取消")
    take(hers, response, campaign, **{"take-0": "on"})

    assert Order.objects.get().state == "cancelled"


def test_confirming_twice_adds_nothing_twice(hers, campaign):
    response = read(hers, campaign, "1. 小李 芒果2份\n2. 豆豆妈 车厘子1盒")
    form = {"text": response.context["text"], "batch": response.context["batch"]}

    take(hers, response, campaign)
    hers.post(f"/campaigns/{campaign.pk}/paste/confirm/", form | {"take-0": "on", "take-1": "on"})

    assert Order.objects.count() == 2


def test_an_amendment_beyond_the_stock_leaves_the_entry_as_it_was(hers, campaign):
    take(hers, read(hers, campaign, "1. 小李 芒果15份"), campaign, **{"take-0": "on"})

    response = read(hers, campaign, "1. 小李 芒果30份")
    page = take(hers, response, campaign, **{"take-0": "on"}).content.decode()

    assert "已经被抢完了" in page
    assert entries() == [(1, "小李", "confirmed", [("海南贵妃", 15)])]


def test_a_name_of_the_group_becomes_its_member(hers, campaign, manager):
    group = CustomerGroupFactory(store=manager.store)
    member = MemberFactory(name="豆豆妈")
    GroupMembership.objects.create(group=group, who=b"1" * 16, member=member, joined_at=AT)
    other = MemberFactory(name="不相干的人")

    response = read(hers, campaign, "1. 豆豆妈 车厘子1盒")
    assert [(match.member_id, match.sure) for match in response.context["reading"].rows[0].matches] == [(member.pk, 95)]
    take(hers, response, campaign, **{"member-0": other.pk})

    assert Order.objects.get().member is None  # a form cannot name just anybody

    take(hers, read(hers, campaign, "2. 豆豆妈 芒果1份\n1. 豆豆妈 车厘子1盒"), campaign, **{"take-0": "on"})
    assert Order.objects.filter(member=member).count() == 1


def test_a_piece_is_proposed_by_its_weight_and_has_to_be_looked_at(hers, manager):
    campaign = chain(store=manager.store)
    stock = pieces(campaign)

    response = read(hers, campaign, "1. 小李 榴莲1个 5.5斤左右")
    row = response.context["reading"].rows[0]

    assert row.asks[0].unit_id == stock.units.get(weight_g=2760).pk
    assert "请核对是哪一个" in row.line.doubts
    take(hers, response, campaign, **{"take-0": "on"})
    assert stock.units.get(weight_g=2760).order == Order.objects.get()


@pytest.mark.parametrize("text", ["", "   ", "大家早上好\n今天到货"])
def test_text_without_entries_makes_nothing(hers, campaign, text):
    response = read(hers, campaign, text)

    assert response.status_code == 200
    assert not Order.objects.exists()
    assert not re.search("Traceback", response.content.decode())
