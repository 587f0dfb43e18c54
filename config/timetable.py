"""The queues, and when beat sends which task: one schedule, written in code.

What comes round soon is dropped within a minute; what comes once a day waits an hour for a worker.
"""

from typing import Any

from celery.schedules import crontab

FAST, DEFAULT, BULK = QUEUES = ("fast", "default", "bulk")
_HOUR = 3600

TIMETABLE: dict[str, dict[str, Any]] = {
    "imports whose worker died": {
        "task": "stores.sweep_imports",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "exports whose worker died, and files whose time is over": {
        "task": "metrics.sweep_exports",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "callbacks in no queue": {
        "task": "wecom.sweep_callbacks",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "what became of the plan": {
        "task": "communities.bulk_roll_up_execution",
        "schedule": crontab(minute=17),
        "options": {"queue": BULK, "expires": 60},
    },
    "what the posts bring": {
        "task": "communities.bulk_attribute",
        "schedule": crontab(minute=37),
        "options": {"queue": BULK, "expires": 60},
    },
    # After the mirror and the night's imports.
    "what late facts change": {
        "task": "communities.bulk_attribute",
        "schedule": crontab(hour=6, minute=12),
        "kwargs": {"late": True},
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "materials to swap": {
        "task": "communities.bulk_suggest_swaps",
        "schedule": crontab(day_of_week="mon", hour=7, minute=25),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "webhooks to deliver": {
        "task": "stores.deliver_webhooks",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "answers to writes that are a day old": {
        "task": "stores.bulk_forget_answers",
        "schedule": crontab(hour=5, minute=5),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "sessions that have ended": {
        "task": "stores.bulk_clear_sessions",
        "schedule": crontab(hour=4, minute=40),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    # After the night's roll-up, and before the morning's message.
    "alerts of the day": {
        "task": "metrics.bulk_pass_alerts",
        "schedule": crontab(hour=7, minute=42),
        "kwargs": {"daily": True},
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "goals and the league": {
        "task": "metrics.bulk_count_goals",
        "schedule": crontab(hour=7, minute=26),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "cases of the night": {
        "task": "metrics.bulk_find_cases",
        "schedule": crontab(hour=7, minute=34),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "alerts of the hour": {
        "task": "metrics.bulk_pass_alerts",
        "schedule": crontab(hour="8-21", minute=13),
        "options": {"queue": BULK, "expires": 60},
    },
    # Off the minutes :00 and :30, where every other company sends; the later runs finish what was left.
    "digest of the morning": {
        "task": "metrics.send_digests",
        "schedule": crontab(hour=8, minute="33-57/6"),
        "options": {"expires": _HOUR},
    },
    "health of entry codes": {
        "task": "communities.bulk_check_codes",
        "schedule": crontab(minute=7),
        "options": {"queue": BULK, "expires": 60},
    },
    "entry codes in no queue": {
        "task": "communities.bulk_sweep_codes",
        "schedule": crontab(minute="*/10"),
        "options": {"queue": BULK, "expires": 60},
    },
    "hand-overs that are due": {
        "task": "communities.sweep_handovers",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "customers whose colleague left": {
        "task": "communities.bulk_read_unassigned",
        "schedule": crontab(hour=6, minute=50),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "posts of tomorrow": {
        "task": "communities.bulk_materialise_next",
        "schedule": crontab(hour=19, minute=10),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    # What an absence in the evening left out is caught up before the first slot.
    "posts of today": {
        "task": "communities.bulk_materialise_next",
        "schedule": crontab(hour=7, minute=10),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "slots": {
        "task": "communities.sweep_slots",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "evidence of group-sends": {
        "task": "communities.bulk_poll_group_sends",
        "schedule": crontab(),
        "options": {"queue": BULK, "expires": 60},
    },
    "blocked posts": {
        "task": "communities.bulk_check_posts",
        "schedule": crontab(minute="5-59/10"),
        "options": {"queue": BULK, "expires": 60},
    },
    "group-sends of others": {
        "task": "communities.bulk_read_quota",
        "schedule": crontab(hour="8-20", minute=22),
        "options": {"queue": BULK, "expires": 60},
    },
    "campaigns that begin and end": {
        "task": "campaigns.start_and_end",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "what stopped campaigns leave": {
        "task": "campaigns.fast_clear_stopped",
        "schedule": crontab(),
        "options": {"queue": FAST, "expires": 60},
    },
    "orders whose time is over": {
        "task": "campaigns.fast_lapse_due",
        "schedule": crontab(),
        "options": {"queue": FAST, "expires": 60},
    },
    "notices of payment providers": {
        "task": "campaigns.fast_handle_notices",
        "schedule": crontab(),
        "options": {"queue": FAST, "expires": 60},
    },
    "refunds to send": {
        "task": "campaigns.drive_refunds",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "orders to complete": {
        "task": "campaigns.complete_due",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    # Providers have their bill of a day ready at ten the next morning.
    "bills of yesterday": {
        "task": "campaigns.bulk_reconcile_bills",
        "schedule": crontab(hour=10, minute=20),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "rows of merged members": {
        "task": "members.gather_strays",
        "schedule": crontab(hour=4, minute=20),
        "options": {"expires": _HOUR},
    },
    "tastes and recommendations": {
        "task": "tagging.bulk_recommend",
        "schedule": crontab(hour=3, minute=30),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "members' purchases counted": {
        "task": "tagging.bulk_count_values",
        "schedule": crontab(hour=3, minute=10),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "members' value": {
        "task": "tagging.bulk_learn_values",
        "schedule": crontab(hour=4, minute=40),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "tags by rules": {
        "task": "tagging.bulk_apply_tags",
        "schedule": crontab(hour=6, minute=5),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "tags at WeCom": {
        "task": "tagging.bulk_mirror_tags",
        "schedule": crontab(hour=6, minute=35),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "tags that WeCom refused": {
        "task": "tagging.bulk_retry_marks",
        "schedule": crontab(minute="8-58/10"),
        "options": {"queue": BULK, "expires": 60},
    },
    "talks of the day": {
        "task": "tagging.bulk_plan_talks",
        "schedule": crontab(hour=7, minute=20),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    # After the mirror, the night's imports, members' value and the late attribution of 6:12.
    "metrics of the day that is over": {
        "task": "metrics.bulk_roll_night",
        "schedule": crontab(hour=6, minute=35),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "metrics against facts": {
        "task": "metrics.bulk_check_tallies",
        "schedule": crontab(hour=8, minute=20),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    # WeCom has a day's figures some hours after midnight; what it did not tell is asked again the next day.
    "figures of WeCom": {
        "task": "metrics.bulk_copy_figures",
        "schedule": crontab(hour=11, minute=10),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "metrics of today": {
        "task": "metrics.bulk_roll_today",
        "schedule": crontab(hour="8-22", minute="3,33"),
        "options": {"queue": BULK, "expires": 60},
    },
    "links in materials": {
        "task": "communities.bulk_check_links",
        "schedule": crontab(hour=5, minute=10),
        "options": {"queue": BULK, "expires": _HOUR},
    },
    "teams whose time is over": {
        "task": "campaigns.sweep_teams",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    "referrals that are due": {
        "task": "campaigns.sweep_referrals",
        "schedule": crontab(),
        "options": {"expires": 60},
    },
    # At half past two; the later ones go on with what an hour was not enough for.
    "mirror of WeCom": {
        "task": "communities.bulk_reconcile",
        "schedule": crontab(hour="2-6", minute="30"),
        "options": {"queue": BULK, "expires": 60},
    },
    # Dropped when the next one is due: a worker that was away does not work off stale pulses.
    **{
        f"pulse of {queue}": {
            "task": "config.pulse",
            "schedule": crontab(),
            "kwargs": {"queue": queue},
            "options": {"queue": queue, "expires": 60},
        }
        for queue in QUEUES
    },
}
