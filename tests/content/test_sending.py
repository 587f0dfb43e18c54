"""Files go up to WeCom just before a send: once for everybody, again when WeCom has forgotten them."""

import io
from datetime import datetime, timedelta
from itertools import count

import pytest
from django.core.cache import cache
from PIL import Image

from communities.models import PostContent, Slot
from communities.services.content.materials import Content, create_material
from communities.services.content.rendering import wordings
from communities.services.content.sending import forget_uploads, wecom_attachments, with_attachments
from communities.services.content.uploading import keep_content
from members.services.partitions import BUSINESS_ZONE
from tests.content.test_uploads import boxes
from tests.factories import StoreFactory
from tests.wecom.fake import refusal
from wecom.client.content import ContentRefused, Link, MiniProgram, Video
from wecom.client.content import Image as SentImage
from wecom.client.errors import WeComRefused

AT = datetime(2026, 11, 22, 15, 30, tzinfo=BUSINESS_ZONE)


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()


_numbers = count(1)


def numbered(_request):
    return {"errcode": 0, "media_id": f"m{next(_numbers)}"}


def photo(colour="orange", size=(900, 700)):
    file = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(file, "JPEG", comment=colour.encode())
    return keep_content(content=file.getvalue(), by=None, at=AT)


def posted(*, store=None, **fields):
    """A material as a store has it ready to be sent."""
    store, slot = store or StoreFactory(), Slot.objects.get(number=3)
    material = create_material(name="素材", theme="offer", content=Content(**fields), store=None, by=None, at=AT)
    wording = wordings([(store.pk, material.current_id)], day=AT.date(), slot=slot)[store.pk, material.current_id]
    return PostContent.objects.create(
        store=store, version_id=material.current_id, day=AT.date(), slot=slot, text=wording.text,
        attachments=wording.attachments,
    )  # fmt: skip


@pytest.mark.django_db
def test_a_picture_and_a_video_go_up_as_what_they_are(site):
    site.fake.script["media/upload"] = [{"errcode": 0, "media_id": "m1"}, {"errcode": 0, "media_id": "m2"}]
    video = keep_content(content=boxes(b"moov", b"mdat"), by=None, at=AT)
    content = posted(text="来", asset_ids=(photo().pk, video.pk))

    sent = wecom_attachments(content, at=AT, gateway=site.wecom)

    assert sent == [SentImage(media_id="m1"), Video(media_id="m2")]
    first, second = (body for path, _, body in site.fake.calls if path == "media/upload")
    assert (b"image/jpeg" in first, b"video/mp4" in second) == (True, True)


@pytest.mark.django_db
def test_one_picture_goes_up_once_for_all_stores_and_again_before_wecom_forgets_it(site):
    site.fake.script["media/upload"] = [numbered]
    picture = photo()
    ours, theirs = posted(text="一", asset_ids=(picture.pk,)), posted(text="二", asset_ids=(picture.pk,))

    first = wecom_attachments(ours, at=AT, gateway=site.wecom)
    assert wecom_attachments(theirs, at=AT + timedelta(days=1), gateway=site.wecom) == first
    assert site.fake.count("media/upload") == 1

    assert wecom_attachments(ours, at=AT + timedelta(days=2), gateway=site.wecom) != first
    assert site.fake.count("media/upload") == 2


@pytest.mark.django_db
def test_what_wecom_has_forgotten_goes_up_again_once_and_is_sent_again(site):
    site.fake.script["media/upload"] = [numbered]
    content = posted(text="来", asset_ids=(photo().pk,))
    tried = []

    def send(attachments):
        tried.append(attachments)
        if len(tried) == 1:
            raise WeComRefused(api="externalcontact/add_msg_template", code=40007)
        return "msgid"

    assert with_attachments(content, at=AT, use=send, gateway=site.wecom) == "msgid"
    assert tried[0] != tried[1]
    assert site.fake.count("media/upload") == 2


@pytest.mark.django_db
@pytest.mark.parametrize("code", [40007, 45009, 40003])
def test_a_refusal_that_lasts_is_told_and_not_tried_a_third_time(site, code):
    site.fake.script["media/upload"] = [numbered]
    content = posted(text="来", asset_ids=(photo().pk,))
    tried = []

    def send(attachments):
        tried.append(attachments)
        raise WeComRefused(api="externalcontact/add_msg_template", code=code)

    with pytest.raises(WeComRefused):
        with_attachments(content, at=AT, use=send, gateway=site.wecom)
    assert len(tried) == (2 if code == 40007 else 1)


@pytest.mark.django_db
def test_a_link_card_has_its_cover_at_a_lasting_address(site):
    site.fake.script["media/uploadimg"] = [{"errcode": 0, "url": "https://wework.qpic.example/1"}]
    fields = {
        "link_url": "https://x.example/?s={门店编码}", "link_title": "{店名}上新", "link_description": "点开看",
        "asset_ids": (photo().pk,),
    }  # fmt: skip
    store = StoreFactory(name="科技园店", code="S00009")
    content = posted(store=store, **fields)

    sent = [wecom_attachments(content, at=AT + timedelta(days=n), gateway=site.wecom) for n in (0, 100)]

    link = Link(
        title="科技园店上新", url="https://x.example/?s=S00009", picurl="https://wework.qpic.example/1", desc="点开看"
    )
    assert sent == [[link], [link]]
    assert site.fake.count("media/uploadimg") == 1


@pytest.mark.django_db
def test_a_mini_programs_cover_is_cut_to_its_card(site):
    site.fake.script["media/upload"] = [numbered]
    content = posted(
        miniprogram_appid="wx1", miniprogram_page="p?s={门店编码}", link_title="来", asset_ids=(photo().pk,),
        store=StoreFactory(code="S00009"),
    )  # fmt: skip

    (card,) = wecom_attachments(content, at=AT, gateway=site.wecom)

    assert isinstance(card, MiniProgram)
    assert (card.title, card.appid, card.page) == ("来", "wx1", "p?s=S00009")
    body = site.fake.body("media/upload")
    start = body.index(b"\xff\xd8")
    assert Image.open(io.BytesIO(body[start:])).size == (520, 416)


@pytest.mark.django_db
def test_a_file_that_is_gone_is_told(site):
    picture = photo()
    content = posted(text="来", asset_ids=(picture.pk,))
    picture.file.delete(save=False)

    with pytest.raises(ContentRefused, match="素材文件已不在"):
        wecom_attachments(content, at=AT, gateway=site.wecom)


@pytest.mark.django_db
def test_an_upload_wecom_refuses_is_not_remembered(site):
    site.fake.script["media/upload"] = [refusal(40058), numbered]
    content = posted(text="来", asset_ids=(photo().pk,))

    with pytest.raises(WeComRefused):
        wecom_attachments(content, at=AT, gateway=site.wecom)
    assert len(wecom_attachments(content, at=AT, gateway=site.wecom)) == 1


@pytest.mark.django_db
def test_to_forget_a_content_without_files_is_no_work(site):
    forget_uploads(posted(text="只有字"))

    assert site.fake.calls == []
