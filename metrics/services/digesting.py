"""早报: each morning one card to HQ, to the leads and to each manager, saying what is wrong in her own stores.

A digest is a row first and a card later; its `task_id` makes a repetition harmless. WeCom asks to keep off the
minutes :00 and :30; the beat runs at odd minutes between, and each run only finishes what the one before left.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from metrics.models import Alert, AlertRule, Digest, DigestSetting
from stores.models import Staff
from stores.services.auditing import audit
from wecom.client.errors import WeComError, WeComRefused
from wecom.client.messages import Receipt
from wecom.gateway import WeCom

# Colleagues at work, not customers: their quiet hours end an hour before those of the groups.
WORK_BEGINS, TOO_LATE = time(8), time(12)  # what did not go out in the morning is no morning's message
_NEW = timedelta(days=1)
_NAMED = 3
_LEASE = timedelta(minutes=5)
_RETRY = timedelta(minutes=2)
_BATCH, _PARALLEL = 64, 8
_TITLE, _TEXT, _ERROR = 64, 400, 200
_SUBTITLE, _FACTS = 112, 6  # of a template card
Role, State = Staff.Role, Digest.State
_CLAIM = """
    UPDATE metrics_digest SET leased_until = %(until)s
    WHERE id IN (SELECT id FROM metrics_digest
                 WHERE state = 'pending' AND day = %(day)s AND (leased_until IS NULL OR leased_until <= %(at)s)
                 ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING id
"""


@dataclass(slots=True)
class _Place:
    """What stands in one store."""

    path: str
    name: str
    alerts: list[Alert]


def current_setting() -> DigestSetting:
    """How HQ wants it; the defaults until it says."""
    return DigestSetting.objects.filter(pk=1).first() or DigestSetting(pk=1)


@transaction.atomic
def change_setting(*, wanted: DigestSetting, by: Staff, at: datetime) -> DigestSetting:
    """Keep HQ's word; the next morning goes by it."""
    wanted.pk = 1
    wanted.save()
    names = ("is_on", "says_all_well", "to_hq", "to_leads", "to_managers")
    audit(actor=by, action="digest.setting_changed", at=at, detail={name: getattr(wanted, name) for name in names})
    return wanted


def write_digests(*, at: datetime) -> int:
    """Write down today's message for everybody who has something to be told; how many are new. Four queries.

    Outside the morning nothing is written. Who has nothing to hear hears nothing, unless HQ wants 一切正常 said.
    """
    setting = current_setting()
    if not setting.is_on or not is_morning(at):
        return 0
    day = timezone.localdate(at)
    places = _places()
    known = Digest.objects.filter(day=day)
    told = set(known.values_list("person", flat=True))
    fresh = []
    for person in _people(setting):
        mine = _mine(person, places)
        if person.pk not in told and (mine or setting.says_all_well):
            fresh.append(_digest(person, mine, at=at))
    Digest.objects.bulk_create(fresh, batch_size=1_000, ignore_conflicts=True)
    return known.count() - len(told) if fresh else 0


def send_digests(*, gateway: WeCom, clock: Callable[[], datetime]) -> dict[Digest.State, int]:
    """Send what is written for today until nothing is left or WeCom cannot now; how many became what."""
    tally = dict.fromkeys(State, 0)
    Digest.objects.filter(state=State.PENDING, day__lt=timezone.localdate(clock())).update(state=State.DROPPED)
    while not tally[State.PENDING] and is_morning(clock()):
        at = clock()
        given: dict[str, Any] = {"at": at, "until": at + _LEASE, "day": timezone.localdate(at), "limit": _BATCH}
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, given)
            ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            break
        for state in _send(Digest.objects.filter(pk__in=ids).order_by("pk"), gateway=gateway, at=at):
            tally[state] += 1
    return tally


def is_morning(at: datetime) -> bool:
    return WORK_BEGINS <= timezone.localtime(at).time() < TOO_LATE


def _places() -> dict[int, _Place]:
    rows = (
        Alert.objects.open()
        .select_related("store__region")
        .order_by(F("taken_at").asc(nulls_first=True), "-raised_at", "-pk")
    )
    places: dict[int, _Place] = {}
    for alert in rows:
        place = places.setdefault(alert.store_id, _Place(alert.store.region.path, alert.store.name, []))
        place.alerts.append(alert)
    return places


def _people(setting: DigestSetting) -> Iterable[Staff]:
    roles = [
        role
        for role, is_told in (
            (Role.HQ, setting.to_hq), (Role.REGION_LEAD, setting.to_leads), (Role.MANAGER, setting.to_managers),
        )
        if is_told
    ]  # fmt: skip
    known = Staff.objects.filter(~Q(wecom_userid=""), role__in=roles, is_active=True)
    return known.select_related("region", "store").order_by("pk")


