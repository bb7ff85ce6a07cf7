"""Unattended work of the accounts room."""

from django.contrib.sessions.models import Session
from django.utils import timezone

from core.tasks import task


@task("accounts.clear_sessions")
def clear_sessions() -> int:
    """Take away sessions that have lapsed; how many."""
    deleted, _kinds = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    return deleted
