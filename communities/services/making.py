"""Make ordered codes at WeCom: once each, whatever breaks in between.

The order of writes is the safety. (1) A lease, so one worker makes a code. (2) `tried_at`, before the request leaves.
(3) The request. (4) `config_id`. A row with `tried_at` and no `config_id` may exist at WeCom: a 联系我 is then looked
for by its token among the codes made since; WeCom has no list of 加入群聊, so such a row waits for a person (`LOST`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from communities import directory
from communities.models import EntryCode
from wecom.client.codes import ContactWay, JoinWay
from wecom.client.content import ContentRefused
from wecom.client.errors import BadAnswer, OutcomeUnknown, WeComError, WeComRefused, WeComUnavailable
from wecom.gateway import WeCom

LEASE = timedelta(minutes=10)  # a task's calls with all their retries end before
GROUPS_A_WAY = 5
_CLOCKS_APART = timedelta(minutes=5)  # ours and WeCom's
_REMARK = 30
_ERROR = 200
_NAME = 40

Status = EntryCode.Status


class NotPossible(Exception):
    """The store lacks what the code needs; the message says what, in Chinese."""


def make_code(*, code_id: int, at: datetime, gateway: WeCom) -> None:
    """Bring an ordered code into being; a code that is made, failed or in other hands is left alone.

    :raises WeComUnavailable: not now; ask again.
    """
    if not EntryCode.objects.takeable(at).filter(pk=code_id).update(leased_until=at + LEASE):
        return
    code = EntryCode.objects.select_related("store").get(pk=code_id)
    try:
        _make(code, at=at, gateway=gateway)
    except OutcomeUnknown:
        # The next attempt looks for it before it asks again.
        _note(code, leased_until=None, **({"status": Status.LOST} if code.is_group and not code.config_id else {}))
        if not code.is_group:
            raise
    except (NotPossible, ContentRefused, BadAnswer) as reason:
        _note(code, status=Status.FAILED, error=str(reason)[:_ERROR], leased_until=None, tried_at=None)
    except WeComRefused as refusal:
        if not refusal.lasting:
            _let_go(code)
            raise WeComUnavailable(str(refusal), retry_after=refusal.retry_after) from None
        _note(
            code, status=Status.FAILED, error=f"{refusal.meaning}（{refusal.code}）", leased_until=None, tried_at=None
        )
    except WeComError:
        _let_go(code)
        raise


def _make(code: EntryCode, *, at: datetime, gateway: WeCom) -> None:
    if not code.config_id and code.tried_at is not None:
        if code.is_group:
            _note(code, status=Status.LOST, leased_until=None)
            return
        code.config_id = _found(code, at=at, gateway=gateway)
    if not code.config_id:
        _choose(code)
        _note(code, userids=code.userids, chat_ids=code.chat_ids, tried_at=at)
        code.config_id = _ask(code, gateway=gateway)
    _note(code, config_id=code.config_id)
    way = (
        gateway.codes.join_way(config_id=code.config_id)
        if code.is_group
        else gateway.codes.contact_way(config_id=code.config_id)
    )
    _note(code, qr_url=way.get("qr_code", ""), status=Status.LIVE, error="", leased_until=None)


def _choose(code: EntryCode) -> None:
    """Who answers, or which groups are joined, unless the order says so."""
    if code.is_group and not code.chat_ids:
        code.chat_ids = [group.chat_id for group in directory.groups_with_room(code.store)][:GROUPS_A_WAY]
        if not code.chat_ids:
            raise NotPossible("门店还没有可以加入的客户群，请店长先在企业微信里建群")
    if not code.is_group and not code.userids:
        manager = directory.manager_of(code.store)
        if manager is None:
            raise NotPossible("门店还没有店长，请先为门店指定店长")
        if not manager.wecom_userid:
            raise NotPossible(f"店长{manager.name}还没有对应企业微信账号，请先同步通讯录")
        code.userids = [directory.userid_of(manager)]


def _ask(code: EntryCode, *, gateway: WeCom) -> str:
    if code.is_group:
        return gateway.codes.add_join_way(join_way_of(code))
    return gateway.codes.add_contact_way(contact_way_of(code)).config_id


def _found(code: EntryCode, *, at: datetime, gateway: WeCom) -> str:
    """The config_id of the 联系我 that carries this code's token, or "" where there is none."""
    assert code.tried_at is not None  # noqa: S101 -- the caller asked
    for config_id in _made_between(code.tried_at - _CLOCKS_APART, at + _CLOCKS_APART, gateway=gateway):
        if gateway.codes.contact_way(config_id=config_id).get("state") == code.token:
            return config_id
    return ""


def _made_between(since: datetime, until: datetime, *, gateway: WeCom) -> Iterator[str]:
    """The codes made at WeCom in a time of which no row of ours knows."""
    for page in gateway.codes.contact_way_pages(since=since, until=until):
        listed = [entry["config_id"] for entry in page.items]
        known = set(EntryCode.objects.filter(config_id__in=listed).values_list("config_id", flat=True))
        yield from (config_id for config_id in listed if config_id not in known)


def contact_way_of(code: EntryCode) -> ContactWay:
    return ContactWay(users=tuple(code.userids), state=code.token, remark=_remark(code))


def join_way_of(code: EntryCode) -> JoinWay:
    """The way as it should be now; WeCom makes a further group by itself when all are full."""
    return JoinWay(
        chat_ids=tuple(code.chat_ids[:GROUPS_A_WAY]), state=code.token, remark=_remark(code),
        auto_create_room=True, room_base_name=code.store.name[:_NAME], room_base_id=len(code.chat_ids) + 1,
    )  # fmt: skip


def _remark(code: EntryCode) -> str:
    return f"{code.store.name}·{code}"[:_REMARK]


def _let_go(code: EntryCode) -> None:
    """Nothing was changed at WeCom by the last request: what was known before holds."""
    first = EntryCode.objects.filter(pk=code.pk, config_id="")
    first.update(tried_at=code.tried_at)
    _note(code, leased_until=None)


def _note(code: EntryCode, **facts: object) -> None:
    EntryCode.objects.filter(pk=code.pk).update(**facts)
