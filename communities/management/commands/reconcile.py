from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from communities.selectors.drift import KIND_LABELS, label_of, named
from communities.services.reconciling import KINDS, left_over, reconcile
from wecom.gateway import wecom
from wecom.models import Drift, SyncRun
from wecom.services.syncing import SyncBusy


class Command(BaseCommand):
    help = "与企业微信全量核对员工、客户、客户群，修复差异并报告；中断后再次运行会从断点继续"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", nargs="*", choices=KINDS, default=KINDS, help="只核对这些：" + " ".join(KINDS))

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            client = wecom().bulk()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        chosen = left_over(at=timezone.now()) if set(options["only"]) == set(KINDS) else ()
        kinds = chosen or [kind for kind in KINDS if kind in options["only"]]
        if chosen:
            self.stdout.write("上一次没有完成，从断点继续：" + "、".join(KIND_LABELS[kind] for kind in chosen))
        results = reconcile(wecom=client, clock=timezone.now, kinds=kinds)
        for kind, result in results.items():
            self._tell(KIND_LABELS[kind], result)
        if any(isinstance(result, Exception) for result in results.values()):
            raise CommandError("没有全部完成；再次运行会从断点继续")

    def _tell(self, label: str, result: SyncRun | Exception) -> None:
        if isinstance(result, SyncBusy):
            self.stdout.write(f"{label}：另一个进程正在核对")
        elif isinstance(result, Exception):
            self.stdout.write(f"{label}：失败，{result}")
        else:
            drifts = list(Drift.objects.filter(run=result).order_by("-count"))
            told = "、".join(f"{label_of(one.kind)} {one.count}" for one in drifts) or "没有差异"
            self.stdout.write(f"{label}：调用 {result.calls} 次，{'首次同步' if result.is_first else told}")
            self._name(drifts)

    def _name(self, drifts: list[Drift]) -> None:
        """Each thing that was lost; of very many the first few hundred."""
        names = named(drifts)
        for drift in drifts:
            texts = [one.text for one in names.get(drift.pk, [])]
            more = f"……共 {drift.count} 个" if drift.count > len(texts) else ""
            self.stdout.write(f"  {label_of(drift.kind)}：{'、'.join(texts)}{more}")
