"""How soon the boards open over a chain's day and a month of its posts, beside the same pages with nothing on them."""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from dashboard.benches.callback import environment_of, migrate, places
from wecom.envelope import Envelope

_LOOKS, _FEW = 60, 5
_WHOLE_CHAIN = 1_000  # stores; below it the figures mean little and the looks are few
_LONG_AGO = "2024-01-01"
_RUN = "import django; django.setup(); from dashboard.benches.boards import measure; measure({stores})"
# 3.2 groups a store, four slots, today's as at 16:20: two slots over, one out, one to come.
_SEED = """
    SET session_replication_role = replica;  -- the rows fit together by construction: no need to look each one up
    INSERT INTO stores_region (id, code, name, path) SELECT n, 'R' || n, '区域' || n, 'R' || n || '/' FROM generate_series(1, 40) n;
    INSERT INTO stores_store (id, code, name, region_id, city, city_tier, address, phone, stage, created_at)
    SELECT n, 'S' || lpad(n::text, 5, '0'), '测量' || n || '店', 1 + n %% 40, '城市' || n %% 60, 3, '', '', 'running', now()
    FROM generate_series(1, %(stores)s) n;
    INSERT INTO communities_customergroup (id, chat_id, name, owner_userid, store_id, kind, capacity, member_count,
                                           member_version, handover)
    SELECT n, 'wr' || n, '福利' || n || '群', 'u' || 1 + n %% %(stores)s, 1 + n %% %(stores)s, 'daily', 500, 300, '', 0
    FROM generate_series(1, %(stores)s * 16 / 5) n;
    INSERT INTO communities_material (id, name, theme, created_at) SELECT n, '素材' || n, 'offer', now() FROM generate_series(1, 4) n;
    INSERT INTO communities_materialversion (id, material_id, number, text, link_url, link_title, link_description,
                                             miniprogram_appid, miniprogram_page, made_at)
    SELECT n, n, 1, '{店名}今天的水果到了，四点半前下单，今晚到店自提', '', '', '', '', '', now() FROM generate_series(1, 4) n;
    UPDATE communities_material SET current_id = id;
    INSERT INTO communities_postcontent (id, store_id, version_id, day, slot_id, text, attachments)
    SELECT s * 4 + n - 4, s, n, %(today)s, n, '今天的水果到了，四点半前下单，今晚到店自提', '[]'
    FROM generate_series(1, %(stores)s) s, generate_series(1, 4) n;
"""  # noqa: E501 -- SQL
_POSTS = """
    SET session_replication_role = replica;
    INSERT INTO communities_posttask (group_id, store_id, day, slot_id, version_id, must_do, wish, owner_userid, due_at,
        release_at, closes_at, state, channel, channel_reason, findings, content_id, evidence, released_at, done_at,
        skip_reason, skip_note, miss_reason, failure)
    SELECT g.id, g.store_id, %(day)s, s.number, s.number, true, 'auto', g.owner_userid, due, due - interval '10 min',
        due + interval '60 min', w.state, 'assisted', '', '[]', g.store_id * 4 + s.number - 4,
        CASE w.state WHEN 'sent' THEN 1 + (r * 1000)::int %% 3 ELSE 0 END, due - interval '10 min',
        CASE w.state WHEN 'sent' THEN due + r * interval '40 min' END,
        CASE w.state WHEN 'skipped' THEN 'out_of_stock' ELSE '' END, '',
        CASE w.state WHEN 'missed' THEN 'not_sent' ELSE '' END, ''
    FROM communities_customergroup g
    CROSS JOIN communities_slot s
    CROSS JOIN LATERAL (SELECT random() + 0 * g.id AS r, (%(day)s + s.at) AT TIME ZONE 'Asia/Shanghai' AS due) t
    CROSS JOIN LATERAL (SELECT CASE
        WHEN %(day)s = %(today)s AND s.number = 4 THEN 'planned'
        WHEN %(day)s = %(today)s AND s.number = 3 AND r > .3 THEN 'released'
        WHEN r < .85 THEN 'sent' WHEN r < .93 THEN 'missed' ELSE 'skipped' END AS state) w
    ORDER BY g.id
"""


