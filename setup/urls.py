"""Addresses of the school's settings."""

from django.urls import path

from setup.views import calendar, codes, teaching, units

app_name = "setup"

_TERM = "units/<uuid:public_id>/calendar/terms/<int:school_year>/<int:number>/"

urlpatterns = [
    path("units/", units.units, name="units"),
    path("units/<uuid:public_id>/", units.unit, name="unit"),
    path("units/<uuid:public_id>/add/", units.unit_add, name="unit_add"),
    path("units/<uuid:public_id>/change/", units.unit_change, name="unit_change"),
    path("units/<uuid:public_id>/close/", units.unit_close, name="unit_close"),
    path("units/<uuid:public_id>/rules/", units.rules, name="rules"),
    path("units/<uuid:public_id>/rules/<slug:key>/", units.rule, name="rule"),
    path("units/<uuid:public_id>/rules/<slug:key>/set/", units.rule_set, name="rule_set"),
    path("units/<uuid:public_id>/rules/<slug:key>/withdraw/", units.rule_withdraw, name="rule_withdraw"),
    path("units/<uuid:public_id>/programmes/add/", teaching.programme_add, name="programme_add"),
    path("units/<uuid:public_id>/classes/add/", teaching.class_add, name="class_add"),
    path("units/<uuid:public_id>/calendar/", calendar.calendar, name="calendar"),
    path("units/<uuid:public_id>/calendar/terms/add/", calendar.term_add, name="term_add"),
    path(_TERM, calendar.term_change, name="term_change"),
    path("units/<uuid:public_id>/calendar/days/add/", calendar.period_add, name="period_add"),
    path("units/<uuid:public_id>/calendar/days/remove/", calendar.period_remove, name="period_remove"),
    path("programmes/", teaching.programmes, name="programmes"),
    path("programmes/<uuid:public_id>/", teaching.programme_change, name="programme_change"),
    path("classes/", teaching.classes, name="classes"),
    path("classes/<uuid:public_id>/", teaching.school_class, name="school_class"),
    path("classes/<uuid:public_id>/change/", teaching.class_change, name="class_change"),
    path("classes/<uuid:public_id>/close/", teaching.class_close, name="class_close"),
    path("classes/<uuid:public_id>/staff/add/", teaching.class_staff_add, name="class_staff_add"),
    path("classes/<uuid:public_id>/staff/end/", teaching.class_staff_end, name="class_staff_end"),
    path("calendar/", calendar.calendars, name="calendars"),
    path("codes/", codes.code_lists, name="code_lists"),
    path("codes/<slug:key>/", codes.code_list, name="code_list"),
    path("codes/<slug:key>/add/", codes.code_add, name="code_add"),
    path("codes/<slug:key>/file/", codes.codes_download, name="codes_download"),
    path("codes/<slug:key>/import/", codes.codes_import, name="codes_import"),
    path("codes/<slug:key>/entry/<str:code>/", codes.code_change, name="code_change"),
    path("codes/<slug:key>/entry/<str:code>/close/", codes.code_close, name="code_close"),
    path("regions/", codes.regions, name="regions"),
    path("regions/add/", codes.region_add, name="region_add"),
    path("regions/<str:code>/", codes.region_change, name="region_change"),
    path("regions/<str:code>/close/", codes.region_close, name="region_close"),
]
