from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from communities.services.feedback.suggesting import suggest
from communities.simulation.feedback import add_sample_feedback


class Command(BaseCommand):
    help = "给样例连锁补上过去四周的群发和它们的效果（已有过去的群发时不动），再给出本周的换素材建议"

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        done = add_sample_feedback(at=now)
        found = suggest(at=now) if done else []
        if options["verbosity"]:
            said = f"已补上 {done.days} 天的效果，{len(found)} 条建议" if done else "没有计划或群，或已有群发，没有改动"
            self.stdout.write(said)
