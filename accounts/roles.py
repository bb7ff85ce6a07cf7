"""The roles of a school and what each may do. A role is held on a unit and holds for its subtree."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What somebody is in a unit."""

    ADMISSIONS_CLERK = "admissions_clerk", _("Admissions clerk")
    ADMISSIONS_HEAD = "admissions_head", _("Head of admissions")
    TEACHER = "teacher", _("Teacher")
    CLASS_ADVISER = "class_adviser", _("Class adviser")
    COUNSELLOR = "counsellor", _("Counsellor")
    GRADE_ADMIN = "grade_admin", _("Grade administrator")
    CLASS_ADMIN = "class_admin", _("Class administrator")
    REGISTRAR = "registrar", _("Registrar")
    ACADEMIC_HEAD = "academic_head", _("Head of the academic office")
    STUDENT_AFFAIRS = "student_affairs", _("Student affairs")
    STUDENT_AFFAIRS_HEAD = "student_affairs_head", _("Head of student affairs")
    ARCHIVIST = "archivist", _("Archivist")
    ARCHIVE_HEAD = "archive_head", _("Head of archives")
    CARD_CENTRE = "card_centre", _("Card centre")
    AUDITOR = "auditor", _("Audit administrator")
    SYSTEM_ADMIN = "system_admin", _("System administrator")
    SECURITY_ADMIN = "security_admin", _("Security administrator")
    LEADER = "leader", _("School leader")
    FINANCE = "finance", _("Finance")
    BUREAU_OFFICER = "bureau_officer", _("Bureau officer")
    STUDENT = "student", _("Student")


ADMINISTRATORS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)
"""Three duties that one person never holds together (三员分立)."""

ENTRY_ROLES = (Role.ADMISSIONS_CLERK, Role.REGISTRAR)
"""Roles that type student data; without a valid training the role rests (S0-3.3-1, S1-8-6)."""

ROLES_BY_UNIT_KIND = {Role.BUREAU_OFFICER: ("bureau",)}
"""Roles that make sense on some kinds of unit only."""

NOT_APPOINTED = (Role.STUDENT,)
"""Roles that come with something else: a student is one by the kind of his account, which holds no permission."""

CLASS_ROLES = (Role.TEACHER, Role.CLASS_ADVISER, Role.COUNSELLOR, Role.GRADE_ADMIN, Role.CLASS_ADMIN)
"""Roles whose students are those of one's own classes, by the dated staff of a class."""

STUDENT_DATA = (
    "view_applicant",
    "enter_applicant",
    "review_applicant",
    "approve_applicant",
    "accept_applicant",
    "approve_no_hukou",
    "spot_check",
    "view_student",
    "view_own_class",
    "reveal_personal",
    "print_student",
    "view_fee_status",
    "manage_fee_status",
    "request_change",
    "decide_as_head",
    "review_change",
    "execute_change",
    "decide_for_archives",
    "escort_inquiry",
    "request_sharing",
    "release_sharing",
    "record_consent",
    "manage_retention",
    "appraise_files",
    "destroy_files",
    "record_conduct",
    "record_merit",
    "decide_penalty",
    "record_employment",
    "add_document",
    "view_secret_document",
    "manage_photo",
    "export_photo",
    "export_students",
    "check_files",
    "export_package",
    "manage_loan",
    "issue_certificate",
    "open_student_accounts",
)
"""Permissions that show data of students; no administrator has one."""

