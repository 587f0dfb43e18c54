from tests.browser.conftest import PHONE
from tests.factories import PASSWORD, ManagerFactory


def test_a_manager_logs_in_on_a_phone(open_page):
    ManagerFactory(username="wangfang")
    page = open_page("/login/?next=/account/password/", size=PHONE)

    page.get_by_label("账号").fill("wangfang")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录").click()

    page.wait_for_url("**/account/password/")
    assert page.get_by_role("heading", level=1).is_visible()
