from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from campaigns.simulation.chains import add_sample_chain
from stores.models import Staff


class Command(BaseCommand):
    help = "给样例店长的门店开一个正在进行的榴莲接龙（已有接龙时不动）"

    def handle(self, *_args: Any, **options: Any) -> None:
        manager = Staff.objects.filter(username="manager", role=Staff.Role.MANAGER).select_related("store").first()
        chain = add_sample_chain(by=manager, at=timezone.now()) if manager is not None else None
        if options["verbosity"]:
            self.stdout.write(f"已开接龙：{chain}" if chain else "已有接龙，或没有样例店长，没有改动")
