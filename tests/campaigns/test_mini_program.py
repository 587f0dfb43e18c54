"""The mini-program's API: the same services, the same refusals; nothing a client sends moves what it may not."""

from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.core.management import call_command
from rest_framework.test import APIClient

from campaigns.h5.session import token_of
from campaigns.models import ItemStock, Order, WaitEntry
from stores.models import AuditEntry
from tests.campaigns.playing import AT, bought, group_buy, one_yuan, order, paid, team_of
from tests.factories import CampaignFactory, MemberFactory, ProductFactory, StaffFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
NOW = AT
ROOT = "/api/mini/v1"


@pytest.fixture
def member():
    return MemberFactory(name="林小姐")


@pytest.fixture
def api(member):
    return mini(member)


def mini(member):
    return APIClient(headers={"Authorization": f"Bearer {token_of(member)}"})


def claim(api, campaign, *, quantity=1, item=None, **fields):
    items = [{"item": item or campaign.item.pk, "quantity": quantity} | fields.pop("one", {})]
    body = {"request_key": "k1", "items": items} | fields
    return api.post(f"{ROOT}/campaigns/{campaign.token}/orders/", body, format="json")


def refused(answer):
    return answer.status_code, answer.json()["code"]


def test_a_campaign_says_what_is_left_who_joined_and_where(api):
    campaign = CampaignFactory()
    order(campaign, MemberFactory(name="陈先生"))

    said = api.get(f"{ROOT}/campaigns/{campaign.token}/").json()

    assert (said["is_open"], said["closed"], said["joined"]) == (True, "", 1)
    assert (said["items"][0]["left"], said["items"][0]["price_fen"]) == (9, 1_990)
    assert (said["entries"][0]["name"], said["place"]["code"]) == ("陈**", campaign.store.code)


def test_claiming_paying_and_cancelling_go_through_the_services_of_the_h5_pages(api, member):
    campaign = CampaignFactory()

    made = claim(api, campaign, quantity=2, settling="online")
    again = claim(api, campaign, quantity=2, settling="online")

    assert (made.status_code, made.json()["total_fen"], made.json()["state"]) == (201, 3_980, "reserved")
    assert again.json()["token"] == made.json()["token"]
    token = made.json()["token"]
    address = api.post(f"{ROOT}/orders/{token}/pay/").json()["address"]
    assert "/pay/sandbox/P" in address
    assert [one["token"] for one in api.get(f"{ROOT}/orders/").json()["results"]] == [token]
    assert api.post(f"{ROOT}/orders/{token}/cancel/").json()["state"] == "cancelled"
    assert refused(api.post(f"{ROOT}/orders/{token}/pay/")) == (409, "refused")
    assert Order.objects.get().member == member


def test_a_team_is_joined_by_ordering_with_it(api):
    campaign = group_buy()
    team = team_of(bought(campaign, MemberFactory(name="陈先生")))
    seen = api.get(f"{ROOT}/teams/{team.token}/").json()
    assert (seen["missing"], seen["names"], seen["campaign"]) == (2, ["陈**"], campaign.token)

    made = claim(api, campaign, team=team.token)

    assert (made.status_code, made.json()["settling"]) == (201, "online")
    assert team.seats.count() == 2


def test_a_first_order_is_delivered_with_its_freight(api):
    campaign = one_yuan()
    parcel = {"name": "林小姐", "phone": "13800138000", "address": "科苑路 8 号"}

    made = claim(api, campaign, fulfilment="delivery", recipient=parcel)

    assert (made.json()["goods_fen"], made.json()["freight_fen"]) == (100, 600)
    assert refused(claim(api, campaign, request_key="k2")) == (403, "not_eligible")


def test_the_queue_is_joined_and_left(api, member):
    campaign = CampaignFactory(item__quota=1)
    order(campaign)
    assert refused(claim(api, campaign)) == (409, "sold_out")

    queued = api.post(f"{ROOT}/campaigns/{campaign.token}/queue/", {"stock": campaign.stock.pk}, format="json")
    left = api.delete(f"{ROOT}/campaigns/{campaign.token}/queue/?stock={campaign.stock.pk}")

    assert (queued.status_code, queued.json()["state"], left.status_code) == (201, "waiting", 204)
    assert WaitEntry.objects.get(member=member).state == "lapsed"


@pytest.mark.parametrize("quantity", [-1, 0, 1_000, 2_000_000_000])
def test_negative_and_huge_quantities_are_refused_noted_and_move_nothing(api, quantity):
    campaign = CampaignFactory()

    assert refused(claim(api, campaign, quantity=quantity)) == (400, "bad_claim")

    assert AuditEntry.objects.get().action == "campaign.claim_refused"
    assert not Order.objects.exists()
    assert ItemStock.objects.get().taken == 0


