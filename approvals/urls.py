"""Addresses of what the rooms share."""

from django.urls import path

from approvals import views
from approvals.spot_checks import views as spot_checks

app_name = "approvals"

urlpatterns = [
    path("notices/<int:notice_id>/", views.open_notice, name="notice"),
    path("requests/", views.request_list, name="requests"),
    path("requests/overdue/", views.overdue, name="overdue"),
    path("requests/many/", views.many, name="many"),
    path("requests/<uuid:request_id>/", views.request_page, name="request"),
    path("requests/<uuid:request_id>/again/", views.again, name="again"),
    path("requests/<uuid:request_id>/submit/", views.submit, name="submit"),
    path("requests/<uuid:request_id>/step/", views.take_step, name="take_step"),
    path("requests/<uuid:request_id>/return/", views.send_back, name="send_back"),
    path("requests/<uuid:request_id>/refuse/", views.refuse, name="refuse"),
    path("requests/<uuid:request_id>/recall/", views.recall, name="recall"),
    path("requests/<uuid:request_id>/clock/", views.clock, name="clock"),
    path("delegations/", views.delegation_list, name="delegations"),
    path("delegations/<uuid:delegation_id>/", views.settle_delegation, name="settle_delegation"),
    path("spot-checks/", spot_checks.spot_checks, name="spot_checks"),
    path("spot-checks/<uuid:spot_check_id>/", spot_checks.spot_check, name="spot_check"),
    path("spot-checks/cases/<uuid:item_id>/", spot_checks.open_case, name="spot_check_case"),
    path("spot-checks/cases/<uuid:item_id>/hand-back/", spot_checks.hand_back, name="spot_check_hand_back"),
    path("spot-checks/cases/<uuid:item_id>/judge/", spot_checks.judge, name="spot_check_judge"),
]
