"""Addresses of users, grants and one's own account."""

from django.urls import path

from accounts.views import grants, own, people, units

app_name = "accounts"

urlpatterns = [
    path("session/", own.session, name="session"),
    path("me/", own.profile, name="profile"),
    path("me/password/", own.password, name="password"),
    path("me/units/", units.unit_choices, name="unit_choices"),
    path("me/unit/", units.switch_unit, name="switch_unit"),
    path("users/", people.users, name="users"),
    path("users/new/", people.open_user, name="open_user"),
    path("users/<uuid:public_id>/", people.user, name="user"),
    path("users/<uuid:public_id>/change/", people.change_user, name="change_user"),
    path("users/<uuid:public_id>/lock/", people.lock, name="lock"),
    path("users/<uuid:public_id>/unlock/", people.unlock, name="unlock"),
    path("users/<uuid:public_id>/reset-password/", people.reset_password, name="reset_password"),
    path(
        "users/<uuid:public_id>/reset-second-factor/", people.reset_second_factor, name="reset_second_factor"
    ),
    path("users/<uuid:public_id>/appoint/", people.appoint, name="appoint"),
    path("users/<uuid:public_id>/train/", people.train, name="train"),
    path("appointments/<uuid:public_id>/end/", people.end_appointment, name="end_appointment"),
    path("grants/", grants.grants, name="grants"),
    path("grants/<uuid:public_id>/", grants.unit_grants, name="unit_grants"),
]