def bench_boards(stores: int) -> dict[str, Any]:
    """A store's 今日 and HQ's 执行, opened one after the other: 3.2 groups a store, a whole month behind it."""
    envelope = Envelope(token=secrets.token_hex(8), aes_key=secrets.token_hex(22)[:43], receiver="bench")
    with places() as (database_url, redis_url):
        environment = environment_of(envelope, database_url, redis_url) | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        migrate(environment)
        command = [sys.executable, "-c", _RUN.format(stores=stores)]
        done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True, stdout=subprocess.PIPE)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measure(stores: int) -> None:
    """Fill the place of the bench, look at the pages, and print the figures as one line of JSON."""
    from communities.models import PostTask
    from communities.services.cadence.rolling import roll_up
    from stores.models import Staff, Store

    today = timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(_SEED, {"stores": stores, "today": today})
        for day in [*_last_month(today), today]:
            cursor.execute(_POSTS, {"day": day, "today": today})
        cursor.execute("SET session_replication_role = DEFAULT; ANALYZE")
    hq = Staff.objects.create(username="bench-hq", name="总部", role=Staff.Role.HQ)
    managers = [
        Staff.objects.create(username=f"bench{n}", name="店长", role=Staff.Role.MANAGER, store_id=n * stores // 20)
        for n in range(1, 21)
    ]
    idle = Staff.objects.create(
        username="bench-idle", name="店长", role=Staff.Role.MANAGER,
        store=Store.objects.create(pk=stores + 1, code="IDLE", name="没有群的店", region_id=1),
    )  # fmt: skip
    month = f"/execution/?view=month&day={_last_month(today)[-1]}"
    figures: dict[str, Any] = {"posts": {"today": PostTask.objects.filter(day=today).count()}}
    figures["posts"]["all"] = PostTask.objects.count()
    many = _LOOKS if stores >= _WHOLE_CHAIN else _FEW
    figures["今日"] = _took(managers, "/today/", looks=many)
    figures["今日 每 30 秒的刷新"] = _took(managers, "/today/", looks=many, headers={"HX-Request": "true"})
    figures["今日 空"] = _took([idle], "/today/", looks=many)
    figures["执行 一天"] = _took([hq], "/execution/", looks=many)
    figures["执行 一天 一个大区"] = _took([hq], "/execution/?region=7", looks=many)
    figures["执行 总览页"] = _took([hq], "/", looks=many)
    figures["执行 一天 空"] = _took([hq], f"/execution/?day={_LONG_AGO}", looks=many)
    figures["执行 一个月 未汇总"] = _took([hq], month, looks=_FEW)
    began = time.perf_counter()
    days = roll_up(at=timezone.now())
    figures["汇总"] = {"days": len(days), "seconds": round(time.perf_counter() - began, 2)}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE communities_storeday")
    figures["执行 一个月"] = _took([hq], month, looks=many)
    figures["执行 这个月"] = _took([hq], "/execution/?view=month", looks=many)
    figures["执行 导出一天"] = _took([hq], "/execution/export.csv", looks=_FEW)
    sys.stdout.write("\n" + json.dumps(figures, ensure_ascii=False) + "\n")


def _last_month(today: date) -> list[date]:
    """The days of the last whole month."""
    last = today - timedelta(days=today.day)
    return [last - timedelta(days=back) for back in range(last.day - 1, -1, -1)]


def _took(people: Sequence[Any], path: str, *, looks: int, headers: dict[str, str] | None = None) -> Any:
    from django.test import Client

    clients = []
    for person in people:
        client = Client(headers=headers, SERVER_NAME="localhost")
        client.force_login(person)
        clients.append(client)
    took = []
    for look in range(looks + 3):
        began = time.perf_counter()
        response = clients[look % len(clients)].get(path)
        if response.status_code != 200:  # noqa: PLR2004 -- HTTP's
            raise RuntimeError(f"{path}: {response.status_code}")
        if response.streaming:
            response.getvalue()
        took.append((time.perf_counter() - began) * 1_000)
    took = sorted(took[3:])  # the first looks load templates
    return {"p50_ms": round(took[len(took) // 2], 1), "p95_ms": round(took[int(len(took) * 0.95)], 1)}
