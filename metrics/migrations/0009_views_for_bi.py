"""What a BI tool may read: five views without personal data, in a schema of their own.

A view reads with its owner's rights, so the tool's role needs nothing but USAGE on `bi` and SELECT on what is in it
(docs/operations.md). Every column is named: what is added to a table is not shown before somebody decides so. A later
migration that changes or drops a column shown here drops and makes the view anew.
"""

from django.db import migrations

MAKE = """
CREATE SCHEMA bi;
COMMENT ON SCHEMA bi IS '给 BI 只读的视图，不含个人信息';

CREATE VIEW bi.stores AS
SELECT s.id AS store_id, s.code AS store_code, s.name AS store_name, r.code AS region_code, r.name AS region_name,
       r.path AS region_path, s.city, s.city_tier, s.stage, s.opened_on, s.suspended_on
FROM stores_store s JOIN stores_region r ON r.id = s.region_id;

CREATE VIEW bi.store_day AS
SELECT t.store_id, s.code AS store_code, t.day,
       t.members_start, t.joins, t.quits, t.removed, t.rejoined, t.dissolved, t.members_end, t.people_end,
       t.scans, t.group_scans, t.adds, t.entry_joins,
       t.planned, t.expected, t.must_do_planned, t.must_do_sent, t.on_time, t.late, t.made_up, t.missed, t.failed,
       t.skipped, t.blocked, t.sent_verified, t.sent_client, t.sent_declared,
       t.active_members, t.clickers, t.chain_joiners, t.claims,
       t.orders, t.member_orders, t.buyers, t.paid_fen, t.refunded_fen, t.post_sales_fen,
       t.active_30d, t.orders_30d, t.buyers_30d, t.repeat_buyers_30d, t.members_spend_30d_fen
FROM metrics_storetally t JOIN stores_store s ON s.id = t.store_id;

CREATE VIEW bi.groups AS
SELECT g.id AS group_id, g.store_id, s.code AS store_code, g.name AS group_name, g.kind, g.capacity, g.member_count,
       g.created_at, g.dismissed_at
FROM communities_customergroup g LEFT JOIN stores_store s ON s.id = g.store_id;

CREATE VIEW bi.posts AS
SELECT p.id AS post_id, p.group_id, p.store_id, s.code AS store_code, p.day, p.slot_id AS slot, p.due_at, p.state,
       p.channel, p.must_do, m.id AS material_id, m.theme, p.done_at, p.skip_reason, p.miss_reason,
       EXISTS (SELECT FROM communities_postevidence e WHERE e.task_id = p.id AND e.level = 3) AS verified_by_wecom,
       EXISTS (SELECT FROM communities_postevidence e WHERE e.task_id = p.id AND e.level = 2) AS told_by_client,
       EXISTS (SELECT FROM communities_postevidence e WHERE e.task_id = p.id AND e.level = 1) AS declared_by_staff
FROM communities_posttask p
JOIN stores_store s ON s.id = p.store_id
JOIN communities_materialversion v ON v.id = p.version_id
JOIN communities_material m ON m.id = v.material_id;

CREATE VIEW bi.orders AS
SELECT o.id AS order_id, o.store_id, s.code AS store_code, o.campaign_id, c.title AS campaign_title, c.play, o.state,
       o.settling, o.fulfilment, o.goods_fen, o.freight_fen, o.paid_fen, o.refunded_fen, o.reserved_at, o.confirmed_at,
       o.fulfilled_at, o.completed_at, o.ended_at
FROM campaigns_order o
JOIN stores_store s ON s.id = o.store_id
JOIN campaigns_campaign c ON c.id = o.campaign_id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0008_what_copies_brought"),
        ("campaigns", "0005_a_sweep_finds_the_seats_to_settle"),
        ("communities", "0011_a_month_is_summed_with_its_days"),
        ("stores", "0010_answers_to_writes_and_webhooks"),
    ]

    operations = [migrations.RunSQL(MAKE, "DROP SCHEMA bi CASCADE")]
