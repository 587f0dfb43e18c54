"""The hours, checks, words and quota rule a new chain starts with; HQ changes them on its pages."""

from datetime import date, datetime, time, timezone

from django.db import migrations

SLOTS = [(1, "早市", time(10)), (2, "午间", time(12)), (3, "下午茶", time(16)), (4, "晚间", time(20))]
CHECKS = [
    ("reused_image", "warn", 7),  # days
    ("low_resolution", "block", 640),  # pixels of the shorter side
    ("not_stocked", "block", None),
    ("sold_out", "block", None),
    ("price_differs", "block", None),
    ("banned_word", "block", None),
    ("inducement", "block", None),
    ("dead_link", "block", None),
    ("expired", "block", None),
    ("day_limit", "block", 5),  # posts a group and day; the cases' own is 3 to 5
    ("quiet_hours", "block", None),
    ("promotion_share", "warn", 75),  # percent of the day's posts
]
# Advertising law (广告法 art. 9) and WeChat's rule against inducing shares.
ABSOLUTE = [
    "国家级", "最高级", "最佳", "最好", "最低价", "最便宜", "最优", "第一", "全网最低", "独一无二", "绝无仅有", "史上最",
    "顶级", "极致", "万能", "100%", "包治", "治疗", "降血糖", "降血压", "抗癌",
]  # fmt: skip
INDUCEMENT = [
    "转发有奖",
    "分享有礼",
    "转发领",
    "分享领",
    "集赞",
    "转发到朋友圈",
    "不转不是",
    "分享后可领",
    "邀请好友得现金",
]


def begin(apps, schema_editor):
    slot, rule = apps.get_model("communities", "Slot"), apps.get_model("communities", "LintRule")
    word, quota = apps.get_model("communities", "BannedWord"), apps.get_model("communities", "QuotaRule")
    slot.objects.bulk_create(slot(number=number, name=name, at=at) for number, name, at in SLOTS)
    rule.objects.bulk_create(rule(check_name=name, severity=severity, limit=limit) for name, severity, limit in CHECKS)
    word.objects.bulk_create(word(word=text, reason="绝对化或违禁用语") for text in ABSOLUTE)
    word.objects.bulk_create(word(word=text, inducement=True, reason="诱导分享") for text in INDUCEMENT)
    # The documented default: as many a month as it has days (wecom.md §3.8).
    quota.objects.create(
        rule="month_days", valid_from=date(2022, 1, 1), set_at=datetime(2022, 1, 1, tzinfo=timezone.utc)
    )


def forget(apps, schema_editor):
    for name in ("Slot", "LintRule", "BannedWord", "QuotaRule"):
        apps.get_model("communities", name).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("communities", "0003_cadence")]

    operations = [migrations.RunPython(begin, forget)]
