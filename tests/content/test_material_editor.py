"""素材: what is written, uploaded and looked at before it is saved."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from communities.models import Material
from tests.clients import signed_in, text_of
from tests.content.written import WRITTEN
from tests.factories import (
    AssetFactory,
    GuideFactory,
    ManagerFactory,
    MaterialVersionFactory,
    ProductFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreFactory,
    StoreProductFactory,
)


def photo(side=800, name="photo.jpg"):
    file = io.BytesIO()
    Image.effect_noise((side, side), 60).convert("RGB").save(file, "JPEG")
    return SimpleUploadedFile(name, file.getvalue())


@pytest.mark.django_db
def test_only_those_who_may_add_reach_the_empty_editor_and_the_upload():
    for user, status in (
        (StaffFactory(), 200),
        (ManagerFactory(), 200),
        (GuideFactory(), 404),
        (RegionLeadFactory(), 404),
    ):
        client = signed_in(user)
        assert client.get("/materials/new/").status_code == status
        assert client.post("/materials/upload/", {"file": photo()}).status_code == status


@pytest.mark.django_db
def test_a_manager_writes_a_material_of_the_own_store_with_a_photo():
    manager = ManagerFactory()
    client = signed_in(manager)

    tile = client.post("/materials/upload/", {"file": photo()})
    asset = tile.context["asset"]
    answer = client.post("/materials/new/", WRITTEN | {"assets": [asset.pk]})

    material = Material.objects.get()
    assert answer.url == f"/materials/{material.pk}/"
    assert (material.store, material.current.number, material.current.text) == (
        manager.store, 1, "{店名}的橙子到了",
    )  # fmt: skip
    assert list(material.current.assets.all()) == [asset]
    shown = client.get(f"/materials/files/{asset.pk}/small/")
    assert (shown["Content-Type"], b"".join(shown.streaming_content)[:2]) == ("image/jpeg", b"\xff\xd8")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"name": ""}, "请起个名字"),
        ({"text": ""}, "请写文案，或者加图片、视频、链接"),
        ({"text": "果" * 1100}, "文案太长：最多约 1000 个汉字，现在多了约 100 个"),
        ({"card": "link"}, "请填写链接地址"),
        ({"card": "link", "link_url": "http://x.example", "link_title": "来"}, "链接要以 https:// 开头"),
        ({"card": "link", "link_url": "https://x.example"}, "请填写卡片标题"),
        ({"card": "link", "link_url": "https://x.example", "link_title": "果" * 50}, "卡片标题太长：最多约 42 个汉字"),
        ({"card": "miniprogram", "miniprogram_appid": "wx1", "link_title": "来"}, "请填写小程序页面路径"),
        (
            {"card": "miniprogram", "miniprogram_appid": "wx1", "link_title": "来", "miniprogram_page": "p"},
            "小程序卡片要有一张图片做封面",
        ),
        ({"product": "没有的"}, "没有这个商品，请从列表里选"),
        ({"price": "19.999", "product": "P1 橙子"}, "价格要大于 0，最多两位小数"),
        ({"price": "十块"}, "价格要写成数字，例如 19.9"),
        ({"price": "10"}, "写了活动价就要选商品"),
        ({"expires_on": "明天"}, "日期写法不对"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason(wrong, reason):
    ProductFactory(code="P1", name="橙子")

    answer = signed_in(ManagerFactory()).post("/materials/new/", WRITTEN | wrong)

    assert answer.status_code == 422
    assert reason in text_of(answer)
    assert not Material.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("said", ["P1 橙子", "p1".upper(), "橙子", " P1 "])
def test_a_product_is_known_by_code_name_or_both_and_a_price_by_its_figures(said):
    orange = ProductFactory(code="P1", name="橙子")

    signed_in(StaffFactory()).post("/materials/new/", WRITTEN | {"product": said, "price": "￥１９.９"})

    version = Material.objects.get().current
    assert (version.product, version.price_fen) == (orange, 1990)


@pytest.mark.django_db
def test_a_file_of_another_store_cannot_be_slipped_in():
    theirs = MaterialVersionFactory(material__store=StoreFactory(), pictures=[AssetFactory()])
    client = signed_in(ManagerFactory())

    client.post("/materials/new/", WRITTEN | {"assets": [theirs.assets.get().pk, "x", "99999999999999999999"]})

    assert not Material.objects.latest("pk").current.assets.exists()
    assert client.get(f"/materials/files/{theirs.assets.get().pk}/small/").status_code == 404


@pytest.mark.django_db
def test_files_are_shown_to_staff_alone():
    asset = AssetFactory()
    MaterialVersionFactory(pictures=[asset])

    assert Client().get(f"/materials/files/{asset.pk}/full/").status_code == 302
    assert (
        signed_in(GuideFactory()).get(f"/materials/files/{asset.pk}/full/").status_code == 404
    )  # no such file on disk


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (SimpleUploadedFile("a.jpg", b"<html>"), "这不是能用的图片，请上传 JPG、PNG 或 WebP"),
        (SimpleUploadedFile("a.jpg", b""), "文件是空的，请重新选择"),
        (SimpleUploadedFile("a.jpg", b"\0" * (11 * 2**20)), "文件太大（11.0 MB）：图片最大 5 MB，视频最大 10 MB"),
        ("no file", "没有收到文件，请重新选择"),
    ],
    ids=["html", "empty", "heavy", "none"],
)
def test_a_bad_upload_is_answered_in_plain_words(file, reason):
    answer = signed_in(ManagerFactory()).post("/materials/upload/", {"file": file})

    assert (answer.status_code, answer["Content-Type"]) == (422, "text/plain; charset=utf-8")
    assert text_of(answer) == reason


@pytest.mark.django_db
def test_the_preview_shows_the_stores_own_words_and_marks_the_sentence():
    manager = ManagerFactory(name="王芳", store__name="科技园店")
    StoreProductFactory(store=manager.store, product=ProductFactory(code="P1", name="橙子"), price_fen=990, stock=0)

    answer = signed_in(manager).post(
        "/materials/preview/", WRITTEN | {"text": "{店名}{店长}：{商品}{价格}。全城最佳！{店铺}", "product": "P1"}
    )

    page = text_of(answer)
    assert "科技园店王芳：橙子9.9元/份。全城最佳！" in page
    assert "全城<mark>最佳</mark>！" in page
    assert "橙子在本店已售罄，库存为 0" in page
    assert '<mark class="gap">{店铺}</mark>' in page
    assert not Material.objects.exists()


@pytest.mark.django_db
def test_hq_looks_as_any_store_and_a_lead_only_as_those_of_the_region():
    here, there = StoreFactory(name="此处店"), StoreFactory(name="他处店", code="S77777")
    wish = WRITTEN | {"preview_store": "S77777 他处店"}

    assert "他处店的橙子到了" in text_of(signed_in(StaffFactory()).post("/materials/preview/", wish))
    lead = signed_in(RegionLeadFactory(region=here.region))
    assert "此处店的橙子到了" in text_of(lead.post("/materials/preview/", wish))
    assert there.name == "他处店"


@pytest.mark.django_db
def test_a_wording_is_escaped_wherever_it_is_shown():
    client = signed_in(StaffFactory())
    evil = "<script>alert(1)</script>最佳"

    client.post("/materials/new/", WRITTEN | {"text": evil, "name": evil})
    pages = [
        client.post("/materials/preview/", WRITTEN | {"text": evil}), client.get("/materials/"),
        client.get(f"/materials/{Material.objects.get().pk}/"),
    ]  # fmt: skip

    assert not any("<script>alert" in text_of(page) for page in pages)


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_the_preview_costs_the_same_for_one_picture_and_for_three(django_assert_num_queries, count):
    manager = ManagerFactory()
    assets = [AssetFactory(uploaded_by=manager).pk for _ in range(count)]
    client = signed_in(manager)

    # session, user, files allowed, own store, slots, files, rules, words, managers, stores
    with django_assert_num_queries(10):
        assert client.post("/materials/preview/", WRITTEN | {"assets": assets}).status_code == 200
