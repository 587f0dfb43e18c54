"""The queues, and when beat sends which task: one schedule, written in code.

What comes round soon is dropped within a minute; what comes once a day waits an hour for a worker.
"""

from typing import Any

from celery.schedules import crontab

FAST, DEFAULT, BULK = QUEUES = ("fast", "default", "bulk")
_HOUR = 3600
Entry = dict[str, Any]


def _entry(
    task: str, schedule: crontab | None = None, *, queue: str = "", expires: int = 60, **kwargs: object
) -> Entry:
    """One row: each minute, if nothing else is said.

    :param queue: where the task's name does not lead already
    :param expires: seconds after which nobody need begin
    """
    options = {"expires": expires} | ({"queue": queue} if queue else {})
    entry: Entry = {"task": task, "schedule": schedule or crontab(), "options": options}
    return entry | ({"kwargs": kwargs} if kwargs else {})


def _daily(task: str, *, hour: int, minute: int, **kwargs: object) -> Entry:
    """Bulk work of once a day, which may begin up to an hour late."""
    return _entry(task, crontab(hour=hour, minute=minute), queue=BULK, expires=_HOUR, **kwargs)


TIMETABLE: dict[str, Entry] = {
    "imports whose worker died": _entry("stores.sweep_imports"),
    "exports whose worker died, and files whose time is over": _entry("metrics.sweep_exports"),
    "callbacks in no queue": _entry("wecom.sweep_callbacks"),
    "what became of the plan": _entry("communities.bulk_roll_up_execution", crontab(minute=17), queue=BULK),
    "what the posts bring": _entry("communities.bulk_attribute", crontab(minute=37), queue=BULK),
    # After the mirror and the night's imports.
    "what late facts change": _daily("communities.bulk_attribute", hour=6, minute=12, late=True),
    "materials to swap": _entry(
        "communities.bulk_suggest_swaps", crontab(day_of_week="mon", hour=7, minute=25), queue=BULK, expires=_HOUR
    ),
    "webhooks to deliver": _entry("stores.deliver_webhooks"),
    "answers to writes that are a day old": _daily("stores.bulk_forget_answers", hour=5, minute=5),
    "sessions that have ended": _daily("stores.bulk_clear_sessions", hour=4, minute=40),
    # After the night's roll-up, and before the morning's message.
    "alerts of the day": _daily("metrics.bulk_pass_alerts", hour=7, minute=42, daily=True),
    "goals and the league": _daily("metrics.bulk_count_goals", hour=7, minute=26),
    "cases of the night": _daily("metrics.bulk_find_cases", hour=7, minute=34),
    "alerts of the hour": _entry("metrics.bulk_pass_alerts", crontab(hour="8-21", minute=13), queue=BULK),
    # Off the minutes :00 and :30, where every other company sends; the later runs finish what was left.
    "digest of the morning": _entry("metrics.send_digests", crontab(hour=8, minute="33-57/6"), expires=_HOUR),
    "health of entry codes": _entry("communities.bulk_check_codes", crontab(minute=7), queue=BULK),
    "entry codes in no queue": _entry("communities.bulk_sweep_codes", crontab(minute="*/10"), queue=BULK),
    "hand-overs that are due": _entry("communities.sweep_handovers"),
    "customers whose colleague left": _daily("communities.bulk_read_unassigned", hour=6, minute=50),
    "posts of tomorrow": _daily("communities.bulk_materialise_next", hour=19, minute=10),
    # What an absence in the evening left out is caught up before the first slot.
    "posts of today": _daily("communities.bulk_materialise_next", hour=7, minute=10),
    "slots": _entry("communities.sweep_slots"),
    "evidence of group-sends": _entry("communities.bulk_poll_group_sends", queue=BULK),
    "blocked posts": _entry("communities.bulk_check_posts", crontab(minute="5-59/10"), queue=BULK),
    "group-sends of others": _entry("communities.bulk_read_quota", crontab(hour="8-20", minute=22), queue=BULK),
    "campaigns that begin and end": _entry("campaigns.start_and_end"),
    "what stopped campaigns leave": _entry("campaigns.fast_clear_stopped", queue=FAST),
    "orders whose time is over": _entry("campaigns.fast_lapse_due", queue=FAST),
    "notices of payment providers": _entry("campaigns.fast_handle_notices", queue=FAST),
    "refunds to send": _entry("campaigns.drive_refunds"),
    "orders to complete": _entry("campaigns.complete_due"),
    # Providers have their bill of a day ready at ten the next morning.
    "bills of yesterday": _daily("campaigns.bulk_reconcile_bills", hour=10, minute=20),
    "rows of merged members": _entry("members.gather_strays", crontab(hour=4, minute=20), expires=_HOUR),
    "tastes and recommendations": _daily("tagging.bulk_recommend", hour=3, minute=30),
    "members' purchases counted": _daily("tagging.bulk_count_values", hour=3, minute=10),
    "members' value": _daily("tagging.bulk_learn_values", hour=4, minute=40),
    "tags by rules": _daily("tagging.bulk_apply_tags", hour=6, minute=5),
    "tags at WeCom": _daily("tagging.bulk_mirror_tags", hour=6, minute=35),
    "tags that WeCom refused": _entry("tagging.bulk_retry_marks", crontab(minute="8-58/10"), queue=BULK),
    "talks of the day": _daily("tagging.bulk_plan_talks", hour=7, minute=20),
    # After the mirror, the night's imports, members' value and the late attribution of 6:12.
    "metrics of the day that is over": _daily("metrics.bulk_roll_night", hour=6, minute=35),
    "metrics against facts": _daily("metrics.bulk_check_tallies", hour=8, minute=20),
    "experiments": _daily("metrics.bulk_watch_experiments", hour=7, minute=50),
    "studies of lift whose worker died": _entry("metrics.sweep_lifts", crontab(minute=49)),
    # WeCom has a day's figures some hours after midnight; what it did not tell is asked again the next day.
    "figures of WeCom": _daily("metrics.bulk_copy_figures", hour=11, minute=10),
    "metrics of today": _entry("metrics.bulk_roll_today", crontab(hour="8-22", minute="3,33"), queue=BULK),
    "links in materials": _daily("communities.bulk_check_links", hour=5, minute=10),
    "teams whose time is over": _entry("campaigns.sweep_teams"),
    "referrals that are due": _entry("campaigns.sweep_referrals"),
    # At half past two; the later ones go on with what an hour was not enough for.
    "mirror of WeCom": _entry("communities.bulk_reconcile", crontab(hour="2-6", minute="30"), queue=BULK),
    # Dropped when the next one is due: a worker that was away does not work off stale pulses.
    **{f"pulse of {queue}": _entry("config.pulse", queue=queue) | {"kwargs": {"queue": queue}} for queue in QUEUES},
}
