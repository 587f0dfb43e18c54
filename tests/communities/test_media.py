"""The pictures of group codes live three days at WeCom: they are uploaded again before, and a welcome never waits."""

from datetime import UTC, datetime, timedelta

import pytest

from communities.services import media
from tests.factories import EntryCodeFactory, StoreFactory
from tests.wecom.fake import refusal
from wecom.fetching import Fetched, FetchRefused

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
UPLOAD = "media/upload"
PNG = Fetched(content=b"\x89PNG\r\n\x1a\n" + b"0" * 32, media_type="image/png")

pytestmark = pytest.mark.django_db


@pytest.fixture
def outside(monkeypatch):
    """The picture at the address WeCom gave for a code."""
    found: dict[str, Fetched | None] = {}

    def fetch(url: str) -> Fetched:
        picture = found.get(url, PNG)
        if picture is None:
            raise FetchRefused("图片下载失败")
        return picture

    monkeypatch.setattr(media, "code_picture", fetch)
    return found


@pytest.fixture
def shop():
    return StoreFactory()


def refresh(site, shop) -> int:
    return media.refresh_pictures(store=shop, at=NOW, gateway=site.wecom)


@pytest.mark.parametrize(("age", "uploads"), [(None, 1), (timedelta(days=3), 1), (timedelta(days=2), 1)])
def test_what_is_missing_or_about_to_expire_is_uploaded_again(site, shop, outside, age, uploads):
    site.fake.script[UPLOAD] = [{"errcode": 0, "media_id": "M2"}]
    code = EntryCodeFactory(store=shop, kind="group", media_id="M1", media_at=None if age is None else NOW - age)

    assert refresh(site, shop) == uploads

    code.refresh_from_db()
    assert (code.media_id, code.media_at) == ("M2", NOW)
    assert site.fake.query(UPLOAD) == {"type": "image"}


def test_fresh_pictures_and_codes_that_show_none_are_left_alone(site, shop, outside):
    EntryCodeFactory(store=shop, kind="group", media_id="M1", media_at=NOW - timedelta(days=2) + timedelta(minutes=1))
    EntryCodeFactory(store=shop, kind="contact")
    EntryCodeFactory(store=shop, kind="group", scene="parcel", status="retired")
    EntryCodeFactory(kind="group")  # of another shop

    assert refresh(site, shop) == 0
    assert site.fake.count(UPLOAD) == 0


def test_what_cannot_be_had_stays_as_it_was_and_the_next_is_uploaded(site, shop, outside):
    gone = EntryCodeFactory(store=shop, kind="group", qr_url="https://q.example/gone")
    drawn = EntryCodeFactory(store=shop, kind="group", scene="parcel", qr_url="https://q.example/drawn")
    good = EntryCodeFactory(store=shop, kind="group", scene="standee")
    outside["https://q.example/gone"] = None
    outside["https://q.example/drawn"] = Fetched(content=b"<svg/>", media_type="image/svg+xml")
    site.fake.script[UPLOAD] = [{"errcode": 0, "media_id": "M2"}]

    assert refresh(site, shop) == 1

    for code in (gone, drawn, good):
        code.refresh_from_db()
    assert [gone.media_id, drawn.media_id, good.media_id] == ["", "", "M2"]


def test_a_picture_wecom_refuses_stays_a_link(site, shop, outside):
    code = EntryCodeFactory(store=shop, kind="group")
    site.fake.script[UPLOAD] = [refusal(40058)]

    assert refresh(site, shop) == 0

    code.refresh_from_db()
    assert (code.media_id, code.media_at) == ("", None)


def test_a_picture_too_large_for_wecom_is_not_sent(site, shop, outside):
    EntryCodeFactory(store=shop, kind="group", qr_url="https://q.example/huge")
    outside["https://q.example/huge"] = Fetched(content=b"0" * (11 * 1024 * 1024), media_type="image/png")

    assert refresh(site, shop) == 0
    assert site.fake.count(UPLOAD) == 0
