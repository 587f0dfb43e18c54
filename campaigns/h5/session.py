"""Which member holds this phone: a signed cookie, so that thousands at ten o'clock write no session rows."""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from members.models import Member
from members.selectors.survivors import survivor_of

COOKIE = "dq_member"
_SALT = "campaigns.h5.member"
_LASTS = 30 * 24 * 3600  # seconds; after it WeChat is asked again, without a tap of hers


class MemberRequest(HttpRequest):
    """What a view behind `member_page` receives: the member is known."""

    member: Member


def member_of(request: HttpRequest) -> Member | None:
    """The member of this phone, or nobody; a member merged meanwhile is the one she was merged into."""
    try:
        return member_behind(request.COOKIES.get(COOKIE, ""))
    except signing.BadSignature:
        return None


def token_of(member: Member) -> str:
    """What a phone keeps to be the member's: signed, so that nobody makes one up, and good for thirty days."""
    return signing.dumps(member.pk, salt=_SALT)


def member_behind(token: str) -> Member | None:
    """The member a token was made for, as she is today. :raises BadSignature: forged, or `SignatureExpired`"""
    said = signing.loads(token, salt=_SALT, max_age=_LASTS)
    member = Member.objects.filter(pk=said).first() if isinstance(said, int) else None
    if member is None or member.merged_into_id is None:
        return member
    return Member.objects.filter(pk=survivor_of(member.pk)).first()


def member_id_of(request: HttpRequest) -> int | None:
    """The member's id, for those below who only ask whose phone it is."""
    member = member_of(request)
    return member.pk if member is not None else None


def remember(response: HttpResponse, member: Member) -> None:
    """Let this phone be the member's from now on."""
    response.set_cookie(
        COOKIE, token_of(member), max_age=_LASTS, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip


def forget(response: HttpResponse) -> None:
    """Let this phone be nobody's."""
    response.delete_cookie(COOKIE, samesite="Lax")
