"""From draft to plan and back: the effect, publishing, reverting."""

from django.utils import timezone

from communities.models import PlanVersion
from tests.clients import signed_in
from tests.communities.planning.filling import typed
from tests.factories import (
    MaterialFactory,
    PlanCellFactory,
    PlanVersionFactory,
    StaffFactory,
)


def test_publishing_says_whom_it_reaches_and_takes_effect(hq, draft):
    cell = draft.cells.get()
    hq.post(f"/plan/cells/{cell.pk}/", typed(cell, theme="flash", materials=[MaterialFactory().pk]))
    today = timezone.localdate()
    looked = hq.get(f"/plan/publish/effect/?valid_from={today}")

    answer = hq.post("/plan/publish/", {"valid_from": today, "note": "试", "seen": looked.context["seen"]}, follow=True)

    assert "改了 1 格" in looked.content.decode()
    assert f"已发布 v{draft.number}" in answer.content.decode()


def test_a_draft_changed_after_it_was_looked_at_is_not_published(hq, draft):
    looked = hq.get("/plan/publish/effect/").context["seen"]
    cell = draft.cells.get()
    signed_in(StaffFactory()).post(f"/plan/cells/{cell.pk}/", typed(cell, theme="flash"))

    answer = hq.post("/plan/publish/", {"valid_from": timezone.localdate(), "note": "", "seen": looked}, follow=True)

    assert "草稿又有人改过" in answer.content.decode()
    assert PlanVersion.objects.get(pk=draft.pk).published_at is None


def test_an_old_version_comes_back_as_a_draft_to_be_published(hq, published):
    newer = PlanVersionFactory(valid_from=published.valid_from, published_at=timezone.now())
    PlanCellFactory(version=newer, weekday=3)

    answer = hq.post(f"/plan/versions/{published.pk}/revert/")

    draft = PlanVersion.objects.get(published_at=None)
    assert (answer.url, draft.reverts) == ("/plan/publish/", published)
    assert [cell.weekday for cell in draft.cells.all()] == [0]


def test_nothing_is_reverted_over_a_draft(hq, published, draft):
    answer = hq.post(f"/plan/versions/{published.pk}/revert/", follow=True)

    assert "还有一份草稿没有处理" in answer.content.decode()
