"""The Celery application: tasks of all rooms, JSON messages only. Its settings are the ``CELERY_`` ones."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("xueji")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def _use_our_logging(**_kwargs: Any) -> None:
    """Keep Django's logging, which drops personal data, instead of Celery's own."""


setup_logging.connect(_use_our_logging)
