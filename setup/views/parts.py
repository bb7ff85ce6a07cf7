"""What the pages share: forms that show an action's refusal, small acts, the one page for forms."""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core import acts
from core.ui import Crumb
from setup import actions


def _shown(form: Form, fault: ValidationError) -> None:
    if isinstance(fault, actions.Stale):
        _show_both(form, fault)
    else:
        acts.add_faults(form, fault)


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
    """`core.acts.tried`; a newer version is shown beside what was typed."""
    return acts.tried(form, act, _shown)


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
