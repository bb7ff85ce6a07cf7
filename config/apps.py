from typing import Any

from django.apps import AppConfig
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = _("Configuration")

    def ready(self) -> None:
        from school.models import SchoolClass, Unit
        from setup import closing

        closing.register(Unit, _unit_has_students)
        closing.register(Unit, _unit_has_applicants)
        closing.register(SchoolClass, _class_has_students)
        closing.register(SchoolClass, _class_has_applicants)


def _unit_has_students(unit: Any) -> str | Promise | None:
    from records.models import Enrolment

    open_ones = Enrolment.objects.filter(unit=unit, ended_on__isnull=True)
    return _("Students still have an open enrolment in it.") if open_ones.exists() else None


def _unit_has_applicants(unit: Any) -> str | Promise | None:
    return _has_applicants(unit=unit)


def _class_has_applicants(school_class: Any) -> str | Promise | None:
    return _has_applicants(school_class=school_class)


def _has_applicants(**place: Any) -> str | Promise | None:
    from enrollment.models import Applicant

    ended = [Applicant.State.ACCEPTED, Applicant.State.WITHDRAWN]
    on_the_way = Applicant.objects.filter(**place).exclude(state__in=ended)
    return _("Applicants to it are still on their way.") if on_the_way.exists() else None


def _class_has_students(school_class: Any) -> str | Promise | None:
    from records.models import Enrolment

    open_ones = Enrolment.objects.filter(school_class=school_class, ended_on__isnull=True)
    return _("Students are still in this class.") if open_ones.exists() else None
