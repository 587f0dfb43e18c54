"""One day's sales by store and by campaign, claims, codes and contacts. Parameters as in `stays_sql`, and `day`."""

RECEIPTS = """
    CREATE TEMPORARY TABLE tally_receipt ON COMMIT DROP AS
    SELECT store_id, source, receipt, max(campaign_id) AS campaign_id, max(member_id) AS member_id,
           sum(paid_fen) AS fen, coalesce(sum(paid_fen) FILTER (WHERE paid_fen > 0), 0) AS paid_fen,
           coalesce(-sum(paid_fen) FILTER (WHERE paid_fen < 0), 0) AS refunded_fen
    FROM members_purchase
    WHERE bought_at >= %(since)s AND bought_at < %(until)s
      AND (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s))
    GROUP BY store_id, source, receipt
"""
_SOLD = """
    count(*) FILTER (WHERE fen > 0) AS orders,
    count(*) FILTER (WHERE fen > 0 AND member_id IS NOT NULL) AS member_orders,
    count(DISTINCT member_id) FILTER (WHERE fen > 0) AS buyers,
    sum(paid_fen) AS paid_fen, sum(refunded_fen) AS refunded_fen
    FROM tally_receipt
"""
OF_STORES = f"""
    CREATE TEMPORARY TABLE tally_store_sale ON COMMIT DROP AS SELECT store_id, {_SOLD} GROUP BY store_id
"""
OF_CAMPAIGNS = f"""
    CREATE TEMPORARY TABLE tally_campaign_sale ON COMMIT DROP AS
    SELECT campaign_id, store_id, {_SOLD} WHERE campaign_id IS NOT NULL GROUP BY campaign_id, store_id
"""

# Orders by what happened to them on the day; a friend's first order counts unless it was found void.
CLAIMS = """
    CREATE TEMPORARY TABLE tally_claim ON COMMIT DROP AS
    SELECT o.campaign_id, o.store_id, o.member_id, c.play = 'chain' AS is_chain,
           o.reserved_at >= %(since)s AND o.reserved_at < %(until)s AS is_new,
           o.confirmed_at >= %(since)s AND o.confirmed_at < %(until)s AS is_confirmed,
           o.fulfilled_at >= %(since)s AND o.fulfilled_at < %(until)s AS is_fulfilled,
           o.ended_at >= %(since)s AND o.ended_at < %(until)s AS is_ended,
           r.made_at >= %(since)s AND r.made_at < %(until)s AS is_referrer,
           u.id IS NOT NULL AND o.reserved_at >= %(since)s AND o.reserved_at < %(until)s AS is_friend
    FROM campaigns_order o
    JOIN campaigns_campaign c ON c.id = o.campaign_id
    LEFT JOIN campaigns_referral r ON r.order_id = o.id
    LEFT JOIN campaigns_referraluse u ON u.friend_order_id = o.id AND u.state <> 'void'
    WHERE (%(stores)s::bigint[] IS NULL OR o.store_id = ANY(%(stores)s))
      AND (o.reserved_at >= %(since)s AND o.reserved_at < %(until)s
           OR o.confirmed_at >= %(since)s AND o.confirmed_at < %(until)s
           OR o.fulfilled_at >= %(since)s AND o.fulfilled_at < %(until)s
           OR o.ended_at >= %(since)s AND o.ended_at < %(until)s
           OR r.made_at >= %(since)s AND r.made_at < %(until)s)
"""
CLAIMS_OF_STORES = """
    CREATE TEMPORARY TABLE tally_store_claim ON COMMIT DROP AS
    SELECT store_id, count(*) FILTER (WHERE is_new) AS claims,
           count(DISTINCT member_id) FILTER (WHERE is_new AND is_chain) AS chain_joiners,
           count(*) FILTER (WHERE is_referrer) AS referrers, count(*) FILTER (WHERE is_friend) AS friends
    FROM tally_claim GROUP BY store_id
"""
CLAIMS_OF_CAMPAIGNS = """
    CREATE TEMPORARY TABLE tally_campaign_claim ON COMMIT DROP AS
    SELECT campaign_id, store_id, count(*) FILTER (WHERE is_new) AS claims,
           count(DISTINCT member_id) FILTER (WHERE is_new) AS claimers,
           count(*) FILTER (WHERE is_confirmed) AS confirmed, count(*) FILTER (WHERE is_fulfilled) AS fulfilled,
           count(*) FILTER (WHERE is_ended) AS ended, count(*) FILTER (WHERE is_referrer) AS referrers,
           count(*) FILTER (WHERE is_friend) AS friends
    FROM tally_claim GROUP BY campaign_id, store_id
"""

