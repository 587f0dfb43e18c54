"""Materials change in versions: posts that were made keep theirs, those not yet released are worked out again."""

from datetime import date, datetime, timedelta

import pytest

from communities import tasks
from communities.models import PostTask
from communities.services.content.materials import (
    Content,
    archive_material,
    content_of,
    create_material,
    revise_material,
)
from communities.services.content.refusals import ContentIncomplete, MaterialChanged
from members.services.partitions import BUSINESS_ZONE
from tests.factories import AssetFactory, CustomerGroupFactory, StoreFactory

AT = datetime(2026, 11, 22, 9, 0, tzinfo=BUSINESS_ZONE)


@pytest.fixture
def enqueued(monkeypatch):
    """The days that are to be worked out again, as the broker would get them."""
    calls = []
    monkeypatch.setattr(tasks.bulk_materialise, "delay_on_commit", lambda **kwargs: calls.append(kwargs))
    return calls


def made(**fields):
    store = fields.pop("store", None)
    return create_material(
        name="早市", theme="offer", content=Content(**({"text": "橙子"} | fields)), store=store, by=None, at=AT
    )


def revised(material, *, seen=1, theme="offer", **fields):
    return revise_material(
        material=material, name="早市", theme=theme, content=Content(**({"text": "橙子"} | fields)), seen=seen,
        by=None, at=AT,
    )  # fmt: skip


def waiting(material, *, days=1, state="planned", group=None):
    group = group or CustomerGroupFactory()
    due_at = AT + timedelta(days=days)
    return PostTask.objects.create(
        group=group, store=group.store, day=due_at.date(), slot_id=1, version=material.current, due_at=due_at,
        release_at=due_at, closes_at=due_at + timedelta(hours=1), state=state,
    )  # fmt: skip


@pytest.mark.django_db
def test_what_is_said_differently_becomes_a_version_and_the_old_one_stays():
    material = made(asset_ids=(AssetFactory().pk,))
    before = content_of(material.current)

    after = revised(material, text="梨", asset_ids=before.asset_ids)

    assert (after.current.number, after.current.text) == (2, "梨")
    assert content_of(after.versions.get(number=1)) == before


@pytest.mark.django_db
def test_the_order_of_pictures_is_part_of_what_is_said():
    one, other = AssetFactory(), AssetFactory()
    material = made(asset_ids=(one.pk, other.pk))

    assert content_of(revised(material, asset_ids=(other.pk, one.pk)).current).asset_ids == (other.pk, one.pk)


@pytest.mark.django_db
def test_a_new_theme_or_nothing_new_makes_no_version():
    assert revised(made(), theme="taste").versions.count() == 1


@pytest.mark.django_db
def test_two_who_began_with_the_same_version_do_not_both_win():
    material = made()
    revised(material, text="梨")

    with pytest.raises(MaterialChanged):
        revised(material, text="桃")


@pytest.mark.django_db
def test_days_still_waiting_are_worked_out_again_and_others_are_not(enqueued):
    material = made()
    for days, state in ((1, "planned"), (2, "blocked"), (3, "withdrawn"), (-1, "planned")):
        waiting(material, days=days, state=state)

    revised(material, text="梨")

    assert enqueued == [{"day": "2026-11-23", "store_ids": None}, {"day": "2026-11-24", "store_ids": None}]


@pytest.mark.django_db
def test_a_stores_own_material_troubles_that_store_alone(enqueued):
    store = StoreFactory()
    material = made(store=store)
    waiting(material, group=CustomerGroupFactory(store=store))

    archive_material(material=material, at=AT)

    assert enqueued == [{"day": "2026-11-23", "store_ids": [store.pk]}]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"text": " "}, "请写文案"),
        ({"link_url": "https://x.example", "miniprogram_appid": "wx", "link_title": "来"}, "只能选一种"),
        ({"link_url": "javascript:alert(1)", "link_title": "来"}, "https://"),
        ({"link_url": "http://{接龙链接}", "link_title": "来"}, "https://"),
        ({"link_url": "https://x.example", "link_title": "来", "link_description": "长" * 171}, "卡片描述太长"),
    ],
)
def test_what_wecom_would_refuse_is_refused(fields, reason):
    with pytest.raises(ContentIncomplete, match=reason):
        made(**fields)


@pytest.mark.django_db
def test_nine_things_are_taken_and_ten_are_not_and_a_cover_is_none_of_its_own():
    pictures = tuple(AssetFactory().pk for _ in range(10))
    videos = tuple(AssetFactory(kind="video").pk for _ in range(9))
    card = {"link_url": "https://x.example", "link_title": "来"}

    assert made(asset_ids=pictures[:9]).current.placed.count() == 9
    assert made(asset_ids=pictures[:9], **card).current.placed.count() == 9
    for fields in ({"asset_ids": pictures}, {"asset_ids": pictures, **card}, {"asset_ids": videos, **card}):
        with pytest.raises(ContentIncomplete, match="一共最多 9 个"):
            made(**fields)


@pytest.mark.django_db
def test_the_order_page_may_be_the_whole_address():
    material = made(link_url="{接龙链接}", link_title="来", expires_on=date(2026, 12, 1))

    assert (material.current.link_url, material.current.expires_on) == ("{接龙链接}", date(2026, 12, 1))
