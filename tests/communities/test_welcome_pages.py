"""Welcome texts: the chain's are HQ's, a store's its manager's within limits; the preview says what will be read."""

import httpx
import pytest
from django.urls import reverse
from django.utils import timezone

from communities import welcome_texts
from communities.models import GroupWelcome, WelcomeText
from communities.services import group_welcomes, welcome_editing
from stores.models import AuditEntry
from tests.factories import GuideFactory, ManagerFactory, RegionLeadFactory, StaffFactory, StoreFactory
from tests.wecom.fake import refusal
from wecom.client.content import ContentRefused
from wecom.client.errors import OutcomeUnknown, WeComRefused

pytestmark = pytest.mark.django_db
LIST, EDIT, PREVIEW = reverse("welcomes:list"), reverse("welcomes:edit"), reverse("welcomes:preview")
RESET, GROUPS = reverse("welcomes:reset"), reverse("welcomes:groups")
ADD = "externalcontact/group_welcome_template/add"


def text(store=None, scene="", **fields):
    fields = {"text": "你好，我是{店名}店长{店长}"} | fields
    return WelcomeText.objects.create(store=store, scene=scene, changed_at=timezone.now(), **fields)


def test_hq_writes_the_default_with_coupon_and_links(client):
    client.force_login(StaffFactory())

    answer = client.post(f"{EDIT}?scene=checkout", {
        "text": "{店名}：{优惠券}", "fallback": "{店名}", "coupon": "满 50 减 10", "with_group": "on",
        "links": "新店开业 | https://a.example/1 | 周末全场九折\n菜单｜https://a.example/2",
    })  # fmt: skip

    row = WelcomeText.objects.get()
    assert (answer.status_code, row.store, row.scene, row.coupon) == (302, None, "checkout", "满 50 减 10")
    assert row.links == [
        {"title": "新店开业", "url": "https://a.example/1", "desc": "周末全场九折"},
        {"title": "菜单", "url": "https://a.example/2", "desc": ""},
    ]
    assert AuditEntry.objects.get(action="welcome.save").target == "checkout"


def test_a_manager_writes_for_the_own_store_and_takes_coupon_and_links_over_from_the_chain(client):
    manager = ManagerFactory()
    text(coupon="满 50 减 10", links=[{"title": "题", "url": "https://a.example", "desc": ""}])
    client.force_login(manager)

    client.post(EDIT, {"text": "本店{店名}：{优惠券}", "fallback": "", "with_group": "on", "coupon": "白送"})

    row = WelcomeText.objects.get(store=manager.store)
    assert (row.text, row.coupon, row.links) == ("本店{店名}：{优惠券}", "", [])
    holding = welcome_texts.text_for(store=manager.store, scene="checkout")
    assert (holding.text, holding.coupon, len(holding.links)) == ("本店{店名}：{优惠券}", "满 50 减 10", 1)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("欢迎光临", "请保留 {店名} 或 {店长}"),
        ("{店名} http://x.example", "链接由总部统一配置"),
        ("{店名}" + "好" * 500, "最多 500 字"),
        ("{店名} {老板}", "不认识 {老板}"),
    ],
)
def test_a_managers_limits_are_said_beside_the_field(client, typed, said):
    client.force_login(ManagerFactory())

    answer = client.post(EDIT, {"text": typed})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not WelcomeText.objects.exists()


@pytest.mark.parametrize(
    ("links", "said"),
    [
        ("没有网址", "要写成：标题 | 网址 | 说明"),
        ("题 | ftp://x", "不是网址"),
        ("\n".join(f"题{n} | https://a.example/{n}" for n in range(9)), "最多 8 条"),
        (f"{'题' * 43} | https://a.example", "链接标题最多 128 字节"),
    ],
)
def test_links_wecom_would_not_take_are_refused(client, links, said):
    client.force_login(StaffFactory())

    answer = client.post(EDIT, {"text": "{店名}", "links": links})

    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_text_is_measured_with_its_places_filled_as_widely_as_can_be():
    welcome_editing.check_text(text="{店名}" * 20)

    with pytest.raises(ContentRefused, match="4000 字节"):
        welcome_editing.check_text(text="{店名}" * 21)


def test_the_preview_shows_what_a_newcomer_reads_and_counts_bytes(client):
    manager = ManagerFactory(name="张敏", store=StoreFactory(name="翠竹店"))
    client.force_login(manager)

    said = client.post(PREVIEW, {"text": "我是{店名}{店长}\n{优惠券}\n{利益点}{老板}"}).content.decode()

    assert "我是翠竹店张敏\n进群领 10 元券{老板}" in said
    assert "不认识 老板" in said
    assert "<html" not in said


