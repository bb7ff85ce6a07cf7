"""Reads of requests for a role."""

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from approvals.models import Request
from audit.models import RoleRequest
from school.models import Unit


def units_of(school: Unit) -> QuerySet[Unit]:
    """The units on which somebody of this school asks for a role: the school and what is open below it."""
    found: QuerySet[Unit] = Unit.objects.filter(
        Q(pk=school.pk) | Q(ancestors__contains=[school.pk]), is_active=True
    )
    return found.select_related("parent").order_by("ancestors__len", "order", "name")


def asked_by(request: Request) -> RoleRequest:
    """What a request that the caller may read asks for. Raises Http404 when it is another kind of request."""
    rows = RoleRequest.objects.select_related("requester", "unit__parent", "appointment")
    found: RoleRequest = get_object_or_404(rows, request=request)
    return found
