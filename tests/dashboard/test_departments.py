import pytest
from django.urls import reverse

from stores.models import Department
from tests.factories import GuideFactory, ManagerFactory, StaffFactory, StoreFactory

pytestmark = pytest.mark.django_db
PAGE = reverse("dashboard:departments")


def department(number: int, **fields) -> Department:
    return Department.objects.create(pk=number, **{"name": f"{number}部", "parent_number": 1} | fields)


@pytest.fixture
def hq(client, settings):
    settings.WECOM_CORP_ID, settings.WECOM_SECRET, settings.WECOM_AGENT_ID = "wwtest", "a-secret-of-a-test", "1000002"
    client.force_login(StaffFactory())
    return client


def test_page_is_for_hq_alone(client):
    department(2)
    client.force_login(ManagerFactory())

    assert client.get(PAGE).status_code == 404
    assert client.post(reverse("dashboard:remap", args=[2])).status_code == 404


def test_page_counts_what_is_not_matched_and_lists_it_first(hq):
    department(2, store=StoreFactory(name="翠竹店"), people=3)
    department(3, name="仓库", people=7)
    GuideFactory(name="没企微的人")

    page = hq.get(PAGE).content.decode()

    assert page.index("仓库") < page.index("翠竹店")
    assert '里面有 <span class="num">7</span> 人' in page
    assert "没企微的人" in page
    assert "翠竹店" not in hq.get(f"{PAGE}?only=lost", HTTP_HX_REQUEST="true").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_page_costs_the_same_queries_for_one_of_everything_and_three(hq, django_assert_num_queries, count):
    for number in range(count):
        department(2 * number + 2, store=StoreFactory())
        department(2 * number + 3)
        GuideFactory()

    # session, user · people lost, total, lost, stores without, strangers counted · count, page, strangers
    with django_assert_num_queries(10):
        hq.get(PAGE)


@pytest.mark.parametrize(("code", "said"), [("NONE", "没有编码为“NONE”的门店"), ("HZ001", "已经对应了别的部门")])
def test_a_store_that_is_not_there_or_taken_is_refused_with_the_reason(hq, code, said):
    department(2, store=StoreFactory(code="HZ001"))
    department(3)

    page = hq.post(reverse("dashboard:remap", args=[3]), {"code": code}, follow=True).content.decode()

    assert said in page
    assert Department.objects.get(pk=3).store is None


def test_a_region_with_stores_below_and_a_team_below_a_store_are_matched(hq):
    department(2, name="华东大区")
    department(3, parent_number=2, store=StoreFactory(name="翠竹店"))
    department(4, parent_number=3, name="早班组")
    department(5, parent_number=2, name="仓库")

    page = hq.get(f"{PAGE}?only=lost", HTTP_HX_REQUEST="true").content.decode()

    assert [name in page for name in ("仓库", "华东大区", "早班组", "翠竹店")] == [True, False, False, False]
