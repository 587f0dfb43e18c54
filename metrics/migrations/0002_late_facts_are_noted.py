"""Triggers that note facts of days already over, whatever wrote them: a service, an import, or a hand in psql.

One per table and statement, with the rows it touched; what happens today is counted tonight and costs nothing here.
The business day is Asia/Shanghai. `NEW` rows are `fresh`, `OLD` ones `stale`.
"""

from django.db import migrations, models

_TODAY = "(now() AT TIME ZONE 'Asia/Shanghai')::date"
_STORE_OF_GROUP = "JOIN communities_customergroup g ON g.id = f.group_id AND g.store_id IS NOT NULL"
_STORE_OF_LINK = """
    JOIN communities_shortlink l ON l.id = f.link_id JOIN communities_postcontent c ON c.id = l.content_id
"""


def _day(moment: str) -> str:
    return f"({moment} AT TIME ZONE 'Asia/Shanghai')::date"


# Name: table, event, and the late store-days among the rows (store, day, cause).
RULES = {
    "bought": (
        "members_purchase", "INSERT", "NEW TABLE AS fresh",
        f"SELECT store_id, {_day('bought_at')} AS day, 'purchase' AS cause FROM fresh",
    ),
    # Only a merge or a recognition changes a line: what it is worth. Forty days back is what anybody still looks at.
    "bought_by_another": (
        "members_purchase", "UPDATE", "NEW TABLE AS fresh",
        f"SELECT store_id, {_day('bought_at')} AS day, 'purchase' AS cause FROM fresh "
        f"WHERE bought_at > now() - interval '40 days'",
    ),
    "joined": (
        "communities_groupmembership", "INSERT", "NEW TABLE AS fresh",
        f"""SELECT g.store_id, {_day('f.joined_at')} AS day, 'stay' AS cause FROM fresh f {_STORE_OF_GROUP}
            UNION ALL
            SELECT g.store_id, {_day('f.left_at')}, 'stay' FROM fresh f {_STORE_OF_GROUP}
            WHERE f.left_at IS NOT NULL""",
    ),
    "left_or_recognised": (
        "communities_groupmembership", "UPDATE", "NEW TABLE AS fresh OLD TABLE AS stale",
        f"""SELECT g.store_id, {_day('moment')} AS day, 'stay' AS cause FROM (
                SELECT n.group_id, unnest(ARRAY[n.joined_at, n.left_at, o.joined_at, o.left_at]) AS moment
                FROM fresh n JOIN stale o ON o.id = n.id
                WHERE (n.joined_at, n.left_at, n.is_staff) IS DISTINCT FROM (o.joined_at, o.left_at, o.is_staff)
            ) AS f {_STORE_OF_GROUP} WHERE moment IS NOT NULL
            UNION ALL
            SELECT g.store_id, {_day('f.joined_at')}, 'identity'
            FROM fresh f JOIN stale o ON o.id = f.id {_STORE_OF_GROUP}
            WHERE f.member_id IS DISTINCT FROM o.member_id""",
    ),
    "unjoined": (
        "communities_groupmembership", "DELETE", "OLD TABLE AS stale",
        f"""SELECT g.store_id, {_day('f.joined_at')} AS day, 'stay' AS cause FROM stale f {_STORE_OF_GROUP}""",
    ),
    "planned": (
        "communities_posttask", "INSERT", "NEW TABLE AS fresh", "SELECT store_id, day, 'post' AS cause FROM fresh",
    ),
    "posted": (
        "communities_posttask", "UPDATE", "NEW TABLE AS fresh", "SELECT store_id, day, 'post' AS cause FROM fresh",
    ),
    "brought": (
        "communities_postresult", "INSERT", "NEW TABLE AS fresh", "SELECT store_id, day, 'result' AS cause FROM fresh",
    ),
    "brought_otherwise": (
        "communities_postresult", "UPDATE", "NEW TABLE AS fresh OLD TABLE AS stale",
        """SELECT n.store_id, n.day, 'result' AS cause FROM fresh n JOIN stale o ON o.task_id = n.task_id
           WHERE n IS DISTINCT FROM o""",
    ),
    "brought_nothing": (
        "communities_postresult", "DELETE", "OLD TABLE AS stale", "SELECT store_id, day, 'result' AS cause FROM stale",
    ),
    "clicked": (
        "communities_linkclick", "INSERT", "NEW TABLE AS fresh",
        f"SELECT c.store_id, {_day('f.at')} AS day, 'click' AS cause FROM fresh f {_STORE_OF_LINK}",
    ),
    "clicked_by_whom": (
        "communities_linkclick", "UPDATE", "NEW TABLE AS fresh OLD TABLE AS stale",
        f"""SELECT c.store_id, {_day('f.at')} AS day, 'click' AS cause
            FROM fresh f JOIN stale o ON o.id = f.id {_STORE_OF_LINK}
            WHERE f.member_id IS DISTINCT FROM o.member_id""",
    ),
    "entered": (
        "communities_postentry", "INSERT", "NEW TABLE AS fresh",
        f"SELECT store_id, {_day('at')} AS day, 'entry' AS cause FROM fresh",
    ),
    "withdrawn": (
        "communities_postentry", "UPDATE", "NEW TABLE AS fresh OLD TABLE AS stale",
        f"""SELECT n.store_id, {_day('n.at')} AS day, 'entry' AS cause FROM fresh n JOIN stale o ON o.id = n.id
            WHERE (n.withdrawn_at, n.member_id) IS DISTINCT FROM (o.withdrawn_at, o.member_id)""",
    ),
    "claimed": (
        "campaigns_order", "INSERT", "NEW TABLE AS fresh",
        f"SELECT store_id, {_day('reserved_at')} AS day, 'order' AS cause FROM fresh",
    ),
    "referred": (
        "campaigns_referraluse", "UPDATE", "NEW TABLE AS fresh OLD TABLE AS stale",
        f"""SELECT r.store_id, {_day('r.reserved_at')} AS day, 'order' AS cause
            FROM fresh n JOIN stale o ON o.id = n.id JOIN campaigns_order r ON r.id = n.friend_order_id
            WHERE (n.state = 'void') IS DISTINCT FROM (o.state = 'void')""",
    ),
    "added_by_code": (
        "communities_codeadd", "INSERT", "NEW TABLE AS fresh",
        f"""SELECT c.store_id, {_day('f.at')} AS day, 'code' AS cause
            FROM fresh f JOIN communities_entrycode c ON c.id = f.code_id""",
    ),
    "added": (
        "members_contact", "INSERT", "NEW TABLE AS fresh",
        f"""SELECT s.store_id, {_day('f.added_at')} AS day, 'contact' AS cause
            FROM fresh f JOIN stores_staff s ON s.id = f.staff_id AND s.store_id IS NOT NULL""",
    ),
}  # fmt: skip


