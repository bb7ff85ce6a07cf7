"""One's own account: contacts, roles, password, second factor; and whether the session still stands."""

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import actions, passwords, selectors, sessions
from accounts.access import OWN_FILE, SIGNED_IN, requires, user_of
from accounts.adapters import AccountAdapter
from accounts.forms import ContactsForm, PasswordForm, contacts_of
from accounts.models import User
from core.acts import add_faults


@requires(SIGNED_IN, OWN_FILE, background=True)
@require_http_methods(["GET"])
def session(request: HttpRequest) -> HttpResponse:
    """204 while the session stands, 401 when it has ended; asking does not keep it alive."""
    return HttpResponse(status=204)


@requires(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """One's own account."""
    user = user_of(request)
    form = ContactsForm(request.POST or None, initial=contacts_of(user))
    if request.method == "POST" and form.is_valid():
        actions.change_own_contacts(actor=user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("accounts:profile")
    context = {
        "form": form,
        "paths": selectors.paths_of(user),
        "trainings": selectors.trainings_of(user, user),
        "second_factor": sessions.has_second_factor(user),
        "demanded": sessions.demands_second_factor(user),
    }
    return render(request, "accounts/profile.html", context)


@requires(SIGNED_IN, OWN_FILE)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; tries are counted, so that nobody guesses it on a screen left open."""
    user = user_of(request)
    owed = passwords.must_change(user, sessions.password_days(request))
    form = PasswordForm(request.POST or None)
    slowed = request.method == "POST" and not ratelimit.consume(request, action="change_password", user=user)
    if slowed:
        form.add_error(None, AccountAdapter.error_messages["too_many_login_attempts"])
    elif request.method == "POST" and form.is_valid():
        try:
            changed = actions.change_own_password(
                actor=user, old=form.cleaned_data["old"], new=form.cleaned_data["new"]
            )
        except ValidationError as fault:
            add_faults(form, fault)
        else:
            update_session_auth_hash(request, changed)
            messages.success(request, _("Your password is changed. Other sessions of yours have ended."))
            return redirect("/" if owed or user.kind == User.Kind.STUDENT else "accounts:profile")
    rules = (passwords.StrengthValidator(), passwords.FormerPasswordValidator())
    context = {
        "form": form,
        "owed": owed,
        "first": user.must_change_password,
        "rules": [r.get_help_text() for r in rules],
    }
    return render(request, "accounts/password.html", context, status=429 if slowed else 200)
