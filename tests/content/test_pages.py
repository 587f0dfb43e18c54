"""素材 in the browser: who sees what, who may change what, and what is said when something is wrong."""

import io
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from communities.models import BannedWord, LintRule, Material
from communities.simulation.materials import add_sample_materials
from stores.models import AuditEntry
from tests.factories import (
    AssetFactory,
    GuideFactory,
    ManagerFactory,
    MaterialFactory,
    MaterialVersionFactory,
    ProductFactory,
    RegionFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreFactory,
    StoreProductFactory,
)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(answer):
    return answer.content.decode()


def photo(side=800, name="photo.jpg"):
    file = io.BytesIO()
    Image.effect_noise((side, side), 60).convert("RGB").save(file, "JPEG")
    return SimpleUploadedFile(name, file.getvalue())


_AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
WRITTEN = {"name": "早市", "theme": "offer", "text": "{店名}的橙子到了", "card": ""}


@pytest.mark.django_db
def test_everyone_sees_hqs_materials_and_those_of_the_own_stores():
    manager = ManagerFactory()
    lead = RegionLeadFactory(region=manager.store.region)
    for name, store in (("总部的", None), ("本店的", manager.store), ("别店的", StoreFactory())):
        MaterialFactory(name=name, store=store)

    seen = {
        user: {name for name in ("总部的", "本店的", "别店的") if name in text_of(signed_in(user).get("/materials/"))}
        for user in (manager, lead, StaffFactory(), GuideFactory(store=manager.store))
    }

    assert list(seen.values()) == [
        {"总部的", "本店的"}, {"总部的", "本店的"}, {"总部的", "本店的", "别店的"}, {"总部的", "本店的"},
    ]  # fmt: skip


@pytest.mark.django_db
def test_another_stores_material_is_not_there():
    material = MaterialFactory(store=StoreFactory())
    client = signed_in(ManagerFactory())

    assert client.get(f"/materials/{material.pk}/").status_code == 404
    for act in ("", "archive/", "restore/", "copy/", "versions/1/"):
        assert client.post(f"/materials/{material.pk}/{act}", WRITTEN).status_code == 404


@pytest.mark.django_db
def test_a_manager_looks_at_hqs_material_and_a_guide_at_any_but_they_do_not_change_it():
    manager = ManagerFactory()
    hqs, own = MaterialFactory(), MaterialFactory(store=manager.store)

    for user, material in (
        (manager, hqs), (GuideFactory(store=manager.store), own),
        (RegionLeadFactory(region=manager.store.region), own), (RegionLeadFactory(region=RegionFactory()), hqs),
    ):  # fmt: skip
        client = signed_in(user)
        page = client.get(f"/materials/{material.pk}/")
        assert (page.status_code, "保存" in text_of(page)) == (200, False)
        assert client.post(f"/materials/{material.pk}/", WRITTEN | {"seen": 1}).status_code == 404
        assert client.post(f"/materials/{material.pk}/archive/").status_code == 404


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
def test_what_changed_in_the_meantime_is_not_overwritten():
    version = MaterialVersionFactory()
    client = signed_in(StaffFactory())
    seen = WRITTEN | {"seen": version.number}

    first = client.post(f"/materials/{version.material_id}/", seen)
    second = client.post(f"/materials/{version.material_id}/", seen | {"text": "别的"})

    assert (first.status_code, second.status_code) == (302, 422)
    assert "别人刚刚改过这份素材" in text_of(second)
    assert Material.objects.get().current.text == WRITTEN["text"]


@pytest.mark.django_db
def test_a_manager_copies_hqs_material_and_hq_one_to_a_store():
    manager = ManagerFactory()
    version = MaterialVersionFactory(text="一样的话", pictures=[AssetFactory()])

    signed_in(manager).post(f"/materials/{version.material_id}/copy/")
    own = Material.objects.latest("pk")
    hq = signed_in(StaffFactory())
    hq.post(f"/materials/{version.material_id}/copy/", {"store": f"{manager.store.code} {manager.store}"})
    given = Material.objects.latest("pk")
    refused = hq.post(f"/materials/{version.material_id}/copy/", {"store": "没有"}, follow=True)

    assert {(one.store, one.current.text, one.current.assets.count()) for one in (own, given)} == {
        (manager.store, "一样的话", 1)
    }
    assert "没有这家门店，请核对编码" in text_of(refused)


@pytest.mark.django_db
def test_an_archived_material_leaves_the_list_and_comes_back():
    material = MaterialFactory(name="过季的")
    client = signed_in(StaffFactory())

    client.post(f"/materials/{material.pk}/archive/")
    client.get("/materials/")  # takes the notice that names it
    assert "过季的" not in text_of(client.get("/materials/?theme=taste"))
    assert "过季的" in text_of(client.get("/materials/?status=archived"))
    assert client.post(f"/materials/{material.pk}/", WRITTEN | {"seen": 1}).status_code == 404
    client.post(f"/materials/{material.pk}/restore/")
    assert "过季的" in text_of(client.get("/materials/"))


