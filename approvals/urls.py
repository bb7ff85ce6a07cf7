"""Addresses of what the rooms share."""

from django.urls import path

from approvals.views import open_notice

app_name = "approvals"

urlpatterns = [path("<int:notice_id>/", open_notice, name="notice")]