def _mine(person: Staff, places: dict[int, _Place]) -> list[_Place]:
    match person.role:
        case Role.HQ:
            return list(places.values())
        case Role.REGION_LEAD if person.region is not None:
            return [place for place in places.values() if place.path.startswith(person.region.path)]
        case _:
            return [places[person.store_id]] if person.store_id in places else []


def _digest(person: Staff, places: Sequence[_Place], *, at: datetime) -> Digest:
    day = timezone.localdate(at)
    alerts = [alert for place in places for alert in place.alerts]
    whose = person.store.name if person.store else person.region.name if person.region else "全国"
    title = f"{day.month}月{day.day}日早报 · {whose}"
    link = f"{settings.SITE_URL}/metrics/alerts/"
    text = _of_a_store(alerts) if person.store else _of_many(places)
    kinds = Counter(AlertRule.Kind(alert.kind).label for alert in alerts)
    new = sum(alert.raised_at is not None and alert.raised_at > at - _NEW for alert in alerts)
    free = sum(alert.taken_by_id is None for alert in alerts)
    facts = [["昨天新增", f"{new} 条"], ["没人认领", f"{free} 条"]] if alerts else []
    facts += [[str(label), f"{count} 条"] for label, count in kinds.most_common(_FACTS - len(facts))]
    return Digest(
        day=day, person=person, userid=person.wecom_userid, title=title[:_TITLE], text=text[:_TEXT],
        facts=facts, link=link, made_at=at,
    )  # fmt: skip


def _of_a_store(alerts: Sequence[Alert]) -> str:
    if not alerts:
        return "一切正常，今天没有要处理的告警"
    said = [f"{n}. {alert.cause}" for n, alert in enumerate(alerts[:_NAMED], start=1)]
    return f"有 {len(alerts)} 条要处理：" + "；".join(said)


def _of_many(places: Sequence[_Place]) -> str:
    if not places:
        return "一切正常，所有门店都没有告警"
    count: dict[str, int] = defaultdict(int)
    for place in places:
        count[place.name] += len(place.alerts)
    worst = sorted(count.items(), key=lambda one: (-one[1], one[0]))[:_NAMED]
    names = "、".join(f"{name}（{n} 条）" for name, n in worst)
    return f"{len(places)} 家门店共 {sum(count.values())} 条要处理，最多的是{names}"


def _send(digests: Iterable[Digest], *, gateway: WeCom, at: datetime) -> list[Digest.State]:
    digests = list(digests)

    def ask(digest: Digest) -> Receipt | WeComError:
        try:
            return gateway.messages.send_card(to=[digest.userid], card=_card(digest))
        except WeComError as error:
            return error
        finally:
            connection.close()  # of this thread: an alert of the client may have opened one

    with ThreadPoolExecutor(_PARALLEL) as pool:
        outcomes = list(pool.map(ask, digests))
    return [_note(digest, outcome, at=at) for digest, outcome in zip(digests, outcomes, strict=True)]


def _note(digest: Digest, outcome: Receipt | WeComError, *, at: datetime) -> Digest.State:
    match outcome:
        case Receipt() if digest.userid.lower() in {*outcome.invalid, *outcome.unlicensed}:
            return _become(digest, State.REFUSED, error="收件人不在应用可见范围或没有接口许可")
        case Receipt():
            return _become(digest, State.SENT, sent_at=at)
        case WeComRefused() if outcome.lasting:
            return _become(digest, State.REFUSED, error=f"{outcome.meaning}（{outcome.code}）"[:_ERROR])
    # Not now. An answer that was lost is asked for again: the task_id lets it through once.
    wait = max(_RETRY, timedelta(seconds=outcome.retry_after))
    Digest.objects.filter(pk=digest.pk).update(leased_until=at + wait, error=str(outcome)[:_ERROR])
    return State.PENDING


def _become(digest: Digest, state: Digest.State, **facts: object) -> Digest.State:
    Digest.objects.filter(pk=digest.pk, state=State.PENDING).update(state=state, leased_until=None, **facts)
    return state


def _card(digest: Digest) -> dict[str, Any]:
    return {
        "card_type": "text_notice",
        "main_title": {"title": digest.title},
        "sub_title_text": digest.text[:_SUBTITLE],
        "horizontal_content_list": [{"keyname": label, "value": value} for label, value in digest.facts],
        "task_id": f"digest-{digest.day:%Y%m%d}-{digest.person_id}",
        "card_action": {"type": 1, "url": digest.link},
    }
