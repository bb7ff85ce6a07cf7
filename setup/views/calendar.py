"""Pages of terms and the calendar."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.models import User
from accounts.scope import units_with
from core.acts import done
from core.formatting import school_year as year_label
from core.ui import Crumb
from school.models import Unit
from setup import actions, selectors
from setup.forms import NewTermForm, PeriodChoiceForm, PeriodForm, TermForm
from setup.lists import CalendarList
from setup.views.parts import form_page, tried
from setup.views.units import unit_crumbs, unit_tabs


@requires("view_school")
@require_http_methods(["GET", "POST"])
def calendars(request: HttpRequest) -> HttpResponse:
    """Whose calendar; with one school in sight, that one."""
    user = user_of(request)
    kinds = (*selectors.SCHOOL_KINDS, Unit.Kind.BUREAU)
    rows = selectors.units(user).filter(kind__in=kinds, is_active=True)
    if request.method == "GET":
        first = list(rows[:2])
        if len(first) == 1:
            return redirect("setup:calendar", first[0].public_id)
    return CalendarList(request, rows, user=user).respond("setup/calendars.html")


@requires("view_school")
@require_http_methods(["GET"])
def calendar(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Terms of a school; vacations, holidays and shifted working days, inherited ones too."""
    user = user_of(request)
    unit = selectors.one_unit(user, public_id)
    context = {
        "unit": unit,
        "crumbs": unit_crumbs(user, unit, own=False),
        "tabs": unit_tabs(unit, "calendar"),
        "is_school": unit.kind in selectors.SCHOOL_KINDS,
        "terms": selectors.terms(unit),
        "periods": selectors.periods(unit),
        "today": timezone.localdate(),
        "may_keep": unit.pk in units_with(user, "manage_school"),
    }
    return render(request, "setup/calendar.html", context)


def _back(public_id: UUID) -> str:
    return reverse("setup:calendar", args=[public_id])


def _crumbs(user: User, unit: Unit, title: str) -> list[Crumb]:
    calendar_url = _back(unit.public_id)
    return [*unit_crumbs(user, unit), Crumb(_("School calendar"), calendar_url), Crumb(title)]


@requires("manage_school")
@require_http_methods(["GET", "POST"])
def term_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Add a term."""
    actor = user_of(request)
    unit = selectors.one_unit(actor, public_id)
    form = NewTermForm(request.POST or None, initial={"school_year": timezone.localdate().year})
    posted = request.method == "POST"
    if posted and tried(form, lambda: actions.add_term(actor=actor, school=unit, **form.values)) is not None:
        messages.success(request, _("The term is added."))
        return redirect(_back(public_id))
    title = _("Add a term")
    return form_page(
        request, form, title=title, crumbs=_crumbs(actor, unit, title), back=_back(public_id), action=title
    )


@requires("manage_school")
@require_http_methods(["GET", "POST"])
def term_change(request: HttpRequest, public_id: UUID, school_year: int, number: int) -> HttpResponse:
    """Move the days of a term."""
    actor = user_of(request)
    unit = selectors.one_unit(actor, public_id)
    term = selectors.one_term(actor, public_id, school_year, number)
    start = {"valid_from": term.valid_from, "valid_until": term.valid_until, "seen": actions.version_of(term)}
    form = TermForm(request.POST or None, initial=start)
    posted = request.method == "POST"
    if (
        posted
        and tried(form, lambda: actions.change_term(actor=actor, term=term, **form.cleaned_data)) is not None
    ):
        messages.success(request, _("Saved."))
        return redirect(_back(public_id))
    title = year_label(term.school_year, term.number)
    return form_page(request, form, title=title, crumbs=_crumbs(actor, unit, title), back=_back(public_id))


@requires("manage_school")
@require_http_methods(["GET", "POST"])
def period_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Put days into the calendar."""
    actor = user_of(request)
    unit = selectors.one_unit(actor, public_id)
    form = PeriodForm(request.POST or None)
    posted = request.method == "POST"
    if posted and tried(form, lambda: actions.add_period(actor=actor, unit=unit, **form.values)) is not None:
        messages.success(request, _("The days are in the calendar."))
        return redirect(_back(public_id))
    title = _("Add days")
    text = _("They hold for %(unit)s and all units below it.")
    return form_page(
        request,
        form,
        title=title,
        crumbs=_crumbs(actor, unit, title),
        back=_back(public_id),
        action=title,
        intro=text % {"unit": unit.label},
    )


@requires("manage_school")
@require_POST
def period_remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take days out of the calendar."""
    actor = user_of(request)
    unit = selectors.one_unit(actor, public_id)
    form = PeriodChoiceForm(request.POST)
    if form.is_valid():
        period = selectors.one_period(unit, form.cleaned_data["period"])
        reason = form.cleaned_data["reason"]
        done(
            request,
            form,
            lambda: actions.remove_period(actor=actor, period=period, reason=reason),
            _("The days are taken out of the calendar."),
        )
    else:
        messages.error(request, _("Give a reason."))
    return redirect(_back(public_id))
