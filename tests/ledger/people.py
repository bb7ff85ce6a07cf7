"""Accounts for the ledger's own tests."""

from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from ledger.context import acting
from school.models import Unit


def service_account(staff_no: str = "ledger-test") -> Any:
    """A saved account that needs no unit; it is its own first operator."""
    model = get_user_model()
    found = model._default_manager.filter(staff_no=staff_no).first()
    if found is None:
        found = model(staff_no=staff_no, kind="service", name=staff_no, must_change_password=False)
        found.set_unusable_password()
        with acting(found):
            found.save()
    return found


def staff_account(staff_no: str = "ledger-staff", password: str = "Correct-horse-7-battery") -> Any:
    """A saved account that can sign in, in a unit of its own."""
    with acting(service_account()):
        unit = Unit(kind=Unit.Kind.DEPARTMENT, name="台账测试部")
        unit.save()
        user = get_user_model()(staff_no=staff_no, name=staff_no, unit=unit, must_change_password=False)
        user.password_changed_at = timezone.now()
        user.set_password(password)
        user.save()
    return user
