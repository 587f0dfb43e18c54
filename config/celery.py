"""The Celery application: queues `fast`, `default` and `bulk`, and one beat schedule written in code."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("dianquan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
