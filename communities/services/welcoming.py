"""Greet a newcomer within the twenty seconds her welcome code lives, and write down what became of it."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.utils import timezone

from communities import directory, welcome_texts
from communities.models import EntryCode, WelcomeOutcome, WelcomeText
from communities.selectors import codes
from communities.services.counting import customer_hash
from stores.models import Staff, Store
from wecom.client.content import MAX_ATTACHMENTS, Attachment, ContentRefused, Image, Link
from wecom.client.errors import OutcomeUnknown, Treatment, WeComRefused, WeComUnavailable
from wecom.client.welcome import Outcome
from wecom.gateway import WeCom

LIFE = timedelta(seconds=20)
MEDIA_LIFE = timedelta(days=3)
_PAUSE = 0.5  # seconds before an unanswered request is repeated: WeCom welcomes once, so repeating is harmless
_LINK_TITLE = "点这里，进店里的福利群"

Result = WelcomeOutcome.Result
_RESULTS = {Outcome.ALREADY: Result.ALREADY, Outcome.LATE: Result.LATE}


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What the callback says of her."""

    event: int
    userid: str
    external_userid: str
    token: str
    welcome_code: str
    occurred_at: datetime

    @property
    def deadline(self) -> datetime:
        """CreateTime is cut to whole seconds, so this is never too late."""
        return self.occurred_at + LIFE


class _Failure(Enum):
    CONTENT = auto()  # other words may be taken
    BUSY = auto()
    UNANSWERED = auto()  # it may have been sent
    HOPELESS = auto()


@dataclass(frozen=True, slots=True)
class _Message:
    text: str
    attachments: tuple[Attachment, ...]
    fallback: str


def welcome(
    newcomer: Newcomer,
    *,
    at: datetime,
    gateway: WeCom,
    clock: Callable[[], datetime] = timezone.now,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Send the welcome a newcomer is owed, never after her code has died. Returns the recorded result.

    Done twice it sends once: a decided outcome stands, and WeCom itself refuses a second welcome (41051).
    """
    code = EntryCode.objects.select_related("store").filter(token=newcomer.token).first() if newcomer.token else None
    person = directory.staff_of(newcomer.userid)
    store = code.store if code else person.store if person else None
    outcome, _ = WelcomeOutcome.objects.get_or_create(
        event=newcomer.event,
        defaults={
            "code": code, "store": store, "userid": newcomer.userid, "occurred_at": newcomer.occurred_at,
            "customer": customer_hash(newcomer.external_userid),
            "welcome_code": hashlib.sha256(newcomer.welcome_code.encode()).digest(),
        },
    )  # fmt: skip
    if outcome.result != Result.SENDING:
        return outcome.result
    if at >= newcomer.deadline:
        return _decide(outcome, Result.LATE, at=at)
    message = _message(store, person, code, at=at)
    result, errcode = _send(newcomer, message, gateway=gateway, clock=clock, sleep=sleep)
    return _decide(outcome, result, at=clock(), errcode=errcode)


def _message(store: Store | None, person: Staff | None, code: EntryCode | None, *, at: datetime) -> _Message:
    if store is None or person is None:
        return _Message(text="你好，很高兴认识你！有需要随时在这里找我。", attachments=(), fallback="")
    chosen = welcome_texts.text_for(store=store, scene=code.scene if code else "")

    def said(text: str) -> str:
        return welcome_texts.filled(text, store=store, person=person, code=code, coupon=chosen.coupon)

    fallback = said(chosen.fallback or welcome_texts.FALLBACK)
    attachments = (*_group(store, chosen, at), *(Link(**link) for link in chosen.links))[:MAX_ATTACHMENTS]
    return _Message(text=said(chosen.text) or fallback, attachments=attachments, fallback=fallback)


def _group(store: Store, chosen: WelcomeText, at: datetime) -> tuple[Attachment, ...]:
    """The way into the store's group: its picture while WeCom still has it, else a link to it."""
    way = codes.group_code_of(store) if chosen.with_group else None
    if way is None:
        return ()
    if way.media_id and way.media_at and way.media_at > at - MEDIA_LIFE:
        return (Image(media_id=way.media_id),)
    return (Link(title=_LINK_TITLE, url=way.qr_url, desc=way.bait),) if way.qr_url else ()


def _send(
    newcomer: Newcomer,
    message: _Message,
    *,
    gateway: WeCom,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> tuple[Result, int | None]:
    text, attachments, sent = message.text, message.attachments, Result.SENT
    while True:
        answer, errcode = _attempt(newcomer, text, attachments, gateway=gateway)
        if isinstance(answer, Outcome):
            return _RESULTS.get(answer, sent), errcode
        is_plain = not message.fallback or (text, attachments) == (message.fallback, ())
        if answer is _Failure.HOPELESS or (answer is _Failure.CONTENT and is_plain):
            return Result.REFUSED, errcode
        if clock() + timedelta(seconds=_PAUSE) >= newcomer.deadline:
            return (Result.UNKNOWN if answer is _Failure.UNANSWERED else Result.LATE), errcode
        if answer is _Failure.CONTENT:
            # Expired media, or words WeCom does not take: say the plain thing while there is time.
            text, attachments, sent = message.fallback, (), Result.PLAIN
        else:
            sleep(_PAUSE)


def _attempt(
    newcomer: Newcomer, text: str, attachments: tuple[Attachment, ...], *, gateway: WeCom
) -> tuple[Outcome | _Failure, int | None]:
    try:
        outcome = gateway.welcome.send(
            welcome_code=newcomer.welcome_code, deadline=newcomer.deadline.timestamp(), text=text,
            attachments=attachments,
        )  # fmt: skip
    except ContentRefused:
        return _Failure.CONTENT, None
    except WeComRefused as refusal:
        if not refusal.lasting:
            return _Failure.BUSY, refusal.code
        about_content = refusal.treatment in {Treatment.REUPLOAD, Treatment.BUG}
        return (_Failure.CONTENT if about_content else _Failure.HOPELESS), refusal.code
    except OutcomeUnknown:
        return _Failure.UNANSWERED, None
    except WeComUnavailable:
        return _Failure.BUSY, None
    return outcome, None


def _decide(outcome: WelcomeOutcome, result: Result, *, at: datetime, errcode: int | None = None) -> str:
    took = max(0, round((at - outcome.occurred_at).total_seconds() * 1_000))
    open_one = WelcomeOutcome.objects.filter(pk=outcome.pk, result=Result.SENDING)
    open_one.update(result=result, errcode=errcode, decided_at=at, latency_ms=min(took, 2**31 - 1))
    return result
