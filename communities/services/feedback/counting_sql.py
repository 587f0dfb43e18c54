"""The SQL of the attribution: temporary `feedback_post` holds the posts, each statement adds one thing they brought.

All of a day's facts of some stores are looked at in one go; who touched whom last is decided by the database, which
has the facts. Parameters: `day`, `stores`, `low` and `high` (the first post of the day, 24 hours after the last), and
`back` (until when a return counts).
"""

# Posts of the days around too: they compete for the facts.
POSTS = """
    CREATE TEMPORARY TABLE feedback_post ON COMMIT DROP AS
    SELECT t.id AS task_id, t.group_id, t.store_id, t.content_id, t.done_at, t.day = %(day)s AS is_counted,
           count(*) OVER (PARTITION BY t.content_id) = 1 AS is_alone,
           0 AS people, 0 AS clicks, 0 AS entries, 0 AS buyers, 0::bigint AS sales_fen, 0 AS quits
    FROM communities_posttask t
    WHERE t.store_id = ANY(%(stores)s) AND t.state = 'sent'
      AND t.day BETWEEN %(day)s::date - 2 AND %(day)s::date + 2
"""
WINDOW = "SELECT min(done_at), max(done_at) + interval '24 hours' FROM feedback_post WHERE is_counted"

PEOPLE = """
    UPDATE feedback_post AS p SET people = c.people
    FROM (SELECT q.task_id, count(m.id) AS people
          FROM feedback_post q JOIN communities_groupmembership m ON m.group_id = q.group_id
          WHERE q.is_counted AND NOT m.is_staff AND m.joined_at <= q.done_at
            AND (m.left_at IS NULL OR m.left_at > q.done_at)
          GROUP BY q.task_id) AS c
    WHERE c.task_id = p.task_id
"""

# The same browser is the same person, if only one member was ever seen with it.
RECOGNISE = """
    UPDATE communities_linkclick AS c SET member_id = k.member_id
    FROM (SELECT k.who, min(k.member_id) AS member_id FROM communities_linkclick k
          WHERE k.member_id IS NOT NULL
            AND k.who IN (SELECT n.who FROM communities_linkclick n WHERE n.day = %(day)s AND n.member_id IS NULL)
          GROUP BY k.who HAVING count(DISTINCT k.member_id) = 1) AS k
    WHERE c.day = %(day)s AND c.member_id IS NULL AND c.who = k.who
"""
# A group-send's link says which content, not which group: the group is the only one there was, or the only one of
# them she is in.
RESOLVE = """
    UPDATE communities_linkclick AS c SET task_id = r.task_id
    FROM (SELECT c.id, min(p.task_id) AS task_id
          FROM communities_linkclick c
          JOIN communities_shortlink l ON l.id = c.link_id
          JOIN feedback_post p ON p.content_id = l.content_id AND p.is_counted
          WHERE c.day = %(day)s AND c.task_id IS NULL
            AND (p.is_alone
                 OR EXISTS (SELECT FROM communities_groupmembership m
                            WHERE m.group_id = p.group_id AND m.member_id = c.member_id AND m.joined_at <= c.at
                              AND (m.left_at IS NULL OR m.left_at > c.at)))
          GROUP BY c.id HAVING count(*) = 1) AS r
    WHERE c.id = r.id
"""
CLICKS = """
    UPDATE feedback_post AS p SET clicks = c.clicks
    FROM (SELECT q.task_id, count(DISTINCT coalesce(k.member_id::text, encode(k.who, 'hex'))) AS clicks
          FROM feedback_post q JOIN communities_linkclick k ON k.task_id = q.task_id
          WHERE q.is_counted AND k.at < q.done_at + interval '24 hours'
          GROUP BY q.task_id) AS c
    WHERE c.task_id = p.task_id
"""

# The link she came by says which post; without one, or where it says only the content, the last post to her.
ENTRIES = """
    WITH entry AS (
        SELECT e.id, e.store_id, e.member_id, e.at, l.task_id, l.content_id
        FROM communities_postentry e LEFT JOIN communities_shortlink l ON l.token = e.link AND e.link <> ''
        WHERE e.store_id = ANY(%(stores)s) AND e.withdrawn_at IS NULL
          AND e.at > %(low)s::timestamptz - interval '24 hours' AND e.at < %(high)s
    ), touch AS (
        SELECT e.id, e.member_id, p.task_id, p.done_at, p.is_counted,
               CASE WHEN e.task_id = p.task_id THEN 0
                    WHEN e.content_id = p.content_id AND h.is_hers THEN 1
                    WHEN e.content_id = p.content_id AND p.is_alone THEN 2
                    WHEN h.is_hers THEN 3 END AS rank
        FROM entry e
        JOIN feedback_post p ON p.store_id = e.store_id AND e.at < p.done_at + interval '24 hours'
        CROSS JOIN LATERAL (
            SELECT EXISTS (SELECT FROM communities_groupmembership m
                           WHERE m.group_id = p.group_id AND m.member_id = e.member_id AND m.joined_at <= p.done_at
                             AND (m.left_at IS NULL OR m.left_at > p.done_at)) AS is_hers
        ) AS h
        -- The store says 已发 after it posted: who came by a link may have been quicker.
        WHERE p.done_at <= e.at OR e.content_id = p.content_id
    ), winner AS (
        SELECT DISTINCT ON (id) id, member_id, task_id, is_counted FROM touch
        WHERE rank IS NOT NULL ORDER BY id, rank, done_at DESC, task_id DESC
    )
    UPDATE feedback_post AS p SET entries = c.entries
    FROM (SELECT task_id, count(DISTINCT coalesce(member_id, -id)) AS entries
          FROM winner WHERE is_counted GROUP BY task_id) AS c
    WHERE c.task_id = p.task_id
"""

