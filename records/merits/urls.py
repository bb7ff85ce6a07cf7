"""Addresses of entries and penalties, part of the records room's."""

from django.urls import URLPattern, path

from records.merits.views import entries, penalties


def _entry_paths() -> list[URLPattern]:
    found = []
    for pages in entries.PAGES:
        key, base = pages.kind.key, f"entries/{pages.plural}/"
        found += [
            path(base, pages.list(), name=pages.plural),
            path(f"{base}<uuid:public_id>/", pages.show(), name=key),
            path(f"{base}<uuid:public_id>/void/", pages.void(), name=f"{key}_void"),
            path(f"{base}<uuid:public_id>/evidence/", pages.evidence(), name=f"{key}_evidence"),
            path(f"students/<uuid:public_id>/{pages.plural}/new/", pages.new(), name=f"{key}_new"),
        ]
        if pages.kind.many:
            found += [
                path(f"{base}classes/", pages.classes(), name=f"{key}_classes"),
                path(f"{base}classes/<uuid:class_id>/", pages.school_class(), name=f"{key}_class"),
            ]
    return found


urlpatterns = [
    *_entry_paths(),
    *(
        path(f"entries/problems/<uuid:public_id>/{key}/", view, name=f"problem_{key}")
        for key, view in entries.PROBLEM_ACTS.items()
    ),
    path("entries/internships/<uuid:public_id>/finish/", entries.finish, name="internship_finish"),
    path("penalties/", penalties.penalties, name="penalties"),
    path("students/<uuid:public_id>/penalties/new/", penalties.penalty_new, name="penalty_new"),
    path("penalties/<uuid:public_id>/", penalties.penalty, name="penalty"),
    path(
        "penalties/<uuid:public_id>/evidence/<uuid:step_id>/",
        penalties.penalty_evidence,
        name="penalty_evidence",
    ),
    path("penalties/<uuid:public_id>/<slug:key>/", penalties.penalty_act, name="penalty_act"),
]
