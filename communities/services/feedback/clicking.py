"""Count the people who open a link: each once, whatever she opens it with again."""

import re
from datetime import datetime
from hashlib import blake2b

from django.db import connection

from communities.models import LinkClick, PostEntry, ShortLink
from members.models import Member

# Whoever fetches a page without a person before it: previews of chats, search engines, monitors, libraries.
_MACHINE = re.compile(
    r"(?<!cu)bot\b|bot/|spider|crawl|preview|slurp|scanner|monitor|headless|lighthouse|facebookexternalhit|whatsapp|"
    r"skypeuri|embedly|validator|curl|wget|libwww|python|java/|okhttp|go-http|httpclient|axios|node-fetch|guzzle|ruby/|"
    r"mpcrawler|wechat-?image|wxwork-?link|tencent.*security|^mozilla/[45]\.0$",
    re.IGNORECASE,
)
# The SQL updates the one thing a second click may teach: who the browser's owner is.
_COUNT = """
    INSERT INTO communities_linkclick (link_id, who, member_id, task_id, day, at)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (link_id, who) DO UPDATE SET member_id = EXCLUDED.member_id
    WHERE communities_linkclick.member_id IS NULL AND EXCLUDED.member_id IS NOT NULL
"""


def is_machine(user_agent: str) -> bool:
    """Whether this is no person's browser; one that does not say what it is, is none."""
    return not user_agent.strip() or _MACHINE.search(user_agent) is not None


def count_click(*, link: ShortLink, visitor: str, member_id: int | None, at: datetime) -> None:
    """Count a person for a link, in one statement; a repeated call changes nothing. `visitor` is her cookie."""
    who = blake2b(visitor.encode(), digest_size=16).digest()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [link.pk, who, member_id, link.task_id, link.day, at])


def move_clicks(*, kept: Member, absorbed: Member) -> int:
    """Two members became one: her clicks are the survivor's."""
    return LinkClick.objects.filter(member=absorbed).update(member=kept)


def move_entries(*, kept: Member, absorbed: Member) -> int:
    """Two members became one: her entries are the survivor's."""
    return PostEntry.objects.filter(member=absorbed).update(member=kept)
