"""Every address of the product, room by room."""

from django.urls import URLPattern, URLResolver, include, path

from config.health import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/", health, name="health"),
    path("", include("accounts.sign_in_urls")),
    path("", include("accounts.urls")),
    path("intake/", include("enrollment.urls")),
    path("jobs/", include("jobs.urls")),
]
