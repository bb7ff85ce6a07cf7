"""Reads of requests for a role."""

from django.db.models import Q, QuerySet

from school.models import Unit


def units_of(school: Unit) -> QuerySet[Unit]:
    """The units on which somebody of this school asks for a role: the school and what is open below it."""
    found: QuerySet[Unit] = Unit.objects.filter(
        Q(pk=school.pk) | Q(ancestors__contains=[school.pk]), is_active=True
    )
    return found.select_related("parent").order_by("ancestors__len", "order", "name")
