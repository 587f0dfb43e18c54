"""The property of a hand-over: each item ends in exactly one outcome, and nobody is asked for twice."""

import random

import pytest

from communities.models import HandoverItem
from communities.services.handover import asking, driving
from tests.handover.handing import DAY, Killed, external
from wecom.client.errors import OutcomeUnknown, WeComUnavailable
from wecom.client.transfers import Transfers


class Line:
    """The line to WeCom: requests and answers get lost on it, and workers die at either end."""

    def __init__(self, dice: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dice = dice
        for name in ("customers", "groups"):
            monkeypatch.setattr(Transfers, name, self.faulty(getattr(Transfers, name)))

    def faulty(self, real):
        def call(area, **given):
            fault = self.dice.choice(["", "", "lost before", "lost after", "killed before", "killed after", "down"])
            if fault == "down":
                raise WeComUnavailable("down")
            answer = None if "before" in fault else real(area, **given)
            if fault.startswith("lost"):
                raise OutcomeUnknown("lost")
            if fault.startswith("killed"):
                raise Killed
            return answer

        return call


def turn(handing, dice) -> None:
    """A worker comes by; now and then a customer refuses; time passes."""
    try:
        handing.go()
    except Killed:
        handing.later(driving.LEASE.total_seconds() + 1)
    asked = [external(item) for item in HandoverItem.objects.filter(kind="customer", state="accepted")]
    if asked and dice.random() < 0.4:
        refuse = {"contact": dice.choice(asked)}
        waiting = {one["subject"] for one in handing.mirror._rows("transfer") if one["status"] == 2}
        if refuse["contact"] in waiting:
            handing.mirror.company.do("refuse_transfer", **refuse)
    handing.later(dice.choice([90, 600, DAY // 4]))


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_every_item_ends_in_one_outcome_and_the_mirror_is_true(handing, monkeypatch, seed):
    dice = random.Random(seed)  # noqa: S311 -- reproducible on purpose
    monkeypatch.setattr(asking, "AT_ONCE", 7)
    handing.mirror.company.control("settings", transfers_a_page=3)
    handing.start()
    with monkeypatch.context() as faults:
        Line(dice, faults)
        for _ in range(14):
            turn(handing, dice)
    for _ in range(4):
        handing.go()
        handing.later(DAY + 1)

    states = list(HandoverItem.objects.values_list("state", flat=True))
    transfers = handing.mirror._rows("transfer")
    done = [one["subject"] for one in transfers if one["status"] == 1 and one["kind"] != "group"]
    assert len(states) == 22
    assert set(states) <= set(HandoverItem.OUTCOMES)
    assert handing.job.finished_at is not None
    assert len({one["subject"] for one in transfers}) == len(transfers)  # nobody was asked for twice
    assert sorted(external(item) for item in HandoverItem.objects.filter(kind="customer", state="done")) == sorted(done)
    assert handing.mirror.ours()["contacts"] == handing.mirror.truth()["contacts"]
