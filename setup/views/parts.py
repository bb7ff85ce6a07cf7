"""What the pages share: forms that show an action's refusal, small acts, the one page for forms."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.ui import Crumb
from setup import actions


def add_faults(form: Form, fault: ValidationError) -> None:
    """Show a refusal at the fields that it names, and above the form what concerns no field of it."""
    if isinstance(fault, actions.Stale):
        _show_both(form, fault)
        return
    if not hasattr(fault, "error_dict"):
        form.add_error(None, fault)
        return
    for name, found in fault.error_dict.items():
        form.add_error(name if name in form.fields else None, found)


def _show_both(form: Form, fault: actions.Stale) -> None:
    current = fault.current
    for name in form.fields:
        stands = getattr(current, name, None)
        if name in form.cleaned_data and hasattr(current, name) and form.cleaned_data[name] != stands:
            text = _("Stands saved: %(value)s. Saving again keeps what is typed here.")
            form.add_error(name, text % {"value": ", ".join(stands) if isinstance(stands, list) else stands})
    form.add_error(None, ValidationError(fault.messages))
    data: Any = dict(form.data.items())
    data["seen"] = str(actions.version_of(current))
    form.data = data


def tried(form: Form, act: Callable[[], Any]) -> Any:
    """The action's result when the form is right and the action takes it, else None with the faults shown."""
    if not form.is_valid():
        return None
    try:
        return act()
    except ValidationError as fault:
        add_faults(form, fault)
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


def form_page(
    request: HttpRequest,
    form: Form,
    *,
    title: str,
    crumbs: Sequence[Crumb],
    back: str,
    action: str = "",
    intro: Any = "",
    **more: Any,
) -> HttpResponse:
    """The page of a form."""
    context = {"form": form, "title": title, "crumbs": crumbs, "back": back, "intro": intro, **more}
    context["action"] = action or _("Save")
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "setup/form.html", context, status=status)
