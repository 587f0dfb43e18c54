from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from metrics.simulation.watching import add_sample_watch


class Command(BaseCommand):
    help = "给样例连锁补上告警、目标、同伴榜和一个分享了的案例（已有时不动）"

    def handle(self, *_args: Any, **options: Any) -> None:
        done = add_sample_watch(at=timezone.now())
        if options["verbosity"]:
            self.stdout.write("已补上告警、目标、同伴榜和案例" if done else "已有目标或告警，没有改动")
