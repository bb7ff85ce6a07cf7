"""Addresses of signing in and of second factors. The pages are allauth's; sign-up, e-mail and social flows are out."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.urls import path
from django.views.decorators.http import require_POST
from django.views.generic import RedirectView
from django.views.i18n import set_language

from accounts.access import OWN_FILE, SIGNED_IN, requires

signed_in = requires(SIGNED_IN)

urlpatterns = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-in/code/", mfa.authenticate, name="mfa_authenticate"),
    path("sign-out/", requires(SIGNED_IN, OWN_FILE)(require_POST(account.logout)), name="account_logout"),
    path("language/", require_POST(set_language), name="set_language"),
    path("me/confirm/", signed_in(account.reauthenticate), name="account_reauthenticate"),
    path("me/confirm-code/", signed_in(mfa.reauthenticate), name="mfa_reauthenticate"),
    path(
        "me/second-factor/",
        signed_in(RedirectView.as_view(pattern_name="accounts:profile")),
        name="mfa_index",
    ),
    path("me/second-factor/set-up/", signed_in(totp.activate_totp), name="mfa_activate_totp"),
    path("me/second-factor/take-off/", signed_in(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("me/recovery-codes/", signed_in(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "me/recovery-codes/new/", signed_in(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"
    ),
]
