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
