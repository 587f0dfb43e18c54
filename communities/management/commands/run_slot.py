from argparse import ArgumentParser
from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from communities.models import PostTask, Slot, SlotCard
from communities.services.cadence.running import SlotRun, run_slot
from wecom.gateway import wecom
from wecom.sandbox.remote import set_clock


class Command(BaseCommand):
    help = "手工执行一个时段：没有任务就先生成，然后发布、提醒、查询回执，做到 --at 为止该做的事；重复执行无害"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("day", type=date.fromisoformat, metavar="DAY", help="日期，如 2026-11-24")
        parser.add_argument("hour", metavar="HOUR", help="时段的钟点，如 16 或 16:00")
        parser.add_argument(
            "--at", help="当作现在的时刻，如 2026-11-24T15:55；不填则为此刻。连着演示的沙箱时，沙箱的时钟停到同一时刻"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        slot, at = _slot(options["hour"]), _moment(options["at"])
        connected = settings.WECOM_CORP_ID and settings.WECOM_SECRET
        if connected and set_clock(settings.WECOM_API_BASE, at=at if options["at"] else None):
            self.stdout.write(
                f"沙箱的时钟：{f'停在 {timezone.localtime(at):%m-%d %H:%M:%S}' if options['at'] else '现在'}"
            )
        run = run_slot(day=options["day"], slot=slot, at=at, gateway=wecom() if connected else None)
        self.stdout.write(f"{options['day']} {slot}，截至 {timezone.localtime(at):%m-%d %H:%M:%S}")
        for line in _told(run):
            self.stdout.write(f"  {line}")
        if not connected:
            self.stdout.write("  没有配置企业微信：群发与提醒卡片留待发送")
        self._state(options["day"], slot)

    def _state(self, day: date, slot: Slot) -> None:
        """Where the slot stands now, each kind of evidence for itself."""
        posts = PostTask.objects.filter(day=day, slot=slot).order_by("state", "channel", "evidence")
        labels: list[dict[Any, Any]] = [
            dict(PostTask.State.choices),
            dict(PostTask.Channel.choices),
            dict(PostTask.Evidence.choices),
        ]
        for row in posts.values_list("state", "channel", "evidence").annotate(Count("pk")):
            state, channel, evidence = (names[row[place]] for place, names in enumerate(labels))
            count = row[3]
            self.stdout.write(f"  {state}　{channel}　凭证：{evidence}　{count:,}")
        first = posts.filter(state=PostTask.State.PLANNED).order_by("release_at").values_list("release_at", flat=True)
        if moment := first.first():
            self.stdout.write(f"  最早的待发布在 {timezone.localtime(moment):%m-%d %H:%M:%S}")


def _told(run: SlotRun) -> list[str]:
    lines = []
    if run.materialised is not None:
        lines.append(f"生成任务 {run.materialised.created:,}")
    released, made, cards = run.released, run.made, run.cards
    lines.append(f"发布 {released.posts:,}，错过 {released.missed + run.closed.missed:,}")
    lines.append(
        f"企业群发：新建 {made.created:,}，找回 {made.found:,}，被拒 {made.refused:,}，稍后再试 {made.later:,}"
    )
    lines.append(
        f"提醒卡片：送达 {cards[SlotCard.State.SENT]:,}，未送达 {cards[SlotCard.State.REFUSED]:,}，"
        f"稍后再试 {cards[SlotCard.State.PENDING]:,}"
    )
    lines.append(f"查询回执 {run.polled:,} 条群发")
    return lines


def _slot(text: str) -> Slot:
    try:
        hour = time.fromisoformat(text if ":" in text else f"{int(text):02}:00")
    except ValueError:
        raise CommandError(f"看不懂钟点 {text!r}，应写成 16 或 16:00") from None
    slot = Slot.objects.filter(at=hour).first()
    if slot is None:
        known = "、".join(f"{one.at:%H:%M}" for one in Slot.objects.order_by("number"))
        raise CommandError(f"没有 {hour:%H:%M} 的时段；现有：{known}")
    return slot


def _moment(text: str | None) -> datetime:
    if not text:
        return timezone.now()
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"看不懂时刻 {text!r}，应写成 2026-11-24T15:55")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
