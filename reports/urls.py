"""Addresses of the reports room; the home page is the root."""

from django.urls import path

from reports import views

app_name = "reports"

urlpatterns = [
    path("", views.home, name="home"),
    path("home/charts/<slug:key>/", views.chart, name="chart"),
    path("home/notices/read/", views.read_notices, name="read_notices"),
]
