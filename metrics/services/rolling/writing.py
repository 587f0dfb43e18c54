"""Put what was counted into the tallies: one statement per grain, over the temporary tables of the other modules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.backends.utils import CursorWrapper
from psycopg import sql

from metrics.registry.components import TABLES, Grain

MOVES = (
    "members_start", "joins", "quits", "removed", "rejoined", "dissolved", "members_end", "registered", "cohort_7",
    "retained_7", "cohort_30", "retained_30",
)  # fmt: skip
_POSTS = (
    "planned", "expected", "must_do_planned", "must_do_sent", "on_time", "late", "made_up", "waiting", "missed",
    "failed", "skipped", "blocked", "sent_verified", "sent_client", "sent_declared",
)  # fmt: skip
_RESULTS = (
    "exposed_verified", "exposed_client", "exposed_declared", "post_clicks_verified", "post_clicks_client",
    "post_clicks_declared", "post_buyers_verified", "post_buyers_client", "post_buyers_declared", "post_sales_fen",
)  # fmt: skip
_WINDOW = ("active_30d", "interested_30d", "members_spend_30d_fen")
_STORE_WINDOW = (
    *_WINDOW, "people_end", "active_members", "orders_30d", "buyers_30d", "repeat_buyers_30d", "buyers_spend_30d_fen",
)  # fmt: skip
_SOLD = ("orders", "member_orders", "buyers", "paid_fen", "refunded_fen")
_CODES = ("scans", "group_scans", "adds", "entry_joins")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a grain's rows of a day are put together: whose rows, from which tables, which columns of each."""

    keys: tuple[str, ...]
    subjects: str
    forget: str  # the rows that are made anew: a condition on the tally `t`
    sources: Mapping[str, tuple[str, ...]]


_SCOPE = "(%(stores)s::bigint[] IS NULL OR {} = ANY(%(stores)s))"
RECIPES: Mapping[Grain, Recipe] = {
    Grain.STORE: Recipe(
        ("store_id",), f"SELECT id AS store_id FROM stores_store WHERE {_SCOPE.format('id')}", "",  # noqa: S608 -- of constants
        {
            "tally_store_moves": (*MOVES, "active_retained_30"), "tally_store_post": _POSTS,
            "tally_store_result": _RESULTS, "tally_store_window": _STORE_WINDOW, "tally_store_sale": _SOLD,
            "tally_store_claim": ("claims", "chain_joiners", "referrers", "friends"),
            "tally_store_click": ("clickers",), "tally_store_code": _CODES, "tally_prefill": ("prefill_members",),
        },
    ),
    Grain.GROUP: Recipe(
        ("group_id",),
        f"""SELECT id AS group_id FROM communities_customergroup
            WHERE store_id IS NOT NULL AND {_SCOPE.format("store_id")}
              AND (created_at IS NULL OR created_at < %(until)s)
              AND (dismissed_at IS NULL OR dismissed_at >= %(since)s)""",  # noqa: S608 -- of constants
        f"EXISTS (SELECT FROM communities_customergroup g WHERE g.id = t.group_id AND {_SCOPE.format('g.store_id')})",
        {
            "tally_moves": MOVES, "tally_group_post": _POSTS, "tally_group_result": _RESULTS,
            "tally_group_window": (*_WINDOW, "active_retained_30"),
        },
    ),
    Grain.STAFF: Recipe(
        ("staff_id",),
        """SELECT staff_id FROM tally_staff_post UNION SELECT staff_id FROM tally_staff_contact
           UNION SELECT staff_id FROM tally_staff_owner""",
        f"EXISTS (SELECT FROM stores_staff f WHERE f.id = t.staff_id AND {_SCOPE.format('f.store_id')})",
        {
            "tally_staff_post": _POSTS, "tally_staff_contact": ("adds", "contacts_lost"),
            "tally_staff_owner": (
                "owner_groups", "owner_members", "owner_speakers", "owner_messages", "chats", "messages",
            ),
        },
    ),
    Grain.CAMPAIGN: Recipe(
        ("campaign_id", "store_id"),
        """SELECT campaign_id, store_id FROM tally_campaign_claim
           UNION SELECT s.campaign_id, s.store_id FROM tally_campaign_sale s
           WHERE EXISTS (SELECT FROM campaigns_campaign c WHERE c.id = s.campaign_id)""",
        _SCOPE.format("t.store_id"),
        {
            "tally_campaign_claim": (
                "claims", "claimers", "confirmed", "fulfilled", "ended", "referrers", "friends",
            ),
            "tally_campaign_sale": _SOLD,
        },
    ),
    Grain.CODE: Recipe(
        ("code_id",), "SELECT code_id FROM tally_code",
        f"EXISTS (SELECT FROM communities_entrycode c WHERE c.id = t.code_id AND {_SCOPE.format('c.store_id')})",
        {"tally_code": (*_CODES, "joins", "registered", "quits")},
    ),
}  # fmt: skip


def write(cursor: CursorWrapper, grain: Grain, facts: Mapping[str, Any], *, snapshot: bool) -> None:
    """Make a grain's rows of the day anew; repeating it changes nothing.

    Stores keep their row, since `snapshot` columns, pictures of last night, cannot be made anew later.
    """
    recipe = RECIPES[grain]
    table = sql.Identifier(TABLES[grain]._meta.db_table)  # noqa: SLF001 -- Django's documented API of a model
    sources = dict(recipe.sources)
    if grain is Grain.STORE and snapshot:
        sources["tally_store_value"] = ("valued_members", "ltv_fen")
    columns = [(source, name) for source, names in sources.items() for name in names]
    if recipe.forget:
        forget = sql.SQL("DELETE FROM {} t WHERE t.day = %(day)s AND ").format(table) + sql.SQL(recipe.forget)
        cursor.execute(forget.as_string(None), facts)
    statement = sql.SQL(
        "INSERT INTO {table} ({keys}, day, {names}) "
        "SELECT {subject_keys}, %(day)s, {values} FROM ({subjects}) AS b {joins}"
    ).format(
        table=table,
        keys=sql.SQL(", ").join(map(sql.Identifier, recipe.keys)),
        names=sql.SQL(", ").join(sql.Identifier(name) for _, name in columns),
        subject_keys=sql.SQL(", ").join(sql.Identifier("b", key) for key in recipe.keys),
        values=sql.SQL(", ").join(sql.SQL("coalesce({}, 0)").format(sql.Identifier(*one)) for one in columns),
        subjects=sql.SQL(recipe.subjects),
        joins=sql.SQL(" ").join(_joined(source, recipe.keys) for source in sources),
    )
    if not recipe.forget:
        statement += sql.SQL(" ON CONFLICT ({keys}, day) DO UPDATE SET {sets}").format(
            keys=sql.SQL(", ").join(map(sql.Identifier, recipe.keys)),
            sets=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for _, name in columns),
        )
    cursor.execute(statement.as_string(None), facts)


def _joined(source: str, keys: tuple[str, ...]) -> sql.Composed:
    matched = sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier(source, key), sql.Identifier("b", key)) for key in keys
    )
    return sql.SQL("LEFT JOIN {} ON {}").format(sql.Identifier(source), matched)
