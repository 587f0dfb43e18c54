"""What members open on their phones: who they are, their orders and nobody else's, and how to be left alone."""

import pytest
import time_machine
from django.core import signing
from wechatpy.oauth import WeChatOAuth

from campaigns.h5 import oauth
from members.models import Consent, Identity
from members.selectors.consents import has_consent
from members.services.merging import merge_members
from tests.campaigns.selling import AT, chain, goods, order, phone
from tests.factories import MemberFactory, StaffFactory, identity

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def stock():
    return goods(chain())


def test_an_order_says_what_is_to_pay_and_when_and_where_to_fetch_it(stock):
    member = MemberFactory()
    mine = order(stock, member, quantity=2)

    page = phone(member).get(f"/h/orders/{mine.token}/").content.decode()

    for words in ("到店付 ¥59.80", "11月23日 周一 10:00–21:00", "科技园店", "科苑路 8 号", "4711", "<svg"):
        assert words in page


def test_somebody_elses_order_is_not_found(stock):
    theirs = order(stock, MemberFactory())

    response = phone(MemberFactory()).get(f"/h/orders/{theirs.token}/")

    assert response.status_code == 404
    assert "没有找到这个页面" in response.content.decode()


def test_a_stranger_is_asked_who_she_is_and_comes_back(stock):
    mine = order(stock, MemberFactory())

    response = phone().get(f"/h/orders/{mine.token}/")

    assert (response.status_code, response["Location"]) == (302, f"/h/enter/?next=%2Fh%2Forders%2F{mine.token}%2F")


def test_a_forged_cookie_is_a_stranger(stock):
    member = MemberFactory()
    client = phone(member)
    client.cookies["dq_member"] = signing.dumps(member.pk, salt="another")

    assert client.get("/h/orders/").status_code == 302


@pytest.mark.parametrize("count", [1, 3])
def test_my_orders_take_the_same_queries_for_any_number(stock, count, django_assert_num_queries):
    member = MemberFactory()
    for number in range(count):
        order(stock, member, request_key=f"r{number}", pickup_code=f"000{number}")

    with django_assert_num_queries(4):  # the member, how many, the orders, their lines
        page = phone(member).get("/h/orders/").content.decode()

    assert page.count("order-row") == count


def test_a_member_merged_meanwhile_sees_the_survivors_orders(stock):
    kept, absorbed = MemberFactory(), MemberFactory()
    client = phone(absorbed)
    mine = order(stock, kept)
    merge_members(kept=kept, absorbed=absorbed, reason="同一人", evidence={}, by=StaffFactory(), at=AT)

    assert client.get(f"/h/orders/{mine.token}/").status_code == 200


def test_one_tap_withdraws_every_consent_and_another_gives_one_back(stock):
    member = MemberFactory()
    client = phone(member)

    client.post("/h/quiet/", {"purpose": "all"})
    assert {entry.decision for entry in Consent.objects.filter(member=member)} == {"withdrawn"}
    assert "已经全部关闭" in client.get("/h/quiet/").content.decode()

    client.post("/h/quiet/", {"purpose": "marketing", "on": "1"})
    assert has_consent(member=member, purpose="marketing")


class TestEntering:
    @pytest.fixture
    def _account(self, settings):
        settings.OFFICIAL_ACCOUNT_APP_ID, settings.OFFICIAL_ACCOUNT_SECRET = "wx0123456789abcdef", "s" * 32

    @pytest.mark.usefixtures("_account")
    def test_goes_to_wechat_and_back_to_the_page(self, monkeypatch):
        monkeypatch.setattr(WeChatOAuth, "fetch_access_token", lambda _, code: {"openid": f"o-{code}"})
        client = phone()

        asked = client.get("/h/enter/?next=/h/orders/")
        assert asked["Location"].startswith(
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef"
        )
        state = asked["Location"].split("&state=")[1].split("#")[0]
        back = client.get(f"/h/enter/back/?code=c1&state={state}")

        assert back["Location"] == "/h/orders/"
        assert client.get("/h/orders/").status_code == 200
        assert Identity.objects.get().kind == "openid"

    @pytest.mark.usefixtures("_account")
    def test_an_answer_to_another_browsers_question_lets_nobody_in(self):
        client = phone()
        client.get("/h/enter/?next=/h/orders/")

        response = client.get(f"/h/enter/back/?code=c1&state={'0' * 32}")

        assert response.status_code == 400
        assert "dq_member" not in client.cookies

    def test_never_leads_to_another_site(self, settings):
        settings.WECOM_API_BASE = "http://127.0.0.1:1/"

        response = phone().get("/h/enter/?next=https://evil.example/")

        assert response["Location"] == "/h/enter/who/?next=/h/orders/"

    @pytest.mark.usefixtures("_account")
    def test_a_unionid_finds_the_member_and_adds_her_openid(self):
        member = MemberFactory()
        identity(member, "unionid", "u1")

        found = oauth.member_behind(oauth.Visitor(openid="o1", unionid="u1"), at=AT)

        assert found == member
        assert set(member.identities.values_list("kind", flat=True)) == {"unionid", "openid"}

    def test_the_demos_door_opens_beside_a_wecom_of_our_own_only(self, settings):
        member = MemberFactory(name="王小明")
        settings.WECOM_API_BASE = "http://127.0.0.1:1/"
        client = phone()
        assert "王小明" in client.get("/h/enter/who/?next=/h/orders/").content.decode()
        assert client.post("/h/enter/who/", {"member": member.pk, "next": "/h/orders/"})["Location"] == "/h/orders/"

        settings.WECOM_API_BASE = "https://qyapi.weixin.qq.com"
        assert client.get("/h/enter/who/").status_code == 404
        settings.WECOM_API_BASE, settings.PRODUCTION = "http://127.0.0.1:1/", True
        assert client.get("/h/enter/who/").status_code == 404
