"""Who may come in: the person behind a WeCom identity, and the record of who did and who was refused."""

from datetime import datetime
from enum import StrEnum

from stores.models import Staff
from stores.services import wecom_sync
from stores.services.auditing import audit
from wecom.client.errors import WeComRefused
from wecom.client.oauth import Visitor
from wecom.gateway import WeCom


class Way(StrEnum):
    """How somebody came in; kept in the audit."""

    CLIENT = "wecom_client"
    SCAN = "wecom_scan"
    PASSWORD = "password"  # noqa: S105 -- the name of a way, not a secret
    PASSWORD_AND_CODE = "password_and_code"  # noqa: S105 -- likewise


class NotLetIn(Exception):
    """WeCom knows this visitor, and she has no business here."""

    reason = ""

    def __init__(self, userid: str = "") -> None:
        super().__init__(userid)
        self.userid = userid


class NotAMember(NotLetIn):
    """No member of the company: a customer, or anybody with a WeChat."""

    reason = "visitor"


class UnknownMember(NotLetIn):
    """A member of the company of whom we have no row, and no store to put her in."""

    reason = "unknown"


class FormerStaff(NotLetIn):
    """HQ ended this employment, or WeCom did and still says so."""

    reason = "left"


def member_behind(*, wecom: WeCom, visitor: Visitor, at: datetime) -> Staff:
    """The active member of staff a WeCom visitor is.

    Whoever we do not know, or took for gone because WeCom said so, is read again first: her event may be late.
    :raises NotLetIn: :raises WeComUnavailable: she would have to be read, and cannot be now
    """
    if not visitor.userid:
        raise NotAMember
    userid = visitor.userid.lower()
    staff = _row(userid)
    if staff is None or (not staff.is_active and staff.wecom_left_at is not None):
        try:
            wecom_sync.read_user(wecom=wecom, userid=userid, at=at)
        except WeComRefused:
            raise UnknownMember(userid) from None
        staff = _row(userid)
    if staff is None:
        raise UnknownMember(userid)
    if not staff.is_active:
        raise FormerStaff(userid)
    return staff


def _row(userid: str) -> Staff | None:
    return Staff.objects.select_related("store").filter(wecom_userid=userid).first()


def note_login(*, staff: Staff, way: Way, address: str | None, at: datetime) -> None:
    """Record who came in, how and from where."""
    audit(
        actor=staff, action="staff.logged_in", target=f"staff:{staff.pk}", store=staff.store, at=at,
        detail={"way": way.value}, address=address,
    )  # fmt: skip


def note_refusal(*, refusal: NotLetIn, address: str | None, at: datetime) -> None:
    """Record whom WeCom vouched for and we did not let in."""
    audit(
        actor=None, action="staff.login_refused", target=f"wecom:{refusal.userid}"[:128], at=at,
        detail={"reason": refusal.reason}, address=address,
    )  # fmt: skip
