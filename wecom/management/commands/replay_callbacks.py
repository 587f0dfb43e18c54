from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from wecom.models import CallbackEvent, CallbackJob
from wecom.services import inbox


class Command(BaseCommand):
    help = "重放回调：默认重放死信；--done 连已完成的一起重放；--missing 为后来注册的处理程序补做"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--event", type=int, nargs="*", help="只重放这些事件编号")
        parser.add_argument("--kind", help="只重放这类事件，如 change_external_chat.update")
        parser.add_argument("--handler", help="只重放这个处理程序")
        parser.add_argument("--since", help="只重放此时间之后收到的，如 2026-01-05T09:00")
        parser.add_argument("--done", action="store_true", help="已完成的也重放")
        parser.add_argument("--missing", action="store_true", help="为后来注册的处理程序补建任务")
        parser.add_argument("--dry-run", action="store_true", help="只统计，不改动")

    def handle(self, *_args: Any, **options: Any) -> None:
        at = timezone.now()
        events = self._events(options)
        if options["missing"] and not options["dry_run"]:
            self.stdout.write(f"补建 {inbox.adopt_events(events=events, at=at)} 个任务")
        states = [CallbackJob.State.DEAD] + ([CallbackJob.State.DONE] if options["done"] else [])
        jobs = CallbackJob.objects.filter(event__in=events, state__in=states)
        if options["handler"]:
            jobs = jobs.filter(handler=options["handler"])
        ids = list(jobs.order_by("pk").values_list("pk", flat=True))
        if options["dry_run"]:
            self.stdout.write(f"将重放 {len(ids)} 个任务")
            return
        count = 0
        for start in range(0, len(ids), 1_000):
            count += inbox.replay_jobs(job_ids=ids[start : start + 1_000], at=at)
        self.stdout.write(f"已重放 {count} 个任务")

    def _events(self, options: dict[str, Any]) -> Any:
        events = CallbackEvent.objects.all()
        if options["event"]:
            events = events.filter(pk__in=options["event"])
        if options["kind"]:
            events = events.filter(kind=options["kind"])
        if options["since"]:
            events = events.filter(received_at__gte=_moment(options["since"]))
        return events


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"--since 不是时间：{text!r}，应如 2026-01-05T09:00")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
