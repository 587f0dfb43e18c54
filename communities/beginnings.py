"""The hours, checks, words and quota rule a new chain starts with; HQ changes them on its pages.

Provided after every migration of a database that has no hours yet, hence also after a flush.
"""

from datetime import UTC, date, datetime, time

from django.db import transaction

from communities.models import BannedWord, LintRule, QuotaRule, Slot

SLOTS = [(1, "早市", time(10)), (2, "午间", time(12)), (3, "下午茶", time(16)), (4, "晚间", time(20))]
CHECKS = [
    ("reused_image", "warn", 7),  # days
    ("low_resolution", "block", 640),  # pixels of the shorter side
    ("not_stocked", "block", None),
    ("sold_out", "block", None),
    ("unfilled", "block", None),
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
    "国家级", "最高级", "最佳", "最好", "最低价", "最便宜", "最优", "第一", "全网最低", "独一无二", "绝无仅有",
    "史上最", "顶级", "极致", "万能", "100%", "包治", "治疗", "降血糖", "降血压", "抗癌",
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
# Everyday phrases that hold a banned word and praise nothing.
ALLOWED = ["第一次", "第一时间", "第一步", "第一天", "第一口", "第一批", "第一个", "第一位", "最好当天", "最好冷藏"]


@transaction.atomic
def provide() -> None:
    """Write them where there are no hours."""
    if Slot.objects.exists():
        return
    Slot.objects.bulk_create(Slot(number=number, name=name, at=at) for number, name, at in SLOTS)
    rules = (LintRule(check_name=name, severity=severity, limit=limit) for name, severity, limit in CHECKS)
    LintRule.objects.bulk_create(rules, ignore_conflicts=True)
    words = [BannedWord(word=text, reason="绝对化或违禁用语") for text in ABSOLUTE]
    words += [BannedWord(word=text, inducement=True, reason="诱导分享") for text in INDUCEMENT]
    words += [BannedWord(word=text, allowed=True, reason="日常用语") for text in ALLOWED]
    BannedWord.objects.bulk_create(words, ignore_conflicts=True)
    # The documented default: as many a month as it has days (wecom.md §3.8).
    QuotaRule.objects.create(rule="month_days", valid_from=date(2022, 1, 1), set_at=datetime(2022, 1, 1, tzinfo=UTC))
