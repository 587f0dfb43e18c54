from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from communities.simulation.materials import add_sample_materials


class Command(BaseCommand):
    help = "给样例连锁加上素材：全部主题，图片是画出来的（已有素材时不动）"

    def handle(self, *_args: Any, **options: Any) -> None:
        made = add_sample_materials(at=timezone.now())
        if options["verbosity"]:
            self.stdout.write(f"已加 {made} 份素材" if made else "已有素材，没有改动")
