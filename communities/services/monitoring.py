"""Check a store's codes each hour: mend what can be mended, and say what cannot.

What is printed holds our own address, so a code that broke at WeCom is replaced behind the print.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Sum
from django.utils import timezone

from communities import directory, rhythm, tasks
from communities.models import CodeAlert, CodeScan, CustomerGroup, EntryCode, GroupMembership
from communities.services import code_alerts
from communities.services.code_alerts import Cause, Finding
from communities.services.making import GROUPS_A_WAY, contact_way_of, join_way_of
from members.models import Contact
from stores.models import Store
from stores.services.auditing import audit
from wecom.client.errors import Treatment, WeComRefused
from wecom.gateway import WeCom

CUSTOMERS_MOST = 5_000  # per member of staff, before WeCom extends it (wecom.md §5.1)
_CUSTOMERS_NEAR = 4_750
_ENOUGH_ADDS, _ENOUGH_SCANS = 10, 30
_WINDOW = timedelta(hours=48)
_GRACE = timedelta(hours=1)
Status = EntryCode.Status


def check_store(*, store: Store, at: datetime, gateway: WeCom) -> list[CodeAlert]:
    """Check every code of a store. Returns the alerts this check raised.

    :raises WeComUnavailable: WeCom cannot say just now; nothing is raised or cleared on a guess.
    """
    raised: list[CodeAlert] = []
    for code in EntryCode.objects.kept().filter(store=store).select_related("store").order_by("pk"):
        if code.is_live:
            findings = _broken(code, at=at, gateway=gateway) or _quiet(code, at=at)
        else:
            findings = _not_made(code, at=at)
        raised += code_alerts.settle(code=code, findings=findings, at=at)
    for alert in raised:
        tasks.tell_alert.delay_on_commit(alert_id=alert.pk)
    return raised


def _not_made(code: EntryCode, *, at: datetime) -> list[Finding]:
    if code.status == Status.CREATING and at - code.created_at < _GRACE:
        return []
    why = code.error or ("企业微信没有回答是否生成成功" if code.status == Status.LOST else "一直没有生成")
    return [Finding(Cause.NOT_MADE, why, "处理后在码的页面点「重新生成」")]


def _broken(code: EntryCode, *, at: datetime, gateway: WeCom) -> list[Finding]:
    read = gateway.codes.join_way if code.is_group else gateway.codes.contact_way
    try:
        way = read(config_id=code.config_id)
    except WeComRefused as refusal:
        if refusal.treatment is Treatment.ALERT or not refusal.lasting:
            raise  # it says nothing about this code
        return _made_anew(code, at=at)
    if not code.is_group:
        return _people(code, at=at, gateway=gateway)
    # A group WeCom made by itself when all were full is one of ours from now on.
    adopted = [one for one in way.get("chat_id_list", []) if one not in code.chat_ids]
    return _groups(code, chat_ids=[*code.chat_ids, *adopted], at=at, gateway=gateway)


def _made_anew(code: EntryCode, *, at: datetime) -> list[Finding]:
    same = EntryCode.objects.live().filter(pk=code.pk, config_id=code.config_id)
    fresh: dict[str, object] = {
        "config_id": "",
        "tried_at": None,
        "leased_until": None,
        "media_id": "",
        "userids": [],
        "chat_ids": [],
    }
    if same.update(status=Status.CREATING, **fresh):
        audit(actor=None, action="code.lost_at_wecom", at=at, target=str(code.pk), store=code.store)
        tasks.make_code.delay_on_commit(code_id=code.pk)
    return [
        Finding(
            Cause.CONFIG_MISSING,
            "企业微信里已没有这个码，系统正在重新生成",
            "印出的海报不用换；请提醒同事不要在企微后台或接口里删码",
        )
    ]


def _people(code: EntryCode, *, at: datetime, gateway: WeCom) -> list[Finding]:
    left = directory.leavers(code.userids)
    load = _customers_of(code.userids)
    full = {userid for userid, count in load.items() if count >= CUSTOMERS_MOST}
    fit = [one for one in code.userids if one not in left | full]
    if not fit:
        others = [directory.userid_of(one) for one in directory.receptionists(code.store)]
        busy = _customers_of(others)
        fit = [one for one in others if busy.get(one, 0) < CUSTOMERS_MOST][:1]
    if fit and fit != code.userids:
        code.userids = fit
        gateway.codes.update_contact_way(config_id=code.config_id, way=contact_way_of(code))
        _switched(code, at=at, to=fit, userids=fit)
        return [Finding(Cause.FAILED_OVER, f"接待人已自动换成 {_names(fit)}", "如果不合适，请停用后重新建码并指定店长")]
    if not fit:
        cause, what = (Cause.OWNER_LEFT, "已离职") if left else (Cause.OWNER_FULL, "客户数已满")
        return [Finding(cause, f"接待人{what}，店里没有别人可以接", "请为门店指定新店长，系统会自动换上")]
    near = [userid for userid, count in load.items() if count >= _CUSTOMERS_NEAR]
    if near:
        message = f"{_names(near)}的客户数接近 {CUSTOMERS_MOST} 的上限"
        return [Finding(Cause.OWNER_FULL, message, "请在企业微信后台申请扩容，或让另一位店员接待")]
    return []


def _groups(code: EntryCode, *, chat_ids: list[str], at: datetime, gateway: WeCom) -> list[Finding]:
    known = {group.chat_id: group for group in CustomerGroup.objects.filter(chat_id__in=chat_ids)}
    alive = [one for one in chat_ids if one not in known or known[one].dismissed_at is None]
    room = [one for one in alive if one not in known or not known[one].is_full]
    wanted = alive[-GROUPS_A_WAY:] if room else []
    if len(alive) < len(chat_ids) or not room:
        wanted = [*room, *_spare_groups(code.store, besides=chat_ids)][:GROUPS_A_WAY]
    if not wanted:
        if not alive:
            return [Finding(Cause.GROUP_DISSOLVED, "码指向的群都解散了，顾客进不去", _NEW_GROUP)]
        return [Finding(Cause.GROUPS_FULL, f"{len(alive)} 个群都满了，新来的顾客可能进不去", _NEW_GROUP)]
    findings = []
    if wanted != code.chat_ids:
        was_broken = not set(wanted) >= set(code.chat_ids)
        code.chat_ids = wanted
        gateway.codes.update_join_way(config_id=code.config_id, way=join_way_of(code))
        _switched(code, at=at, to=wanted, chat_ids=wanted)
        if was_broken:
            first = CustomerGroup.objects.filter(chat_id=wanted[0]).first()
            name = f"「{first}」" if first else "下一个群"
            findings.append(Finding(Cause.FAILED_OVER, f"原来的群满了或解散了，已自动切换到{name}", "不用处理"))
    return findings + _ownerless(wanted)


_NEW_GROUP = "请群主在企业微信里再建一个客户群，系统会在一小时内自动接上"


def _spare_groups(store: Store, *, besides: Iterable[str]) -> list[str]:
    groups = directory.groups_with_room(store)
    return [group.chat_id for group in groups if group.chat_id not in set(besides)]


def _ownerless(chat_ids: list[str]) -> list[Finding]:
    groups = CustomerGroup.objects.filter(chat_id__in=chat_ids).select_related("owner")
    left = [group for group in groups if group.handover == CustomerGroup.Handover.OWNER_LEFT or _gone(group)]
    if not left:
        return []
    names = "、".join(f"「{group}」" for group in left)
    return [Finding(Cause.OWNER_LEFT, f"{names[:120]}的群主已离职", "请总部把群转给新店长，否则群发和通知都没人点")]


def _gone(group: CustomerGroup) -> bool:
    return group.owner is not None and not group.owner.is_active


def _switched(code: EntryCode, *, at: datetime, to: list[str], **fields: list[str]) -> None:
    EntryCode.objects.filter(pk=code.pk).update(**fields)
    audit(actor=None, action="code.fail_over", at=at, target=str(code.pk), store=code.store, detail={"to": to})


def _customers_of(userids: Iterable[str]) -> dict[str, int]:
    people = Contact.objects.filter(staff__wecom_userid__in=list(userids), ended_at=None)
    return dict(
        people.order_by().values("staff__wecom_userid").annotate(n=Count("pk")).values_list("staff__wecom_userid", "n")
    )


def _names(userids: Iterable[str]) -> str:
    return "、".join(person.name if (person := directory.staff_of(one)) else one for one in userids)


def _quiet(code: EntryCode, *, at: datetime) -> list[Finding]:
    """Guesses from the numbers: nobody comes although somebody always did, or people come no further."""
    came = _arrivals(code, since=at - rhythm.HABIT)
    recent = [one for one in came if one > at - _WINDOW]
    scans = CodeScan.objects.filter(code=code, day__gt=timezone.localdate(at - _WINDOW)).aggregate(n=Sum("times"))["n"]
    step = "进群" if code.is_group else "添加"
    if (scans or 0) >= _ENOUGH_SCANS and not recent:
        message = f"两天里有 {scans} 次扫码，没有人{step}"
        return [Finding(Cause.NO_JOINS, message, "请用自己的手机扫一遍海报；扫不开或报错，就停用重建")]
    if not code.is_group and len(recent) >= _ENOUGH_ADDS and not _joined_since(code.store, at - _WINDOW):
        message = f"两天里有 {len(recent)} 人添加，没有人进群"
        return [Finding(Cause.NO_JOINS, message, "请检查欢迎语里的群二维码能不能进群")]
    if rhythm.is_oddly_quiet(came, since=code.created_at, at=at):
        message = f"从 {timezone.localtime(max(came)):%-m月%-d日 %H:%M} 起没有人{step}，平时不会这么久"
        return [Finding(Cause.SILENT, message, "请看看海报是否还在、是否被遮住，并扫一遍试试")]
    return []


def _arrivals(code: EntryCode, *, since: datetime) -> list[datetime]:
    if code.is_group:
        rows = GroupMembership.objects.filter(state=code.token, joined_at__gt=since, is_staff=False)
        return list(rows.values_list("joined_at", flat=True))
    return list(code.adds.filter(at__gt=since).values_list("at", flat=True))


def _joined_since(store: Store, moment: datetime) -> bool:
    return GroupMembership.objects.filter(group__store=store, joined_at__gt=moment, is_staff=False).exists()
