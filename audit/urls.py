"""Addresses of the audit room."""

from django.urls import path

from audit.alerts import views as alerts

app_name = "audit"

urlpatterns = [
    path("alerts/", alerts.register, name="alerts"),
    path("alerts/<uuid:alert_id>/", alerts.alert, name="alert"),
]
