"""Who came and went in the groups of some stores on one day.

`tally_stay` holds the stays that touch the day, each with what it counts as; `tally_moves` their counts by group.
Who leaves and is back in the group within 24 hours neither left nor joined: her stays are bridged, so that
start + joins - quits - dissolved = end on every day. Parameters: `stores` (null for all), `since` and `until` (the
day's midnights).
"""

STAYS = """
    CREATE TEMPORARY TABLE tally_stay ON COMMIT DROP AS
    SELECT s.group_id, s.store_id, s.who, s.member_id, s.state, s.quit_scene, s.joined_at,
           s.joined_at < %(since)s AND (s.left_at IS NULL OR s.left_at >= %(since)s OR s.back_at >= %(since)s)
               AS at_start,
           s.joined_at < %(until)s AND (s.left_at IS NULL OR s.left_at >= %(until)s OR s.back_at >= %(until)s)
               AS at_end,
           s.joined_at >= %(since)s AND s.joined_at < %(until)s AS came_today,
           s.left_at >= %(since)s AND s.left_at < %(until)s AND s.back_at IS NULL AS went,
           s.left_at IS NOT DISTINCT FROM s.dismissed_at AS is_dissolved,
           s.is_return,
           s.joined_at >= %(since)s::timestamptz - interval '7 days'
               AND s.joined_at < %(until)s::timestamptz - interval '7 days' AND NOT s.is_return AS cohort_7,
           s.joined_at >= %(since)s::timestamptz - interval '30 days'
               AND s.joined_at < %(until)s::timestamptz - interval '30 days' AND NOT s.is_return AS cohort_30
    FROM (
        SELECT m.group_id, g.store_id, g.dismissed_at, m.who, m.member_id, m.state, m.quit_scene, m.joined_at,
               m.left_at,
               CASE WHEN m.left_at >= %(since)s::timestamptz - interval '24 hours' THEN (
                   SELECT min(n.joined_at) FROM communities_groupmembership n
                   WHERE n.group_id = m.group_id AND n.who = m.who
                     AND n.joined_at BETWEEN m.left_at AND m.left_at + interval '24 hours'
                     AND n.id <> m.id
               ) END AS back_at,
               CASE WHEN m.joined_at >= %(since)s::timestamptz - interval '30 days' THEN EXISTS (
                   SELECT FROM communities_groupmembership n
                   WHERE n.group_id = m.group_id AND n.who = m.who
                     AND n.left_at BETWEEN m.joined_at - interval '24 hours' AND m.joined_at AND n.id <> m.id
               ) ELSE false END AS is_return
        FROM communities_groupmembership m JOIN communities_customergroup g ON g.id = m.group_id
        WHERE NOT m.is_staff AND g.store_id IS NOT NULL
          AND (%(stores)s::bigint[] IS NULL OR g.store_id = ANY(%(stores)s))
          AND m.joined_at < %(until)s
          AND (m.left_at IS NULL OR m.left_at >= %(since)s::timestamptz - interval '24 hours'
               OR m.joined_at >= %(since)s::timestamptz - interval '30 days')
    ) AS s
"""

# Registered: a phone or a card of hers was known within seven days of joining.
MOVES = """
    CREATE TEMPORARY TABLE tally_moves ON COMMIT DROP AS
    SELECT s.group_id, s.store_id,
           count(*) FILTER (WHERE at_start) AS members_start,
           count(*) FILTER (WHERE came_today AND NOT is_return) AS joins,
           count(*) FILTER (WHERE went AND NOT is_dissolved) AS quits,
           count(*) FILTER (WHERE went AND NOT is_dissolved AND quit_scene = 1) AS removed,
           count(*) FILTER (WHERE came_today AND is_return) AS rejoined,
           count(*) FILTER (WHERE went AND is_dissolved) AS dissolved,
           count(*) FILTER (WHERE at_end) AS members_end,
           count(*) FILTER (WHERE came_today AND NOT is_return AND EXISTS (
               SELECT FROM members_identity i
               WHERE i.member_id = s.member_id AND i.kind IN ('phone', 'card')
                 AND i.created_at < s.joined_at + interval '7 days'
           )) AS registered,
           count(*) FILTER (WHERE cohort_7) AS cohort_7,
           count(*) FILTER (WHERE cohort_7 AND (at_end OR is_back)) AS retained_7,
           count(*) FILTER (WHERE cohort_30) AS cohort_30,
           count(*) FILTER (WHERE cohort_30 AND (at_end OR is_back)) AS retained_30
    FROM tally_stay s
    CROSS JOIN LATERAL (
        SELECT (cohort_7 OR cohort_30) AND NOT at_end AND EXISTS (
            SELECT FROM communities_groupmembership n
            WHERE n.group_id = s.group_id AND n.who = s.who AND n.joined_at > s.joined_at
              AND n.joined_at < %(until)s AND (n.left_at IS NULL OR n.left_at >= %(until)s)
        ) AS is_back
    ) AS again
    GROUP BY s.group_id, s.store_id
"""

# Everybody who came before the doors opened, whether she stayed or not.
PREFILL = """
    CREATE TEMPORARY TABLE tally_prefill ON COMMIT DROP AS
    SELECT g.store_id, count(DISTINCT m.who) AS prefill_members
    FROM stores_store s
    JOIN communities_customergroup g ON g.store_id = s.id
    JOIN communities_groupmembership m ON m.group_id = g.id AND NOT m.is_staff
    WHERE (%(stores)s::bigint[] IS NULL OR s.id = ANY(%(stores)s))
      AND (s.opened_on IS NOT NULL OR s.stage = 'fitout') AND m.joined_at < %(until)s
      AND (s.opened_on IS NULL OR m.joined_at < s.opened_on::timestamp AT TIME ZONE 'Asia/Shanghai')
    GROUP BY g.store_id
"""