CLICKS = """
    CREATE TEMPORARY TABLE tally_store_click ON COMMIT DROP AS
    SELECT c.store_id, count(DISTINCT coalesce(k.member_id::text, encode(k.who, 'hex'))) AS clickers
    FROM communities_linkclick k
    JOIN communities_shortlink l ON l.id = k.link_id
    JOIN communities_postcontent c ON c.id = l.content_id
    WHERE k.day BETWEEN %(day)s::date - 2 AND %(day)s AND k.at >= %(since)s AND k.at < %(until)s
      AND (%(stores)s::bigint[] IS NULL OR c.store_id = ANY(%(stores)s))
    GROUP BY c.store_id
"""

# Joins by a group's code are those of its stays; the stays carry the code's token.
CODES = """
    CREATE TEMPORARY TABLE tally_code ON COMMIT DROP AS
    SELECT c.id AS code_id, c.store_id, coalesce(s.times, 0) AS scans,
           CASE WHEN c.kind = 'group' THEN coalesce(s.times, 0) ELSE 0 END AS group_scans,
           coalesce(a.adds, 0) AS adds, coalesce(j.joins, 0) AS entry_joins, coalesce(j.joins, 0) AS joins,
           coalesce(j.registered, 0) AS registered, coalesce(j.quits, 0) AS quits
    FROM communities_entrycode c
    LEFT JOIN communities_codescan s ON s.code_id = c.id AND s.day = %(day)s
    LEFT JOIN (
        SELECT code_id, count(*) AS adds FROM communities_codeadd
        WHERE at >= %(since)s AND at < %(until)s GROUP BY code_id
    ) AS a ON a.code_id = c.id
    LEFT JOIN (
        SELECT t.state, count(*) FILTER (WHERE came_today AND NOT is_return) AS joins,
               count(*) FILTER (WHERE went AND NOT is_dissolved) AS quits,
               count(*) FILTER (WHERE came_today AND NOT is_return AND EXISTS (
                   SELECT FROM members_identity i
                   WHERE i.member_id = t.member_id AND i.kind IN ('phone', 'card')
                     AND i.created_at < t.joined_at + interval '7 days'
               )) AS registered
        FROM tally_stay t WHERE t.state <> '' AND (t.came_today OR t.went) GROUP BY t.state
    ) AS j ON j.state = c.token
    WHERE (%(stores)s::bigint[] IS NULL OR c.store_id = ANY(%(stores)s))
      AND (s.times > 0 OR a.adds > 0 OR j.joins > 0 OR j.quits > 0)
"""
CODES_OF_STORES = """
    CREATE TEMPORARY TABLE tally_store_code ON COMMIT DROP AS
    SELECT store_id, sum(scans)::bigint AS scans, sum(group_scans)::bigint AS group_scans, sum(adds)::bigint AS adds,
           sum(entry_joins)::bigint AS entry_joins
    FROM tally_code GROUP BY store_id
"""

CONTACTS = """
    CREATE TEMPORARY TABLE tally_staff_contact ON COMMIT DROP AS
    SELECT c.staff_id, count(*) FILTER (WHERE c.added_at >= %(since)s AND c.added_at < %(until)s) AS adds,
           count(*) FILTER (WHERE c.lost_at >= %(since)s AND c.lost_at < %(until)s) AS contacts_lost
    FROM members_contact c JOIN stores_staff f ON f.id = c.staff_id
    WHERE (c.added_at >= %(since)s AND c.added_at < %(until)s OR c.lost_at >= %(since)s AND c.lost_at < %(until)s)
      AND (%(stores)s::bigint[] IS NULL OR f.store_id = ANY(%(stores)s))
    GROUP BY c.staff_id
"""
OWNERS = """
    CREATE TEMPORARY TABLE tally_staff_owner ON COMMIT DROP AS
    SELECT f.id AS staff_id, o.groups AS owner_groups, o.members AS owner_members, o.speakers AS owner_speakers,
           o.group_messages AS owner_messages, o.chats, o.messages
    FROM metrics_ownerday o JOIN stores_staff f ON f.wecom_userid = o.userid
    WHERE o.day = %(day)s AND (%(stores)s::bigint[] IS NULL OR f.store_id = ANY(%(stores)s))
"""
VALUES = """
    CREATE TEMPORARY TABLE tally_store_value ON COMMIT DROP AS
    SELECT store_id, count(*) AS valued_members, sum(ltv_fen)::bigint AS ltv_fen
    FROM tagging_membervalue
    WHERE scored_at IS NOT NULL AND (%(stores)s::bigint[] IS NULL OR store_id = ANY(%(stores)s))
    GROUP BY store_id
"""
