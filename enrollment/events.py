"""The events of the intake room by name."""

from django.utils.translation import gettext_lazy as _

EVENTS = {
    "applicant.started": _("Applicant entered"),
    "applicant.saved": _("Applicant changed"),
    "applicant.self_checked": _("Applicant self-checked and submitted"),
    "applicant.initially_reviewed": _("Applicant passed the initial review"),
    "applicant.head_approved": _("Applicant approved by the head"),
    "applicant.accepted": _("Applicant accepted by the archives"),
    "applicant.returned": _("Applicant returned"),
    "applicant.recalled": _("Applicant recalled"),
    "applicant.stepped_aside": _("Stepped aside from an applicant"),
    "applicant.handed_over": _("Applicant handed over to another clerk"),
    "clerk.handed_over": _("Open work of a clerk handed over"),
    "applicant.known_elsewhere": _("Told that an identity number is known at another school"),
    "applicant.withdrawn": _("Applicant given up"),
    "applicant.opened": _("Applicant opened"),
    "applicant.no_hukou_approved": _("Pupil without household registration approved"),
    "applicant.no_hukou_refused": _("Pupil without household registration refused"),
}
