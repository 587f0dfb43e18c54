"""Who stands for a member that was merged into another."""

from django.db import connection


def survivor_of(member_id: int) -> int:
    """The member a row stands for today: itself, or the end of its chain of merges.

    Chains are followed, not shortened: shortening would lock a third row in the middle of a merge.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE chain AS (
                SELECT id, merged_into_id FROM members_member WHERE id = %s
                UNION ALL
                SELECT next.id, next.merged_into_id
                FROM members_member next JOIN chain ON next.id = chain.merged_into_id
            )
            SELECT id FROM chain WHERE merged_into_id IS NULL
            """,
            [member_id],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else member_id


def everyone_merged_into(member_id: int) -> list[int]:
    """The keys of all members this one stands for, over any number of merges, without her own."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE tree AS (
                SELECT id FROM members_member WHERE merged_into_id = %s
                UNION ALL
                SELECT child.id FROM members_member child JOIN tree ON child.merged_into_id = tree.id
            )
            SELECT id FROM tree ORDER BY id
            """,
            [member_id],
        )
        return [int(row[0]) for row in cursor.fetchall()]
