"""Users: list, page of one, opening and changing, roles and trainings."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions, open_work, selectors, sessions
from accounts.access import requires, user_of
from accounts.forms import AppointForm, ChangeUserForm, OpenUserForm, ReasonForm, TrainingForm, contacts_of
from accounts.lists import UserList
from accounts.models import User
from accounts.roles import ENTRY_ROLES
from accounts.scope import demand, units_with
from core.acts import done, tried


@requires("manage_users", "manage_grants", "view_grants")
@require_http_methods(["GET", "POST"])
def users(request: HttpRequest) -> HttpResponse:
    """Accounts of the units that one looks after."""
    user = user_of(request)
    page = UserList(request, selectors.users(user), user=user)
    return page.respond("accounts/users.html", {"may_open": bool(units_with(user, "manage_users"))})


@requires("manage_users", "manage_grants", "view_grants")
@require_http_methods(["GET"])
def user(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One account: contacts, roles, trainings, and what the person may see and why."""
    return _user_page(request, selectors.one_user(user_of(request), public_id))


def _user_page(request: HttpRequest, person: User, **more: Any) -> HttpResponse:
    reader = user_of(request)
    today = timezone.localdate()
    unit = person.unit_id
    kept = units_with(reader, "manage_users")
    context = {
        "person": person,
        "contacts": selectors.contacts_shown(reader, person),
        "appointments": selectors.appointments_of(reader, person),
        "ending_units": units_with(reader, "manage_grants"),
        "trainings": selectors.trainings_of(reader, person),
        "paths": selectors.paths_of(person),
        "today": today,
        "second_factor": sessions.has_second_factor(person),
        "may_keep": unit in kept,
        "may_lock": {unit, *selectors.duty_units(person)}.issubset(kept) and reader.pk != person.pk,
        "may_grant": bool(units_with(reader, "manage_grants")) and reader.pk != person.pk,
        "may_give": not selectors.asks_by_request(reader, person),
        "may_help": unit in units_with(reader, "manage_grants") and reader.pk != person.pk,
        "open_work": open_work.of(person),
        "has_id_number": person.id_number_index is not None,
        **more,
    }
    return render(request, "accounts/user.html", context)


@requires("manage_users")
@require_http_methods(["GET", "POST"])
def open_user(request: HttpRequest) -> HttpResponse:
    """Open an account; its first password is shown once."""
    actor = user_of(request)
    form = OpenUserForm(request.POST or None, units=selectors.units_for(actor, "manage_users"))
    if request.method == "POST":
        opened = tried(form, lambda: actions.open_user(actor=actor, **form.cleaned_data))
        if opened is not None:
            person, password = opened
            return render(request, "accounts/password_told.html", {"person": person, "password": password})
    return render(request, "accounts/open_user.html", {"form": form})


@requires("manage_users")
@require_http_methods(["GET", "POST"])
def change_user(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change name, unit and contacts of an account."""
    actor = user_of(request)
    person = selectors.one_user(actor, public_id)
    demand(actor, "manage_users", person.unit_id or 0)
    start = {"name": person.name, "unit": person.unit_id, **contacts_of(person)}
    form = ChangeUserForm(
        request.POST or None,
        initial=start,
        units=selectors.units_for(actor, "manage_users"),
        has_number=person.id_number_index is not None,
        contacts=selectors.contacts_shown(actor, person),
    )
    if request.method == "POST":
        changed = tried(form, lambda: actions.change_user(actor=actor, user=person, **form.cleaned_data))
        if changed is not None:
            messages.success(request, _("Saved."))
            return redirect("accounts:user", public_id)
    return render(request, "accounts/change_user.html", {"form": form, "person": person})


@requires("manage_users")
@require_POST
def lock(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Lock an account."""
    return _with_reason(request, public_id, actions.lock_user, _("The account is locked."))


@requires("manage_users")
@require_POST
def unlock(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Open a locked account again."""
    return _with_reason(request, public_id, actions.unlock_user, _("The account is open again."))


@requires("manage_grants")
@require_POST
def reset_second_factor(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take a lost second factor off an account."""
    return _with_reason(request, public_id, actions.reset_second_factor, _("The second factor is taken off."))


def _with_reason(request: HttpRequest, public_id: UUID, act: Callable[..., Any], told: str) -> HttpResponse:
    actor = user_of(request)
    person = selectors.one_user(actor, public_id)
    form = ReasonForm(request.POST)
    done(request, form, lambda: act(actor=actor, user=person, **form.cleaned_data), told)
    return redirect("accounts:user", public_id)


@requires("manage_users")
@require_POST
def reset_password(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give an account a new password, which is shown once."""
    actor = user_of(request)
    person = selectors.one_user(actor, public_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give a reason."))
        return redirect("accounts:user", public_id)
    try:
        password = actions.reset_password(actor=actor, user=person, **form.cleaned_data)
    except ValidationError as fault:
        messages.error(request, " ".join(fault.messages))
        return redirect("accounts:user", public_id)
    return render(request, "accounts/password_told.html", {"person": person, "password": password})


@requires("manage_grants")
@require_http_methods(["GET", "POST"])
def appoint(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give a person a role without a request, while nobody could approve one."""
    actor = user_of(request)
    person = selectors.one_user(actor, public_id)
    form = AppointForm(request.POST or None, units=selectors.units_for(actor, "manage_grants"))
    if request.method == "POST":
        given = tried(form, lambda: actions.appoint_directly(actor=actor, user=person, **form.cleaned_data))
        if given is not None:
            messages.success(request, _("The role is given."))
            return redirect("accounts:user", public_id)
    by_request = selectors.asks_by_request(actor, person)
    context = {
        "form": form,
        "person": person,
        "by_request": by_request,
        "entry_roles": [role.label for role in ENTRY_ROLES],
    }
    return render(request, "accounts/appoint.html", context)


@requires("manage_grants")
@require_POST
def end_appointment(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """End a role at once."""
    actor = user_of(request)
    appointment = selectors.one_appointment(actor, public_id)
    form = ReasonForm(request.POST)
    done(
        request,
        form,
        lambda: actions.end_appointment(actor=actor, appointment=appointment, **form.cleaned_data),
        _("The role has ended."),
    )
    return redirect("accounts:user", appointment.user.public_id)


@requires("manage_grants")
@require_http_methods(["GET", "POST"])
def train(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Record a training that a person passed."""
    actor = user_of(request)
    person = selectors.one_user(actor, public_id)
    form = TrainingForm(request.POST or None)
    if request.method == "POST":
        noted = tried(form, lambda: actions.record_training(actor=actor, user=person, **form.cleaned_data))
        if noted is not None:
            messages.success(request, _("The training is recorded."))
            return redirect("accounts:user", public_id)
    return render(request, "accounts/train.html", {"form": form, "person": person})
