"""What the members of some stores did in the thirty days that end with one, and which of them are in a group.

`tally_person` is one row per store and known member who did anything there; nobody appears by her browser alone.
An order is a receipt whose lines in the window come to more than nothing, so what was wholly given back is none.
Parameters as in `stays_sql`, and `day`, `window_since` (30 days before `until`).
"""

PEOPLE = """
    CREATE TEMPORARY TABLE tally_person ON COMMIT DROP AS
    SELECT store_id, member_id, sum(orders)::bigint AS orders, sum(spend_fen)::bigint AS spend_fen,
           bool_or(is_interest) AS is_interested, max(at) AS last_at
    FROM (
        SELECT store_id, member_id, count(*) FILTER (WHERE fen > 0) AS orders, sum(fen)::bigint AS spend_fen,
               false AS is_interest, max(at) AS at
        FROM (
            SELECT store_id, member_id, source, receipt, sum(paid_fen)::bigint AS fen,
                   max(bought_at) FILTER (WHERE paid_fen > 0) AS at
            FROM members_purchase
            WHERE bought_at >= %(window_since)s AND bought_at < %(until)s AND member_id IS NOT NULL
              AND (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s))
            GROUP BY store_id, member_id, source, receipt
        ) AS receipt
        GROUP BY store_id, member_id
        UNION ALL
        SELECT c.store_id, k.member_id, 0, 0, true, max(k.at)
        FROM communities_linkclick k
        JOIN communities_shortlink l ON l.id = k.link_id
        JOIN communities_postcontent c ON c.id = l.content_id
        WHERE k.day > %(day)s::date - 30 AND k.day <= %(day)s AND k.at < %(until)s AND k.member_id IS NOT NULL
          AND (%(stores)s::bigint[] IS NULL OR c.store_id = ANY(%(stores)s))
        GROUP BY c.store_id, k.member_id
        UNION ALL
        SELECT store_id, member_id, 0, 0, true, max(at)
        FROM communities_postentry
        WHERE at >= %(window_since)s AND at < %(until)s AND withdrawn_at IS NULL AND member_id IS NOT NULL
          AND (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s))
        GROUP BY store_id, member_id
    ) AS deed
    GROUP BY store_id, member_id
"""

OF_GROUPS = """
    CREATE TEMPORARY TABLE tally_group_window ON COMMIT DROP AS
    SELECT s.group_id,
           count(*) FILTER (WHERE p.last_at IS NOT NULL AND s.at_end) AS active_30d,
           count(*) FILTER (WHERE p.is_interested AND s.at_end) AS interested_30d,
           coalesce(sum(p.spend_fen) FILTER (WHERE s.at_end), 0) AS members_spend_30d_fen,
           count(*) FILTER (
               WHERE s.at_end AND s.cohort_30 AND p.last_at >= %(until)s::timestamptz - interval '7 days'
           ) AS active_retained_30
    FROM tally_stay s JOIN tally_person p ON p.store_id = s.store_id AND p.member_id = s.member_id
    GROUP BY s.group_id
"""

# A person in two groups of the store counts once: by her member, or by who she is in the groups.
OF_STORES = """
    CREATE TEMPORARY TABLE tally_store_window ON COMMIT DROP AS
    SELECT store_id, sum(people_end)::bigint AS people_end, sum(active_30d)::bigint AS active_30d,
           sum(active_members)::bigint AS active_members, sum(interested_30d)::bigint AS interested_30d,
           sum(members_spend_30d_fen)::bigint AS members_spend_30d_fen, sum(orders_30d)::bigint AS orders_30d,
           sum(buyers_30d)::bigint AS buyers_30d, sum(repeat_buyers_30d)::bigint AS repeat_buyers_30d,
           sum(buyers_spend_30d_fen)::bigint AS buyers_spend_30d_fen
    FROM (
        SELECT h.store_id, count(*) AS people_end,
               count(*) FILTER (WHERE p.last_at IS NOT NULL) AS active_30d,
               count(*) FILTER (WHERE p.last_at >= %(since)s) AS active_members,
               count(*) FILTER (WHERE p.is_interested) AS interested_30d,
               coalesce(sum(p.spend_fen), 0) AS members_spend_30d_fen,
               0 AS orders_30d, 0 AS buyers_30d, 0 AS repeat_buyers_30d, 0 AS buyers_spend_30d_fen
        FROM (
            SELECT store_id, who, max(member_id) AS member_id FROM tally_stay WHERE at_end GROUP BY store_id, who
        ) AS h
        LEFT JOIN tally_person p ON p.store_id = h.store_id AND p.member_id = h.member_id
        GROUP BY h.store_id
        UNION ALL
        SELECT store_id, 0, 0, 0, 0, 0, sum(orders), count(*) FILTER (WHERE orders > 0),
               count(*) FILTER (WHERE orders > 1), sum(spend_fen) FILTER (WHERE orders > 0)
        FROM tally_person GROUP BY store_id
    ) AS half
    GROUP BY store_id
"""

MOVES_OF_STORES = """
    CREATE TEMPORARY TABLE tally_store_moves ON COMMIT DROP AS
    SELECT m.store_id, {sums}, coalesce(sum(w.active_retained_30), 0)::bigint AS active_retained_30
    FROM tally_moves m LEFT JOIN tally_group_window w ON w.group_id = m.group_id GROUP BY m.store_id
"""

# Today's windows are those of the last day that is over: thirty days are not read again every half hour.
CARRY = (
    """
    UPDATE tally_store_window w SET people_end = y.people_end, active_30d = y.active_30d,
        interested_30d = y.interested_30d, members_spend_30d_fen = y.members_spend_30d_fen,
        orders_30d = y.orders_30d, buyers_30d = y.buyers_30d, repeat_buyers_30d = y.repeat_buyers_30d,
        buyers_spend_30d_fen = y.buyers_spend_30d_fen
    FROM metrics_storetally y WHERE y.store_id = w.store_id AND y.day = %(day)s::date - 1
    """,
    """
    UPDATE tally_group_window w SET active_30d = y.active_30d, interested_30d = y.interested_30d,
        members_spend_30d_fen = y.members_spend_30d_fen
    FROM metrics_grouptally y WHERE y.group_id = w.group_id AND y.day = %(day)s::date - 1
    """,
)
