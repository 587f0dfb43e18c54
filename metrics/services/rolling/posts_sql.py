"""What became of one day's posts, and what they brought. Parameters: `day`, `stores`, and `at` for what is due yet.

The same words as `communities.selectors.measures`: on time is within 15 minutes of the slot's hour; what was skipped
for a reason or blocked by a check was not expected.
"""

_POSTS = """
    SELECT t.id, t.group_id, t.store_id, lower(t.owner_userid) AS owner, t.must_do, t.evidence, t.state,
           t.state = 'sent' AS is_sent, t.miss_reason <> '' OR t.failure <> '' AS is_second,
           t.done_at <= t.due_at + interval '15 minutes' AS is_prompt,
           t.state IN ('sent', 'failed', 'missed') OR (t.state IN ('planned', 'released') AND t.due_at <= %(at)s)
               AS is_expected
    FROM communities_posttask t
    WHERE t.day = %(day)s AND t.state <> 'withdrawn'
"""
POSTS = f"""
    CREATE TEMPORARY TABLE tally_post ON COMMIT DROP AS
    {_POSTS} AND (%(stores)s::bigint[] IS NULL OR t.store_id = ANY(%(stores)s))
"""

COUNTS = """
    count(*) AS planned,
    count(*) FILTER (WHERE is_expected) AS expected,
    count(*) FILTER (WHERE is_expected AND must_do) AS must_do_planned,
    count(*) FILTER (WHERE is_sent AND must_do) AS must_do_sent,
    count(*) FILTER (WHERE is_sent AND is_prompt AND NOT is_second) AS on_time,
    count(*) FILTER (WHERE is_sent AND NOT is_prompt AND NOT is_second) AS late,
    count(*) FILTER (WHERE is_sent AND is_second) AS made_up,
    count(*) FILTER (WHERE is_expected AND state IN ('planned', 'released')) AS waiting,
    count(*) FILTER (WHERE state = 'missed') AS missed,
    count(*) FILTER (WHERE state = 'failed') AS failed,
    count(*) FILTER (WHERE state = 'skipped') AS skipped,
    count(*) FILTER (WHERE state = 'blocked') AS blocked,
    count(*) FILTER (WHERE is_sent AND evidence = 3) AS sent_verified,
    count(*) FILTER (WHERE is_sent AND evidence = 2) AS sent_client,
    count(*) FILTER (WHERE is_sent AND evidence = 1) AS sent_declared
"""
OF_GROUPS = f"""
    CREATE TEMPORARY TABLE tally_group_post ON COMMIT DROP AS
    SELECT group_id, {COUNTS} FROM tally_post GROUP BY group_id
"""  # noqa: S608 -- of constants
OF_STORES = f"""
    CREATE TEMPORARY TABLE tally_store_post ON COMMIT DROP AS
    SELECT store_id, {COUNTS} FROM tally_post GROUP BY store_id
"""  # noqa: S608 -- of constants
# By who owned the group then; she may own groups of another store than her own.
OF_STAFF = f"""
    CREATE TEMPORARY TABLE tally_staff_post ON COMMIT DROP AS
    SELECT f.id AS staff_id, {COUNTS}
    FROM ({_POSTS}) AS p JOIN stores_staff f ON f.wecom_userid = p.owner AND p.owner <> ''
    WHERE %(stores)s::bigint[] IS NULL OR f.store_id = ANY(%(stores)s)
    GROUP BY f.id
"""  # noqa: S608 -- of constants

_BROUGHT = """
    coalesce(sum(r.people) FILTER (WHERE r.evidence = 3), 0) AS exposed_verified,
    coalesce(sum(r.people) FILTER (WHERE r.evidence = 2), 0) AS exposed_client,
    coalesce(sum(r.people) FILTER (WHERE r.evidence = 1), 0) AS exposed_declared,
    coalesce(sum(r.clicks) FILTER (WHERE r.evidence = 3), 0) AS post_clicks_verified,
    coalesce(sum(r.clicks) FILTER (WHERE r.evidence = 2), 0) AS post_clicks_client,
    coalesce(sum(r.clicks) FILTER (WHERE r.evidence = 1), 0) AS post_clicks_declared,
    coalesce(sum(r.buyers) FILTER (WHERE r.evidence = 3), 0) AS post_buyers_verified,
    coalesce(sum(r.buyers) FILTER (WHERE r.evidence = 2), 0) AS post_buyers_client,
    coalesce(sum(r.buyers) FILTER (WHERE r.evidence = 1), 0) AS post_buyers_declared,
    sum(r.sales_fen) AS post_sales_fen
    FROM communities_postresult r JOIN communities_posttask t ON t.id = r.task_id
    WHERE r.day = %(day)s AND (%(stores)s::bigint[] IS NULL OR r.store_id = ANY(%(stores)s))
"""
RESULTS_OF_GROUPS = f"""
    CREATE TEMPORARY TABLE tally_group_result ON COMMIT DROP AS
    SELECT t.group_id, {_BROUGHT} GROUP BY t.group_id
"""
RESULTS_OF_STORES = f"""
    CREATE TEMPORARY TABLE tally_store_result ON COMMIT DROP AS
    SELECT r.store_id, {_BROUGHT} GROUP BY r.store_id
"""
