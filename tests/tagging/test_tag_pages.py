"""标签: HQ's page of tags and of what stands in WeCom."""

from datetime import timedelta

import pytest

from tagging.models import ContactMarks, MirroredGroup, MirroredTag, Tag
from tagging.services.tags import make_tag
from tests.factories import ContactFactory, ManagerFactory, StaffFactory
from tests.tagging.ruling import all_of, rule
from tests.tagging.talking import FRIDAY

pytestmark = pytest.mark.django_db
LATELY = all_of(rule("visits", days=30, number=1))


def tag(name, *, group="口味", rules=None):
    return make_tag(group=group, name=name, rules=rules, lasts_days=None, by=StaffFactory(), at=FRIDAY)


@pytest.fixture
def hq(client):
    client.force_login(StaffFactory())
    return client


def said(client, path, **form):
    return client.post(f"/segments/tags/{path}", form, follow=True).content.decode()


def test_hq_makes_renames_and_puts_away(hq):
    assert "标签“口味·爱甜”已建好" in said(hq, "new/", group="口味", name="爱甜", days="30")
    assert "这个标签已经有了" in said(hq, "new/", group="口味", name="爱甜")
    assert "有效天数请填整数" in said(hq, "new/", group="口味", name="爱脆", days="一月")
    row, _ = Tag.objects.get(), tag("怕上火", group="顾虑")

    assert "已改名为“甜党”" in said(hq, f"{row.pk}/", name="甜党")
    assert "请填 1 到 30 个字" in said(hq, f"{row.pk}/", name=" ")
    assert "已经有标签组“顾虑”" in said(hq, "group/", group="口味", name="顾虑", action="rename")
    assert "标签组已改名为“吃口”" in said(hq, "group/", group="口味", name="吃口", action="rename")
    assert "甜党" not in said(hq, f"{row.pk}/", action="archive").split("会员身上的明早去掉")[1]


def test_the_page_says_how_each_stands_in_wecom_and_what_was_refused(hq):
    sweet, _ = tag("爱甜"), tag("常来", rules=LATELY)
    said(hq, "group/", group="口味", action="mirror")
    MirroredTag.objects.create(tag=sweet, problem="在企业微信管理后台被删除，已停止同步", stopped_at=FRIDAY)
    for _ in range(2):
        ContactMarks.objects.create(
            contact=ContactFactory(), problem="成员没有接口许可（701008）", tries=1, retry_at=FRIDAY + timedelta(days=1)
        )

    page = hq.get("/segments/tags/").content.decode()
    for words in ("正在同步", "30 天内来过 1 次以上", "已停止同步", "成员没有接口许可（701008）（2 位客户）"):
        assert words in page
    said(hq, "group/", group="口味", action="stop")
    assert not MirroredGroup.objects.get().is_on
    assert "没有这个标签组" in said(hq, "group/", group="别的", action="mirror")


def test_only_hq_keeps_tags(client):
    client.force_login(ManagerFactory())
    row = tag("爱甜")

    assert client.get("/segments/tags/").status_code == 404
    assert {client.post(f"/segments/tags/{path}").status_code for path in ("new/", "group/", f"{row.pk}/")} == {404}


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_the_same_however_many_tags(hq, count, django_assert_num_queries):
    for n in range(count):
        tag(f"标签{n}")
    with django_assert_num_queries(5):
        assert hq.get("/segments/tags/").status_code == 200