# A line bought belongs to the last post to a group she was in, of that store, within 24 hours. A line given back
# belongs where the last line of that product she had bought in that store belongs, if that was within seven days.
SALES = """
    WITH line AS (
        SELECT row_number() OVER (ORDER BY bought_at, receipt, line, source) AS n, store_id, member_id, product_id,
               bought_at, paid_fen
        FROM members_purchase
        WHERE store_id = ANY(%(stores)s) AND bought_at >= %(low)s AND bought_at < %(back)s
          AND member_id IS NOT NULL AND paid_fen <> 0
    ), winner AS (
        SELECT DISTINCT ON (b.n) b.n, b.member_id, b.paid_fen, p.task_id, p.is_counted
        FROM line b
        JOIN communities_groupmembership m ON m.member_id = b.member_id
        JOIN feedback_post p ON p.group_id = m.group_id AND p.store_id = b.store_id
        WHERE b.paid_fen > 0 AND b.bought_at < %(high)s
          AND p.done_at <= b.bought_at AND p.done_at > b.bought_at - interval '24 hours'
          AND m.joined_at <= p.done_at AND (m.left_at IS NULL OR m.left_at > p.done_at)
        ORDER BY b.n, p.done_at DESC, p.task_id DESC
    ), back AS (
        SELECT DISTINCT ON (r.n) r.n, r.paid_fen, b.n AS bought
        FROM line r
        JOIN line b ON b.store_id = r.store_id AND b.member_id = r.member_id AND b.product_id = r.product_id
        WHERE r.paid_fen < 0 AND b.paid_fen > 0 AND b.n < r.n AND b.bought_at > r.bought_at - interval '7 days'
        ORDER BY r.n, b.n DESC
    ), person AS (
        SELECT w.task_id, w.member_id,
               greatest(0, sum(w.paid_fen) + coalesce(sum(g.fen), 0)) AS fen
        FROM winner w LEFT JOIN (SELECT bought, sum(paid_fen) AS fen FROM back GROUP BY bought) AS g ON g.bought = w.n
        WHERE w.is_counted
        GROUP BY w.task_id, w.member_id
    )
    UPDATE feedback_post AS p SET buyers = c.buyers, sales_fen = c.fen
    FROM (SELECT task_id, count(*) FILTER (WHERE fen > 0) AS buyers, sum(fen) AS fen
          FROM person GROUP BY task_id) AS c
    WHERE c.task_id = p.task_id
"""

# Whom the store removed did not go because of a post, nor did anybody of a group that was dissolved.
QUITS = """
    WITH winner AS (
        SELECT DISTINCT ON (m.id) m.id, p.task_id, p.is_counted
        FROM feedback_post p
        JOIN communities_groupmembership m ON m.group_id = p.group_id
        JOIN communities_customergroup g ON g.id = m.group_id
        WHERE m.left_at >= %(low)s AND m.left_at < %(high)s AND NOT m.is_staff
          AND m.quit_scene IS DISTINCT FROM 1 AND m.left_at IS DISTINCT FROM g.dismissed_at
          AND p.done_at < m.left_at AND p.done_at > m.left_at - interval '24 hours' AND m.joined_at <= p.done_at
        ORDER BY m.id, p.done_at DESC, p.task_id DESC
    )
    UPDATE feedback_post AS p SET quits = c.quits
    FROM (SELECT task_id, count(*) AS quits FROM winner WHERE is_counted GROUP BY task_id) AS c
    WHERE c.task_id = p.task_id
"""

FORGET = """
    DELETE FROM communities_postresult r
    WHERE r.store_id = ANY(%(stores)s) AND r.day = %(day)s
      AND NOT EXISTS (SELECT FROM feedback_post p WHERE p.task_id = r.task_id AND p.is_counted)
"""
KEEP = """
    INSERT INTO communities_postresult (task_id, store_id, day, slot_id, material_id, cell_id, content_id, evidence,
                                        people, clicks, entries, buyers, sales_fen, quits)
    SELECT t.id, t.store_id, t.day, t.slot_id, v.material_id, t.cell_id, t.content_id, t.evidence,
           p.people, p.clicks, p.entries, p.buyers, p.sales_fen, p.quits
    FROM feedback_post p JOIN communities_posttask t ON t.id = p.task_id
    JOIN communities_materialversion v ON v.id = t.version_id
    WHERE p.is_counted
    ON CONFLICT (task_id) DO UPDATE SET
        store_id = EXCLUDED.store_id, day = EXCLUDED.day, slot_id = EXCLUDED.slot_id,
        material_id = EXCLUDED.material_id, cell_id = EXCLUDED.cell_id, content_id = EXCLUDED.content_id,
        evidence = EXCLUDED.evidence, people = EXCLUDED.people, clicks = EXCLUDED.clicks, entries = EXCLUDED.entries,
        buyers = EXCLUDED.buyers, sales_fen = EXCLUDED.sales_fen, quits = EXCLUDED.quits
"""
