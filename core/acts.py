"""What pages do with an action that may refuse: faults at their fields, or a line at the top of the next page."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest
from django.utils.translation import gettext as _


def add_faults(form: Form, fault: ValidationError) -> None:
    """Show a refusal at the fields that it names, and above the form what concerns no field of it."""
    if not hasattr(fault, "error_dict"):
        form.add_error(None, fault)
        return
    for name, found in fault.error_dict.items():
        form.add_error(name if name in form.fields else None, found)


def tried(
    form: Form, act: Callable[[], Any], show: Callable[[Form, ValidationError], None] = add_faults
) -> Any:
    """The action's result when the form is right and the action takes it, else None with the faults shown."""
    if not form.is_valid():
        return None
    try:
        return act()
    except ValidationError as fault:
        show(form, fault)
        return None


def done(request: HttpRequest, form: Form, act: Callable[[], Any], told: str) -> bool:
    """Do a small act; say at the top of the next page that it is done, or why not."""
    if not form.is_valid():
        messages.error(request, _("Give a reason."))
        return False
    try:
        act()
    except ValidationError as fault:
        messages.error(request, " ".join(fault.messages))
        return False
    messages.success(request, told)
    return True
