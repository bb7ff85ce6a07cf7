"""Every permission of the product. Each is granted on a unit and holds for the unit's subtree (docs/permissions.md)."""

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

PERMISSIONS: list[tuple[str, StrOrPromise]] = [
    ("view_school", _("See units, classes, calendar and code lists")),
    ("manage_school", _("Maintain units, programmes, classes, terms and calendar")),
    ("manage_class_staff", _("Appoint class advisers and teachers of a class")),
    ("manage_rules", _("Set the rules of a school")),
    ("manage_codes", _("Maintain code lists and regions")),
    ("manage_users", _("Open, lock and reset accounts")),
    ("manage_grants", _("Give and withdraw roles")),
    ("view_grants", _("See who may do what and why")),
    ("view_events", _("Read the ledger of events")),
    ("view_health", _("See the health of the system")),
    ("manage_intake", _("Open intake batches and set their rules")),
    ("view_applicant", _("See applicants")),
    ("enter_applicant", _("Enter and import applicants")),
    ("review_applicant", _("Review applicants initially")),
    ("approve_applicant", _("Review applicants as head of department")),
    ("accept_applicant", _("Accept applicants into the archives")),
    ("approve_no_hukou", _("Approve students without household registration")),
    ("view_student", _("See student files")),
    ("view_own_class", _("See the students of one's own classes")),
    ("reveal_personal", _("Reveal masked personal numbers")),
    ("print_student", _("Print forms with personal numbers")),
    ("view_fee_status", _("See fee status")),
    ("manage_fee_status", _("Record fee status")),
    ("view_figures", _("Read figures and charts")),
]
