"""Unattended work of the accounts room."""

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone


@shared_task(name="accounts.clear_sessions", ignore_result=True)  # type: ignore[untyped-decorator]  # celery has no types
def clear_sessions() -> int:
    """Take away sessions that have lapsed; how many."""
    deleted, _kinds = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    return deleted
