"""素材 on a phone: a photo goes up, a wrong file says why, and the checks answer while one types."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from communities.models import Material
from tests.browser.looks import DESKTOP, PHONE
from tests.browser.test_pages import SIDEWAYS, SMALL_TARGETS, UNNAMED
from tests.factories import ManagerFactory, MaterialVersionFactory, StaffFactory, StoreFactory


@pytest.fixture(autouse=True)
def _a_newer_preview_replaces_one_on_its_way(watch):
    """htmx tells the console of each request it gave up, as `hx-sync` has it do."""
    watch.expect("htmx:sendAbort")
    watch.expect("htmx:afterRequest")


def photo():
    file = io.BytesIO()
    Image.radial_gradient("L").resize((3000, 2000)).convert("RGB").save(file, "JPEG")
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


def test_a_manager_photographs_writes_sees_what_is_wrong_and_saves(open_page, watch, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    manager = ManagerFactory(store=StoreFactory(name="滨江店"))
    watch.expect("422")
    page = open_page("/materials/new/", user=manager, size=PHONE)

    page.set_input_files("[data-upload-files]", [photo(), {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no"}])
    expect(page.locator("[data-tile]")).to_have_count(1)
    expect(page.locator("[data-problem]")).to_have_text("a.jpg：这不是能用的图片，请上传 JPG、PNG 或 WebP")

    page.get_by_label("名称").fill("今天的橙子")
    page.get_by_label("文案").fill("顶 级的橙子到了，来")
    page.get_by_role("button", name="店名").click()
    expect(page.locator("#preview .bubble")).to_have_text("顶 级的橙子到了，来滨江店")
    expect(page.locator("#preview .said-picture")).to_have_count(1)
    expect(page.locator(".finding mark")).to_have_text("顶 级")
    assert page.evaluate(SMALL_TARGETS) == []
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate(SIDEWAYS) == 0

    page.get_by_role("button", name="保存").click()
    expect(page.locator(".notice-success")).to_contain_text("已保存")
    version = Material.objects.get().current
    assert (version.text, version.assets.count()) == ("顶 级的橙子到了，来{店名}", 1)


def test_the_card_shows_only_the_fields_it_has_and_the_phone_follows_the_store(open_page):
    StoreFactory(name="滨江店", code="S1")
    StoreFactory(name="西湖店", code="S2")
    material = MaterialVersionFactory(text="{店名}到货").material
    page = open_page(f"/materials/{material.pk}/", user=StaffFactory(), size=DESKTOP)

    expect(page.get_by_label("链接地址")).to_be_hidden()
    page.get_by_label("卡片", exact=True).select_option("miniprogram")
    expect(page.get_by_label("小程序 AppID")).to_be_visible()
    expect(page.get_by_label("链接地址")).to_be_hidden()

    page.get_by_label("看哪家门店").fill("S2 西湖店")
    page.get_by_label("看哪家门店").press("Enter")
    expect(page.locator("#preview .bubble")).to_have_text("西湖店到货")
