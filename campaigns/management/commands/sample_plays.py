"""`manage.py sample_plays`: a 拼团 and a 1元购 with teams, orders and a referral in the demo's store."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.simulation.plays import sample_plays
from stores.models import Staff


class Command(BaseCommand):
    help = "为演示门店生成一个拼团和一个 1 元购（成团、未成团退款、推荐各一例；只做一次）"

    def handle(self, *_args: Any, **options: Any) -> None:
        manager = Staff.objects.select_related("store").filter(username="manager", store__isnull=False).first()
        if manager is None or manager.store is None:
            raise CommandError("没有演示门店：先运行 manage.py simulate")
        if Campaign.objects.filter(store=manager.store, play__in=["group_buy", "one_yuan"]).exists():
            return
        made = sample_plays(store=manager.store, at=timezone.now())
        if options["verbosity"]:
            self.stdout.write("、".join(campaign.title for campaign in made))
