"""The place of `bench dashboard`: a chain's groups and members, a month of facts, a year of tallies; made in SQL.

Rows fit together by construction, so foreign keys and triggers stay off (`session_replication_role`). Numbers follow
from hashes of the row's place, so that two runs measure the same chain.
"""

OFF = "SET session_replication_role = replica; SET synchronous_commit = off"
ON = "SET session_replication_role = DEFAULT; ANALYZE"

CHAIN = """
    INSERT INTO stores_region (id, code, name, path)
    SELECT n, 'R' || n, '区域' || n, 'R' || n || '/' FROM generate_series(1, 40) n;
    INSERT INTO stores_store (id, code, name, region_id, city, city_tier, address, phone, stage, opened_on, created_at)
    SELECT n, 'S' || lpad(n::text, 5, '0'), '测量' || n || '店', 1 + n %% 40, '城市' || n %% 60, 1 + n %% 5, '', '',
           'running', %(today)s::date - 400 - n %% 900, now()
    FROM generate_series(1, %(stores)s) n;
    INSERT INTO communities_customergroup (id, chat_id, name, owner_userid, store_id, kind, capacity, member_count,
                                           member_version, handover, created_at)
    SELECT n, 'wr' || n, '福利' || n || '群', 'u' || 1 + n %% %(stores)s, 1 + n %% %(stores)s, 'daily', 500, 256, '', 0,
           now() - interval '400 days'
    FROM generate_series(1, %(stores)s * 16 / 5) n;
    INSERT INTO stores_staff (password, is_superuser, username, name, role, store_id, is_active, is_staff,
                              joined_at, wecom_userid)
    SELECT '', false, 'u' || n, '店长', 'manager', n, true, false, now(), 'u' || n
    FROM generate_series(1, %(stores)s) n;
    INSERT INTO communities_material (id, name, theme, created_at)
    SELECT n, '素材' || n, 'offer', now() FROM generate_series(1, 4) n;
    INSERT INTO communities_materialversion (id, material_id, number, text, link_url, link_title, link_description,
                                             miniprogram_appid, miniprogram_page, made_at)
    SELECT n, n, 1, '今天的水果到了', '', '', '', '', '', now() FROM generate_series(1, 4) n;
    UPDATE communities_material SET current_id = id;
"""
# 256 a group; one in a hundred came in the last 30 days, one in a hundred has left in them.
STAYS = """
    INSERT INTO communities_groupmembership (group_id, who, is_staff, member_id, joined_at, inviter, state, left_at,
                                             quit_scene)
    SELECT g.id, decode(lpad(to_hex(g.id * 256 + n), 32, '0'), 'hex'), false, g.id * 256 + n,
           CASE WHEN h %% 100 = 0 THEN now() - (h / 100 %% 30) * interval '1 day'
                ELSE now() - interval '40 days' - (h %% 300) * interval '1 day' END, '', '',
           CASE WHEN h %% 100 = 1 THEN now() - (h / 100 %% 30) * interval '1 day' END,
           CASE WHEN h %% 100 = 1 THEN 0 END
    FROM communities_customergroup g
    CROSS JOIN generate_series(1, 256) n
    CROSS JOIN LATERAL (SELECT abs(hashint8(g.id * 256 + n))::bigint AS h) x
"""
# Forty receipts a store and day, three in four of a member of its groups, one and a half lines each.
PURCHASES = """
    INSERT INTO members_purchase (store_id, line, bought_at, member_id, product_id, unit_price_fen, paid_fen, quantity,
                                  receipt, source)
    SELECT s.id, l, (%(day)s::date + interval '8 hours' + n * interval '17 minutes') AT TIME ZONE 'Asia/Shanghai',
           CASE WHEN h %% 4 > 0 THEN (1 + (s.id - 2 + %(stores)s) %% %(stores)s + %(stores)s * (h / 4 %% 3)) * 256
                                     + 1 + h / 12 %% 256 END,
           1, 500, 500 + h %% 4000, 1, to_char(%(day)s::date, 'YYMMDD') || n, 'pos'
    FROM stores_store s
    CROSS JOIN generate_series(1, 40) n
    CROSS JOIN LATERAL (SELECT abs(hashint8(s.id * 64 + n + (%(day)s::date - '2000-01-01'::date) * 7919))::bigint
                        AS h) x
    CROSS JOIN LATERAL generate_series(1, 1 + (n %% 2)) l
    WHERE s.id <= %(stores)s AND (s.id <= %(few)s OR %(day)s::date >= %(recent)s::date)
"""
POSTS = """
    INSERT INTO communities_posttask (id, group_id, store_id, day, slot_id, version_id, must_do, wish, owner_userid,
        due_at, release_at, closes_at, state, channel, channel_reason, findings, evidence, released_at, done_at,
        skip_reason, skip_note, miss_reason, failure, content_id)
    SELECT ((%(day)s::date - '2000-01-01'::date)::bigint * 100000 + g.id) * 4 + s.number, g.id, g.store_id, %(day)s,
        s.number, s.number, true, 'auto', g.owner_userid, due, due - interval '10 min', due + interval '60 min',
        w.state, 'assisted', '', '[]', CASE w.state WHEN 'sent' THEN 1 + h %% 3 ELSE 0 END, due - interval '10 min',
        CASE w.state WHEN 'sent' THEN due + h %% 40 * interval '1 min' END,
        CASE w.state WHEN 'skipped' THEN 'out_of_stock' ELSE '' END, '',
        CASE w.state WHEN 'missed' THEN 'not_sent' ELSE '' END, '', g.store_id * 4 + s.number
    FROM communities_customergroup g
    CROSS JOIN communities_slot s
    CROSS JOIN LATERAL (SELECT abs(hashint8(g.id * 4 + s.number + (%(day)s::date - '2000-01-01'::date) * 104729))
                        ::bigint AS h, (%(day)s::date + s.at) AT TIME ZONE 'Asia/Shanghai' AS due) t
    CROSS JOIN LATERAL (SELECT CASE WHEN h %% 100 < 85 THEN 'sent' WHEN h %% 100 < 93 THEN 'missed'
                        ELSE 'skipped' END AS state) w;
    INSERT INTO communities_postresult (task_id, store_id, day, slot_id, material_id, content_id, evidence, people,
                                        clicks, entries, buyers, sales_fen, quits)
    SELECT id, store_id, day, slot_id, version_id, content_id, evidence, 250, id %% 40, 0, id %% 12, id %% 30000, 0
    FROM communities_posttask WHERE day = %(day)s AND state = 'sent';
"""
# Each store's days as the roll-up leaves them, a year of them; the pages read nothing else.
TALLIES = """
    INSERT INTO metrics_storetally (store_id, day, members_start, joins, quits, members_end, registered, cohort_7,
        retained_7, cohort_30, retained_30, active_retained_30, planned, expected, must_do_planned, must_do_sent,
        on_time, late, made_up, missed, skipped, sent_verified, sent_client, sent_declared, exposed_verified,
        exposed_client, exposed_declared, post_clicks_verified, post_clicks_client, post_clicks_declared,
        post_buyers_verified, post_buyers_client, post_buyers_declared, post_sales_fen, active_30d, interested_30d,
        members_spend_30d_fen, people_end, scans, group_scans, adds, entry_joins, active_members, clickers, claims,
        orders, member_orders, buyers, paid_fen, refunded_fen, orders_30d, buyers_30d, repeat_buyers_30d,
        buyers_spend_30d_fen, valued_members, ltv_fen)
    SELECT s.id, %(day)s, 800, h %% 9, h %% 5, 800 + h %% 9 - h %% 5, h %% 6, 8, h %% 8, 9, h %% 7, h %% 4, 13, 12, 12,
        9 + h %% 3, 7 + h %% 4, h %% 3, h %% 2, h %% 2, 1, 3, 4, 5, 750, 1000, 1250, h %% 90, h %% 80, h %% 70,
        h %% 40, h %% 30, h %% 50, h %% 90000, 300 + h %% 99, 200 + h %% 99, 2000000 + h %% 999999, 760, h %% 60,
        h %% 30, h %% 20, h %% 9, 60 + h %% 30, h %% 40, h %% 20, 40, 30, 25 + h %% 5, 90000 + h %% 40000, h %% 3000,
        900 + h %% 99, 500 + h %% 99, 200 + h %% 99, 2500000 + h %% 999999, 700, 21000000
    FROM stores_store s
    CROSS JOIN LATERAL (SELECT abs(hashint8(s.id * 512 + (%(day)s::date - '2000-01-01'::date)))::bigint AS h) x
"""
COUNTED = """
    INSERT INTO metrics_rolledday (day, rolled_at, seconds, compared)
    SELECT d, now(), 1, 0 FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') d
    ON CONFLICT DO NOTHING
"""
