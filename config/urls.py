"""Every address of the product, room by room."""

from django.urls import URLPattern, URLResolver, include, path

from config.health import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/", health, name="health"),
    path("", include("accounts.sign_in_urls")),
    path("", include("accounts.urls")),
    path("school/", include("setup.urls")),
    path("intake/", include("enrollment.urls")),
    path("", include("approvals.urls")),
    path("jobs/", include("jobs.urls")),
    path("", include("records.urls")),
    path("archive/", include("archive.urls")),
    path("security/", include("audit.urls")),
    path("", include("reports.urls")),
]

handler400 = "core.errors.bad_request"
handler403 = "accounts.refusals.not_permitted"
handler404 = "core.errors.not_found"
handler500 = "core.errors.server_error"