def _forward() -> str:
    parts = []
    for name, (table, event, rows, late) in RULES.items():
        parts.append(
            f"""
            CREATE FUNCTION metrics_late_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO metrics_dirtyday (store_id, day, cause, noted_at)
                SELECT DISTINCT late.store_id, late.day, late.cause, now() FROM ({late}) AS late
                WHERE late.day < {_TODAY};
                RETURN NULL;
            END $$;
            CREATE TRIGGER metrics_late_{name} AFTER {event} ON {table} REFERENCING {rows}
                FOR EACH STATEMENT EXECUTE FUNCTION metrics_late_{name}();
            """  # noqa: S608 -- of constants
        )
    return "".join(parts)


def _backward() -> str:
    return "".join(
        f"DROP TRIGGER metrics_late_{name} ON {table}; DROP FUNCTION metrics_late_{name}();"
        for name, (table, *_) in RULES.items()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0001_daily_tallies"),
        ("members", "0002_purchases_partitioned_by_month"),
    ]

    operations = [
        migrations.AlterField(
            model_name="dirtyday",
            name="cause",
            field=models.CharField(
                choices=[
                    ("purchase", "购买"), ("stay", "进群退群"), ("post", "群发"), ("result", "群发效果"), ("click", "点击"),
                    ("entry", "接龙与下单"), ("order", "活动订单"), ("code", "扫码"), ("identity", "认出会员"),
                    ("contact", "添加员工"), ("rest", "没有算完"),
                ],
                max_length=16, verbose_name="来源",
            ),
        ),
        migrations.RunSQL(_forward(), _backward()),
    ]  # fmt: skip
