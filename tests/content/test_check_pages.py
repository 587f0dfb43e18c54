"""发布检查: HQ's rules and words, and the sample chain's materials under them."""

from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from communities.models import BannedWord, LintRule, Material
from communities.simulation.materials import add_sample_materials
from stores.models import AuditEntry
from tests.clients import signed_in, text_of
from tests.factories import (
    GuideFactory,
    ManagerFactory,
    ProductFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreProductFactory,
)

_AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


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
