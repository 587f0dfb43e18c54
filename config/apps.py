from typing import Any

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "店圈"
    default = True

    def ready(self) -> None:
        """Connect what the libraries announce: a log-in starts the session's clock, a request names its store."""
        from django.contrib.auth.signals import user_logged_in
        from django_structlog.celery.receivers import CeleryReceiver
        from django_structlog.signals import bind_extra_request_metadata

        from config import middleware

        user_logged_in.connect(middleware.start_session_clock, dispatch_uid="session-clock")
        bind_extra_request_metadata.connect(_bind_store, dispatch_uid="log-store")
        # The library's own two switches, one for senders and one for workers, say it twice when a task sends a task.
        self._task_lines = CeleryReceiver()  # kept: signals hold their receivers weakly
        self._task_lines.connect_worker_signals()


class AdminConfig(admin_apps.AdminConfig):
    default_site = "config.admin.SuperuserAdminSite"


def _bind_store(request: Any, **_: Any) -> None:
    import structlog

    store_id = getattr(request.user, "store_id", None)
    if store_id is not None:
        structlog.contextvars.bind_contextvars(store_id=store_id)