ROLE_PERMISSIONS: dict[Role, tuple[str, ...]] = {
    Role.ADMISSIONS_CLERK: (
        "view_school",
        "view_applicant",
        "enter_applicant",
        "review_applicant",
        "print_student",
    ),
    Role.ADMISSIONS_HEAD: (
        "view_school",
        "approve_rights",
        "view_applicant",
        "approve_applicant",
        "manage_intake",
        "view_figures",
        "print_student",
        "appraise_files",
        "request_inquiry",
        "answer_inspection",
    ),
    Role.TEACHER: (
        "view_school",
        "view_own_class",
        "record_conduct",
        "request_inquiry",
    ),
    Role.CLASS_ADVISER: (
        "view_school",
        "view_own_class",
        "reveal_personal",
        "record_conduct",
        "request_inquiry",
        "record_employment",
    ),
    Role.COUNSELLOR: (
        "view_school",
        "view_own_class",
        "reveal_personal",
        "record_conduct",
        "request_inquiry",
        "record_employment",
    ),
    Role.GRADE_ADMIN: ("view_school", "view_own_class"),
    Role.CLASS_ADMIN: ("view_school", "view_own_class"),
    Role.REGISTRAR: (
        "view_school",
        "manage_school",
        "manage_class_staff",
        "view_applicant",
        "view_student",
        "reveal_personal",
        "print_student",
        "view_figures",
        "request_change",
        "add_document",
        "manage_photo",
        "export_photo",
        "export_students",
        "record_employment",
        "record_consent",
        "request_sharing",
        "issue_certificate",
        "request_inquiry",
        "open_student_accounts",
    ),
    Role.ACADEMIC_HEAD: (
        "view_school",
        "approve_rights",
        "view_student",
        "reveal_personal",
        "view_figures",
        "request_change",
        "decide_as_head",
        "appraise_files",
        "request_inquiry",
        "request_sharing",
        "answer_inspection",
    ),
    Role.STUDENT_AFFAIRS: (
        "view_school",
        "view_student",
        "reveal_personal",
        "print_student",
        "request_change",
        "add_document",
        "record_conduct",
        "record_merit",
        "record_employment",
        "record_consent",
        "request_sharing",
        "issue_certificate",
        "manage_photo",
        "export_students",
        "request_inquiry",
        "open_student_accounts",
    ),
    Role.STUDENT_AFFAIRS_HEAD: (
        "view_school",
        "approve_rights",
        "view_student",
        "reveal_personal",
        "print_student",
        "view_figures",
        "request_change",
        "decide_as_head",
        "record_merit",
        "decide_penalty",
        "record_consent",
        "request_sharing",
        "appraise_files",
        "view_secret_document",
        "request_inquiry",
        "answer_inspection",
    ),
    Role.ARCHIVIST: (
        "view_school",
        "view_applicant",
        "accept_applicant",
        "view_student",
        "reveal_personal",
        "print_student",
        "add_document",
        "review_change",
        "execute_change",
        "escort_inquiry",
        "release_sharing",
        "record_consent",
        "manage_retention",
        "appraise_files",
        "destroy_files",
        "view_secret_document",
        "check_files",
        "export_package",
        "export_students",
        "manage_loan",
        "issue_certificate",
        "inspect_departments",
    ),
    Role.ARCHIVE_HEAD: (
        "view_school",
        "approve_rights",
        "view_applicant",
        "accept_applicant",
        "view_student",
        "reveal_personal",
        "print_student",
        "view_figures",
        "review_change",
        "execute_change",
        "decide_for_archives",
        "escort_inquiry",
        "release_sharing",
        "manage_retention",
        "appraise_files",
        "destroy_files",
        "view_secret_document",
        "check_files",
        "export_package",
        "manage_loan",
        "issue_certificate",
        "plan_inspections",
        "inspect_departments",
        "answer_inspection",
    ),
    Role.CARD_CENTRE: (
        "view_school",
        "view_student",
        "request_inquiry",
    ),
    Role.AUDITOR: ("view_school", "view_events", "view_grants"),
    Role.SYSTEM_ADMIN: (
        "view_school",
        "manage_school",
        "manage_rules",
        "manage_codes",
        "manage_users",
        "view_health",
    ),
    Role.SECURITY_ADMIN: (
        "view_school",
        "manage_grants",
        "view_grants",
        "manage_incident",
    ),
    Role.LEADER: (
        "view_school",
        "approve_rights",
        "view_figures",
        "approve_destruction",
        "close_incident",
        "request_inquiry",
        "plan_inspections",
        "inspect_departments",
    ),
    Role.FINANCE: (
        "view_school",
        "view_fee_status",
        "manage_fee_status",
        "request_inquiry",
        "answer_inspection",
    ),
    Role.BUREAU_OFFICER: (
        "view_school",
        "view_applicant",
        "approve_no_hukou",
        "spot_check",
        "manage_rules",
        "view_figures",
    ),
    Role.STUDENT: (),
}

STUDENT_ROLES = tuple(role for role, perms in ROLE_PERMISSIONS.items() if set(perms) & set(STUDENT_DATA))
"""Roles that see data of students; nobody holds one of them together with an administrator's duty."""

PERMISSIONS_OF_ACCOUNTS = ("manage_users", "manage_grants", "view_grants")
"""Who may open the pages about users."""
