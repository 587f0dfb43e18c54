from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from communities.simulation.plan import add_sample_plan


class Command(BaseCommand):
    help = "给样例连锁发布一周计划，用它的样例素材（已有计划时不动）"

    def handle(self, *_args: Any, **options: Any) -> None:
        plan = add_sample_plan(at=timezone.now())
        if options["verbosity"]:
            self.stdout.write(f"已发布{plan}，共 {plan.cells.count()} 格" if plan else "已有计划，或没有素材，没有改动")
