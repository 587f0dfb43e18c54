"""Who the identities of a file belong to: found, joined, or new. Set-based, on the tables of `staging`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from members.models import Member
from members.services.merging import merge_members
from stores.models import ImportJob

# A phone beside more cards than this is the shop's own, given at the till for whoever has none (and the reverse).
MOST_CARDS_OF_ONE_PHONE = 5
_MOST_ATTEMPTS = 5


@dataclass(slots=True)
class People:
    """What came of it."""

    new: int = 0
    merged: int = 0
    warnings: list[str] = field(default_factory=list)


def resolve_people(*, at: datetime, job: ImportJob | None, source: str) -> People:
    """Give every identity of the staged lines its member, in the table `import_person`.

    A new member's home store and joining day are those of the first purchase. A phone beside a card makes both one
    member; two members known before are merged, with the file as evidence. Someone else may create one of the
    identities at the same time: then all is looked up again.
    """
    for attempt in range(_MOST_ATTEMPTS):
        try:
            with transaction.atomic():
                return _resolve(at=at, job=job, source=source)
        except IntegrityError:
            if attempt == _MOST_ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _resolve(*, at: datetime, job: ImportJob | None, source: str) -> People:
    people = People()
    _gather()
    _refuse_shared(people)
    _join()
    people.merged = _merge_known(at=at, job=job)
    people.new = _create(at=at, source=source)
    return people


def _run(statement: str, *params: Any) -> int:
    """How many rows a statement touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        touched: int = cursor.rowcount
        return touched


def _gather() -> None:
    """One row an identity; `head` numbers the person, and is the identity's own number until `_join`."""
    _run(
        """
        DROP TABLE IF EXISTS import_person, import_newcomer;
        CREATE TEMP TABLE import_person ON COMMIT DROP AS
        SELECT hash, kind, tail, encrypted, name, NULL::bigint AS member_id, true AS is_new,
               row_number() OVER () AS head
        FROM (
            SELECT DISTINCT ON (hash) hash, kind, tail, encrypted, name
            FROM import_identity ORDER BY hash, name = '', name
        ) one;
        ANALYZE import_person
        """
    )
    _run(
        "UPDATE import_person p SET member_id = i.member_id, is_new = false"
        " FROM members_identity i WHERE i.value_hash = uuid_send(p.hash)"
    )


def _refuse_shared(people: People) -> None:
    """Forget pairs of a phone with too many cards or a card with too many phones, those known before included."""
    _run(
        """
        DELETE FROM import_pair pair USING import_person c, import_person p
        WHERE c.hash = pair.card AND p.hash = pair.phone AND NOT (c.kind = 'card' AND p.kind = 'phone')
        """
    )
    for one, other, kind, warning in (
        ("phone", "card", "card", "有 {} 个手机号各配了 5 张以上会员卡，像是店里自己的号码，没有用来合并会员"),
        ("card", "phone", "phone", "有 {} 张会员卡各配了 5 个以上手机号，像是店里公用的卡，没有用来合并会员"),
    ):
        _run("DROP TABLE IF EXISTS import_shared")
        shared = _run(
            f"""
            CREATE TEMP TABLE import_shared ON COMMIT DROP AS
            SELECT {one} FROM (
                SELECT {one}, {other}::text AS mate FROM import_pair
                UNION
                SELECT pair.{one}, encode(i.value_hash, 'hex')::uuid::text
                FROM import_pair pair JOIN import_person p ON p.hash = pair.{one}
                JOIN members_identity i ON i.member_id = p.member_id AND i.kind = '{kind}'
            ) mates GROUP BY {one} HAVING count(*) > {MOST_CARDS_OF_ONE_PHONE}
            """  # noqa: S608 -- the names are the constants above
        )
        if shared:
            people.warnings.append(warning.format(shared))
            _run(f"DELETE FROM import_pair USING import_shared s WHERE import_pair.{one} = s.{one}")  # noqa: S608 -- constants


def _join() -> None:
    """Give all identities that hang together by pairs the least of their numbers."""
    if not _run("SELECT FROM import_pair LIMIT 1"):
        return
    while _run(
        """
        UPDATE import_person p SET head = least_of.head
        FROM (
            SELECT hash, min(head) AS head FROM (
                SELECT pair.card AS hash, p.head FROM import_pair pair JOIN import_person p ON p.hash = pair.phone
                UNION ALL
                SELECT pair.phone, p.head FROM import_pair pair JOIN import_person p ON p.hash = pair.card
            ) seen GROUP BY hash
        ) least_of
        WHERE p.hash = least_of.hash AND least_of.head < p.head
        """
    ):
        pass


def _merge_known(*, at: datetime, job: ImportJob | None) -> int:
    """Merge members whom the file shows to be one person; the one known longest is kept."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(DISTINCT member_id ORDER BY member_id) FROM import_person"
            " WHERE member_id IS NOT NULL GROUP BY head HAVING count(DISTINCT member_id) > 1"
        )
        groups: list[list[int]] = [row[0] for row in cursor.fetchall()]
    known = Member.objects.select_for_update().order_by("pk").in_bulk([pk for group in groups for pk in group])
    for kept, *others in groups:
        for absorbed in others:
            merge_members(
                kept=known[kept], absorbed=known[absorbed], reason="销售流水里手机号与会员卡号在同一行",
                evidence={"import_job": job.pk if job else None}, by=job.uploaded_by if job else None, at=at,
            )  # fmt: skip
        _run("UPDATE import_person SET member_id = %s WHERE member_id = ANY(%s)", kept, others)
    return sum(len(group) - 1 for group in groups)


def _create(*, at: datetime, source: str) -> int:
    """Bring in who is new; identities of rows that count nothing are left out."""
    _run(
        """
        UPDATE import_person p SET member_id = known.member_id
        FROM (SELECT head, min(member_id) AS member_id FROM import_person GROUP BY head) known
        WHERE known.head = p.head AND p.member_id IS NULL AND known.member_id IS NOT NULL
        """
    )
    created = _run(
        """
        CREATE TEMP TABLE import_newcomer ON COMMIT DROP AS
        SELECT head, store_id, bought_at, name,
               nextval(pg_get_serial_sequence('members_member', 'id')) AS member_id
        FROM (
            SELECT DISTINCT ON (p.head) p.head, l.store_id, l.bought_at, NULL::text AS name
            FROM import_line l JOIN import_person p ON p.hash = l.who
            WHERE p.member_id IS NULL ORDER BY p.head, l.bought_at, l.store_id
        ) first_purchase
        """
    )
    if created:
        _run(
            "UPDATE import_newcomer c SET name = n.name"
            " FROM (SELECT head, min(name) AS name FROM import_person WHERE name <> '' GROUP BY head) n"
            " WHERE n.head = c.head"
        )
        _run(
            "INSERT INTO members_member (id, name, gender, home_store_id, joined_at)"
            " SELECT member_id, coalesce(name, ''), '', store_id, bought_at FROM import_newcomer"
        )
        _run(
            "UPDATE import_person p SET member_id = c.member_id FROM import_newcomer c"
            " WHERE c.head = p.head AND p.member_id IS NULL"
        )
    _run(
        "INSERT INTO members_identity"
        " (member_id, kind, issuer, value_hash, value_encrypted, tail, source, created_at)"
        " SELECT member_id, kind, '', uuid_send(hash), encrypted, tail, %s, %s"
        " FROM import_person WHERE is_new AND member_id IS NOT NULL",
        source, at,
    )  # fmt: skip
    return created