@pytest.mark.parametrize("quantity", [2**31 + 1, "1; DROP TABLE", 1.5, None])
def test_what_is_no_number_is_refused_with_the_fields_name(api, quantity):
    answer = claim(api, CampaignFactory(), quantity=quantity)

    assert refused(answer) == (400, "invalid")
    assert "quantity" in answer.json()["detail"]


def test_a_price_of_the_clients_own_is_refused_and_one_it_slips_in_is_ignored(api):
    campaign = CampaignFactory()

    tampered = claim(api, campaign, one={"seen_fen": 1})
    slipped = claim(api, campaign, one={"price_fen": 1}, goods_fen=1, total_fen=1, request_key="k2")

    assert refused(tampered) == (400, "bad_claim")
    assert AuditEntry.objects.get().detail["reason"] == "价格已变化，请刷新页面再试"
    assert slipped.json()["total_fen"] == 1_990


def test_an_item_of_another_campaign_is_refused(api):
    campaign, other = CampaignFactory(), CampaignFactory(item__product=ProductFactory())

    assert refused(claim(api, campaign, item=other.item.pk)) == (400, "bad_claim")


@pytest.mark.parametrize("deed", ["", "pay/", "cancel/", "accept/"])
def test_somebody_elses_order_is_not_there_and_the_attempt_is_noted(api, deed):
    theirs = paid(order(CampaignFactory()))
    path = f"{ROOT}/orders/{theirs.token}/{deed}"

    answer = api.post(path) if deed else api.get(path)

    assert refused(answer) == (404, "not_found")
    assert AuditEntry.objects.get().action == "campaign.other_members_order"
    theirs.refresh_from_db()
    assert theirs.state == "confirmed"
    assert api.get(f"{ROOT}/orders/").json()["results"] == []


def test_a_forged_token_is_refused_and_noted_an_expired_one_only_refused(member):
    path = f"{ROOT}/orders/"
    good = token_of(member)
    forged = [f"{signing.dumps(member.pk, salt='another')}", good[:-2], "x", "", "a b"]

    answers = [APIClient(headers={"Authorization": f"Bearer {token}"}).get(path) for token in forged]

    assert {refused(answer) for answer in answers} == {(401, "authentication_failed")}
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"campaign.forged_token"}
    count = AuditEntry.objects.count()
    with time_machine.travel(AT + timedelta(days=31), tick=False):
        expired = APIClient(headers={"Authorization": f"Bearer {good}"}).get(path)
    assert (refused(expired), expired.json()["detail"]) == ((401, "authentication_failed"), "登录已过期，请重新进入")
    assert AuditEntry.objects.count() == count


def test_neither_nobody_nor_a_colleague_is_a_member(client):
    assert client.get(f"{ROOT}/orders/").status_code == 401
    client.force_login(StaffFactory())
    assert client.get(f"{ROOT}/orders/").status_code == 401


def test_a_members_token_opens_nothing_of_the_staffs_api(api):
    assert api.get("/api/v1/members/").status_code == 401


def test_coming_in_by_the_demos_door_and_by_nothing_where_there_is_none(member, settings):
    settings.WECOM_API_BASE = "http://127.0.0.1:8090/cgi-bin/"
    nobody = APIClient()
    body = {"member": member.pk}

    token = nobody.post(f"{ROOT}/session/", body, format="json").json()["token"]

    assert mini(member).get(f"{ROOT}/orders/").status_code == 200
    assert token == token_of(member)
    settings.PRODUCTION = True
    assert nobody.post(f"{ROOT}/session/", body, format="json").status_code == 401
    assert nobody.post(f"{ROOT}/session/", {"code": "made-up"}, format="json").status_code == 401


def test_a_stopped_campaign_and_one_never_published_say_so(api):
    stopped = CampaignFactory(killed_at=AT, state="ended")
    assert api.get(f"{ROOT}/campaigns/{stopped.token}/").json()["closed"] == "活动已停止"
    assert refused(claim(api, stopped)) == (409, "campaign_closed")
    assert api.get(f"{ROOT}/campaigns/{CampaignFactory(state='draft').token}/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_her_orders_take_the_same_queries_for_any_number(api, member, count, django_assert_num_queries):
    for _ in range(count):
        order(CampaignFactory(), member)

    with django_assert_num_queries(3):
        assert len(api.get(f"{ROOT}/orders/").json()["results"]) == count


def test_every_operation_is_in_the_schema(tmp_path):
    call_command("spectacular", "--fail-on-warn", "--validate", file=str(tmp_path / "schema.yml"))

    text = (tmp_path / "schema.yml").read_text()
    assert text.count(f"  {ROOT}/") == 10
    assert "operationId: mini_claim" in text