@pytest.mark.django_db
def test_an_older_version_is_brought_back_as_a_new_one():
    version = MaterialVersionFactory(text="新的")
    first = version.material.versions.get(number=1)

    signed_in(StaffFactory()).post(f"/materials/{version.material_id}/versions/1/")

    current = Material.objects.get().current
    assert (current.number, current.text) == (3, first.text)


@pytest.mark.django_db
def test_the_list_is_filtered_by_theme_owner_and_words():
    MaterialFactory(name="橙子优惠", theme="offer")
    MaterialFactory(name="梨的知识", theme="knowledge", store=StoreFactory())
    client = signed_in(StaffFactory())

    def names(query):
        page = text_of(client.get(f"/materials/?{query}"))
        return [name for name in ("橙子优惠", "梨的知识") if name in page]

    assert [names(query) for query in ("theme=offer", "owner=store", "owner=hq", "q=梨", "q=没有", "theme=x")] == [
        ["橙子优惠"], ["梨的知识"], ["橙子优惠"], ["梨的知识"], [], ["橙子优惠", "梨的知识"],
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_material_and_for_three(django_assert_num_queries, count):
    for _ in range(count):
        MaterialVersionFactory(pictures=[AssetFactory()])
    client = signed_in(StaffFactory())

    with django_assert_num_queries(4):  # session, user, count, rows
        assert client.get("/materials/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_the_preview_costs_the_same_for_one_picture_and_for_three(django_assert_num_queries, count):
    manager = ManagerFactory()
    assets = [AssetFactory(uploaded_by=manager).pk for _ in range(count)]
    client = signed_in(manager)

    # session, user, files allowed, own store, slots, files, rules, words, managers, stores
    with django_assert_num_queries(10):
        assert client.post("/materials/preview/", WRITTEN | {"assets": assets}).status_code == 200


@pytest.mark.django_db
def test_hq_sets_the_checks_and_it_is_audited():
    client = signed_in(StaffFactory())
    form = client.get("/materials/checks/").context["form"]
    said = {name: form[name].value() for name in form.fields}

    client.post("/materials/checks/", said | {"sold_out": "warn", "reused_image_limit": "14"})
    wrong = client.post("/materials/checks/", said | {"promotion_share_limit": "101"})

    assert LintRule.objects.get(check_name="sold_out").severity == "warn"
    assert LintRule.objects.get(check_name="reused_image").limit == 14
    assert AuditEntry.objects.get(action="content.rules").detail["sold_out"] == {
        "from": ["block", None], "to": ["warn", None],
    }  # fmt: skip
    assert (wrong.status_code, "最大是 100" in text_of(wrong)) == (422, True)


@pytest.mark.django_db
def test_only_hq_reaches_checks_and_words():
    for user in (ManagerFactory(), RegionLeadFactory(), GuideFactory()):
        client = signed_in(user)
        assert client.get("/materials/checks/").status_code == 404
        assert client.get("/materials/checks/words/").status_code == 404
        assert client.post(f"/materials/checks/words/{BannedWord.objects.first().pk}/remove/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_words_are_imported_from_a_file_of_any_editor(encoding):
    text = "全宇宙,绝对化用语\r\n\r\n 顶 级 \t重复的\n" + "长" * 40
    file = SimpleUploadedFile("words.csv", text.encode(encoding))

    page = signed_in(StaffFactory()).post("/materials/checks/words/", {"kind": "banned", "file": file}, follow=True)

    assert BannedWord.objects.get(word="全宇宙").reason == "绝对化用语"
    assert BannedWord.objects.filter(word__contains="顶").count() == 1  # the same word in another dress
    assert "新增 1 个，更新 1 个" in text_of(page)
    assert "1 行没有导入（词语最长 32 个字）" in text_of(page)


@pytest.mark.django_db
def test_a_word_changes_its_kind_and_can_be_removed():
    client = signed_in(StaffFactory())

    client.post("/materials/checks/words/", {"kind": "allowed", "words": "顶级\n"})
    word = BannedWord.objects.get(word="顶级")
    assert (word.allowed, word.inducement) == (True, False)
    client.post(f"/materials/checks/words/{word.pk}/remove/")

    assert not BannedWord.objects.filter(word="顶级").exists()
    assert "请填写词语，或选择文件" in text_of(
        client.post("/materials/checks/words/", {"kind": "banned", "words": " "})
    )


@pytest.mark.django_db
def test_the_sample_chain_has_materials_of_every_theme_that_pass_the_checks_of_wording():
    StaffFactory()
    manager = ManagerFactory(username="manager")
    StoreProductFactory(store=manager.store, product=ProductFactory(code="03001"))

    made = add_sample_materials(at=_AT)
    page = signed_in(StaffFactory()).get("/materials/")

    assert made >= 12
    assert set(Material.objects.values_list("theme", flat=True)) == {
        "offer", "flash", "taste", "knowledge", "praise", "answer", "preview",
    }  # fmt: skip
    assert page.status_code == 200
    assert add_sample_materials(at=_AT) == 0
    client = signed_in(manager)
    for material in Material.objects.all():
        said = text_of(client.get(f"/materials/{material.pk}/"))
        assert "违禁用语" not in said
        assert "诱导分享" not in said