def test_defaults_are_hqs_alone_guides_look_and_other_stores_are_not_there(client):
    manager, other = ManagerFactory(), StoreFactory()
    guide = GuideFactory(store=manager.store)
    client.force_login(guide)
    assert (client.get(LIST).status_code, client.get(EDIT).status_code) == (200, 404)
    lead = RegionLeadFactory(region=manager.store.region)
    client.force_login(lead)
    assert client.get(EDIT).status_code == 404  # the chain's
    assert client.get(f"{EDIT}?store={manager.store.pk}").status_code == 200
    assert client.get(f"{EDIT}?store={other.pk}").status_code == 404
    client.force_login(manager)
    assert client.post(f"{EDIT}?store={other.pk}", {"text": "{店名}"}).status_code == 302
    assert WelcomeText.objects.get().store == manager.store  # one's own, whatever the address says


def test_the_list_says_scene_by_scene_whose_word_it_is(client):
    manager = ManagerFactory()
    text(scene="fitout", text="总部装修")
    text(store=manager.store, text="本店通用")
    client.force_login(manager)

    page = client.get(LIST).content.decode()

    assert page.count("沿用本店通用") == 8  # a store's own word goes before the chain's for a scene
    client.force_login(StaffFactory())
    page = client.get(LIST).content.decode()
    assert page.count("系统默认") == 8
    assert "总部装修" in page


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_queries_for_one_text_and_three(client, django_assert_num_queries, count):
    for scene in ["", "fitout", "checkout"][:count]:
        text(scene=scene)
    client.force_login(StaffFactory())

    with django_assert_num_queries(3):  # session, user, texts
        client.get(LIST)


def test_reset_lets_the_chains_text_hold_again(client):
    manager = ManagerFactory()
    text(store=manager.store, scene="fitout")
    client.force_login(manager)

    client.post(RESET, {"scene": "fitout"})

    assert not WelcomeText.objects.exists()
    assert AuditEntry.objects.filter(action="welcome.reset").count() == 1


def test_a_group_welcome_is_made_by_api_and_audited(site):
    site.fake.script[ADD] = [{"errcode": 0, "template_id": "t1"}]

    made = group_welcomes.add_template(
        text="欢迎 %NICKNAME% 进群", by=StaffFactory(), at=timezone.now(), gateway=site.wecom
    )

    assert (made.template_id, made.status) == ("t1", "live")
    assert site.fake.body(ADD) == {"text": {"content": "欢迎 %NICKNAME% 进群"}, "notify": 1}
    assert AuditEntry.objects.get(action="group_welcome.add").target == "t1"


def test_a_lost_answer_leaves_a_trace_and_a_refusal_leaves_none(site):
    wish = {"text": "欢迎", "by": StaffFactory(), "at": timezone.now(), "gateway": site.wecom}
    site.fake.script[ADD] = [refusal(40058)]
    with pytest.raises(WeComRefused):
        group_welcomes.add_template(**wish)
    assert not GroupWelcome.objects.exists()
    site.fake.script[ADD] = [refusal(40058), httpx.ReadTimeout("lost")]
    with pytest.raises(OutcomeUnknown):
        group_welcomes.add_template(**wish)

    assert GroupWelcome.objects.get().status == "lost"


def test_no_more_templates_than_wecom_keeps(site):
    by = StaffFactory()
    GroupWelcome.objects.bulk_create(
        GroupWelcome(text="欢迎", template_id=f"t{n}", status="live", changed_by=by, changed_at=timezone.now())
        for n in range(100)
    )

    with pytest.raises(group_welcomes.TooMany):
        group_welcomes.add_template(text="欢迎", by=by, at=timezone.now(), gateway=site.wecom)


def test_group_welcomes_are_read_by_all_and_written_by_hq(client):
    row = GroupWelcome.objects.create(
        text="欢迎 %NICKNAME%", template_id="t1", status="live", changed_by=StaffFactory(), changed_at=timezone.now()
    )
    client.force_login(ManagerFactory())

    page = client.get(GROUPS).content.decode()

    assert "群主要在企业微信的群里" in page
    assert "%NICKNAME%" in page
    for name, args in (("group_new", []), ("group_edit", [row.pk])):
        assert client.get(reverse(f"welcomes:{name}", args=args)).status_code == 404
    assert client.post(reverse("welcomes:group_delete", args=[row.pk])).status_code == 404


def test_a_group_welcome_longer_than_wecom_takes_is_refused_on_the_page(client):
    client.force_login(StaffFactory())

    answer = client.post(reverse("welcomes:group_new"), {"text": "😀" * 800})

    assert answer.status_code == 422
    assert "最多 3000 字节" in answer.content.decode()
