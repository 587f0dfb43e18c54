"""How the hours of the day are kept: posts by slot, for the heat map."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class SlotTally(models.Model):
    """One slot of one day in one region: how many posts were to be out, and how many were on time.

    By region, not by store: the map compares hours and places of a whole chain, and a month of it is a few thousand
    rows. A region's row does not hold those of the regions below it.
    """

    region = models.ForeignKey("stores.Region", on_delete=models.CASCADE, related_name="+", verbose_name="区域")
    slot = models.ForeignKey("communities.Slot", on_delete=models.CASCADE, related_name="+", verbose_name="时段")
    day = models.DateField("日期")
    expected = models.PositiveIntegerField("到点应有")
    on_time = models.PositiveIntegerField("准时")

    class Meta:
        verbose_name = verbose_name_plural = "时段日"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "region", "slot"], name="one_tally_per_region_slot_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.region_id} {self.slot_id} {self.day}"
