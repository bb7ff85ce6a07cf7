"""Accounts for the ledger's own tests."""

from typing import Any

from django.contrib.auth import get_user_model

from ledger.context import acting


def service_account(staff_no: str = "ledger-test") -> Any:
    """A saved account that needs no unit; it is its own first operator."""
    model = get_user_model()
    found = model._default_manager.filter(staff_no=staff_no).first()
    if found is None:
        found = model(staff_no=staff_no, kind="service", name=staff_no)
        found.set_unusable_password()
        with acting(found):
            found.save()
    return found
