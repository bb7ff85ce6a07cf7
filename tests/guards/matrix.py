"""The permission matrix: one line for each route of the product. A route without a line fails the test.

    "room:page": Route("one_perm", "other_perm", obj=lambda world: world.thing, methods="GET POST")

``perms`` are those of `@requires`. ``obj`` gives what the address names (an object with ``public_id``, or a dict of its
arguments) for one side, a `World`. Expected of everybody in the cast, and of a visitor:

- a visitor is sent to sign in; who holds none of the permissions gets 403;
- who holds one on the object's unit gets ``good`` (by default 200, 302, or 400 and 422 for an empty form);
- who holds one elsewhere only gets 404;
- a student, here the one whose file is the object, gets 403 wherever `OWN_FILE` is not named;
- a method that is not in ``methods`` gets 405.

Every 403 and every 404 of a row outside leaves exactly one refusal in the ledger. ``cells`` names exceptions with the
person (``{"head": 403}``), each for a reason that the line's comment tells.
"""

from collections.abc import Callable
from typing import Any

from accounts.access import OWN_FILE, PUBLIC, SIGNED_IN
from tests.guards import archive_things, merit_things  # noqa: F401 - makes its things known to the world
from tests.guards.history_lines import HISTORY
from tests.guards.lines import GOOD, NOBODY, Route, route
from tests.guards.security_lines import SECURITY
from tests.guards.self_lines import SELF
from tests.guards.world import World

_NOT_THEIRS = {"teacher": 404, "adviser": 404}
"""The world's class and student are nobody's of the cast: who sees only his own classes sees neither."""

_OWN_CLASS_ONLY = {"adviser": 403}
"""He reveals numbers of his own class, but documents are shown to those who see files."""

_NOT_HIS = {"system_admin": 404, "outsider": 404}
"""A job is shown to the one who asked for it, here the clerk."""


def _job(world: World) -> Any:
    return world.import_job.job


def _import(world: World) -> Any:
    return world.import_job


def _import_row(world: World) -> Any:
    return world.import_job.rows.get()


def _unit(world: World) -> Any:
    return world.unit


def _class(world: World) -> Any:
    return world.school_class


def _rule(world: World) -> Any:
    return {"public_id": world.unit.public_id, "key": "bulk_limit"}


def _code(world: World) -> Any:
    return world.code


def _code_list(world: World) -> Any:
    return {"key": world.code["key"]}


def _region(world: World) -> Any:
    return {"code": world.region.code}


NOT_ON_TOP = {"system_admin": 403}
"""What serves every school is kept on the top unit; the cast's system administrator stands below it."""

NOT_A_PARTY = frozenset({404})
"""Requests are their parties'; nobody who is asked here is one. tests/approvals/test_scope.py drives the parties."""


def _request(world: World) -> Any:
    return world.edit_request


def _person(world: World) -> Any:
    return world.person


def _batch(world: World) -> Any:
    return world.batch


def _applicant(world: World) -> Any:
    return world.applicant


def _scan(world: World) -> Any:
    return world.scan


def _at_step(world: World) -> Any:
    return {"batch_id": world.batch.public_id, "step": "initial_review"}


def _spot_item(world: World) -> Any:
    return {"item_id": world.spot_check.items.get().public_id}


SHARING = ("request_sharing", "release_sharing", "decide_for_archives")
CONSENTS = ("record_consent", "release_sharing")
PROBLEMS = ("request_change", "review_change")
APPRAISALS = ("manage_retention", "appraise_files", "approve_destruction")
SPOT_CHECK = ("spot_check", "approve_applicant", "decide_for_archives")
READERS_OF_IMPORTS = ("enter_applicant", "approve_applicant")
BULK = ("review_applicant", "approve_applicant", "accept_applicant")


def _student(world: World) -> Any:
    return world.student


def _part(**kept: Any) -> Callable[[World], Any]:
    return lambda world: {"public_id": world.student.public_id, **kept}


def _document(**kept: Any) -> Callable[[World], Any]:
    """The address of that document, with more in it."""
    return lambda world: {
        "public_id": world.student.public_id, "document_id": world.document.public_id, **kept
    }  # fmt: skip


FILE_READERS = ("view_student", "view_own_class")
DECIDING = ("review_applicant", "approve_applicant", "accept_applicant", "approve_no_hukou")


CASE_WORKERS = ("record_merit", "decide_penalty")


def _entry_routes(key: str, plural: str, perm: str, *, many: bool) -> dict[str, Route]:
    """The addresses that every kind of entry has; student affairs act on learning problems as well."""
    perms = (perm, "record_merit") if key == "problem" else (perm,)
    lines = {
        plural: route(*perms, methods="GET POST"),
        key: route(*perms, obj=lambda world: getattr(world, key)),
        f"{key}_new": route(perm, obj=_student, methods="GET POST"),
        f"{key}_void": route(perm, obj=lambda world: getattr(world, key), methods="POST"),
        # it has no scan
        f"{key}_evidence": route(
            *dict.fromkeys((*perms, "reveal_personal")),
            obj=lambda world: getattr(world, key),
            good=frozenset({404}),
        ),
    }
    if many:
        of_class = {"obj": lambda world: {"class_id": world.student_class.public_id}, "methods": "GET POST"}
        lines |= {f"{key}_classes": route(perm), f"{key}_class": route(perm, **of_class)}
    return {f"records:{name}": line for name, line in lines.items()}


def _problem(world: World) -> Any:
    return world.problem


def _penalty(**kept: Any) -> Callable[[World], Any]:
    return lambda world: {"public_id": world.penalty.public_id, **kept}


ROUTES: dict[str, Route] = {
    "health": route(good=frozenset({200, 503})),
    "account_login": route(methods="GET POST"),
    "mfa_authenticate": route(methods="GET POST"),
    "set_language": route(methods="POST"),
    "account_logout": route(SIGNED_IN, OWN_FILE, methods="POST"),
    "account_reauthenticate": route(SIGNED_IN, methods="GET POST"),
    "mfa_reauthenticate": route(SIGNED_IN, methods="GET POST"),
    "mfa_index": route(SIGNED_IN, methods="GET POST"),
    "mfa_activate_totp": route(SIGNED_IN, methods="GET POST"),
    "mfa_deactivate_totp": route(
        SIGNED_IN, methods="GET POST", good=frozenset({404})
    ),  # nobody has one to take off
    "mfa_view_recovery_codes": route(SIGNED_IN, good=frozenset({404})),  # nor codes to see
    "mfa_generate_recovery_codes": route(SIGNED_IN, methods="GET POST"),
    "accounts:session": route(SIGNED_IN, OWN_FILE),
    "accounts:unit_choices": route(SIGNED_IN),
    "accounts:switch_unit": route(SIGNED_IN, methods="POST"),
    "accounts:profile": route(SIGNED_IN, methods="GET POST"),
    "accounts:password": route(SIGNED_IN, OWN_FILE, methods="GET POST"),
    "accounts:users": route("manage_users", "manage_grants", "view_grants", methods="GET POST"),
    "accounts:open_user": route("manage_users", methods="GET POST"),
    "accounts:user": route("manage_users", "manage_grants", "view_grants", obj=_person),
    "accounts:change_user": route("manage_users", obj=_person, methods="GET POST"),
    "accounts:lock": route("manage_users", obj=_person, methods="POST"),
    "accounts:unlock": route("manage_users", obj=_person, methods="POST"),
    "accounts:reset_password": route("manage_users", obj=_person, methods="POST"),
    "accounts:reset_second_factor": route("manage_grants", obj=_person, methods="POST"),
    "accounts:appoint": route("manage_grants", obj=_person, methods="GET POST"),
    "accounts:train": route("manage_grants", obj=_person, methods="GET POST"),
    "accounts:end_appointment": route("manage_grants", obj=lambda world: world.appointment, methods="POST"),
    "accounts:grants": route("view_grants", "manage_grants"),
    "accounts:unit_grants": route(
        "view_grants", "manage_grants", obj=lambda world: world.unit, methods="GET POST"
    ),
    "setup:units": route("view_school", methods="GET POST"),
    "setup:unit": route("view_school", obj=_unit),
    "setup:unit_add": route("manage_school", obj=_unit, methods="GET POST"),
    "setup:unit_change": route("manage_school", obj=_unit, methods="GET POST"),
    "setup:unit_close": route("manage_school", obj=_unit, methods="POST"),
    "setup:rules": route("view_school", obj=_unit),
    "setup:rule": route("view_school", obj=_rule),
    "setup:rule_set": route("manage_rules", obj=_rule, methods="GET POST"),
    "setup:rule_withdraw": route("manage_rules", obj=_rule, methods="POST"),
    "setup:programmes": route("view_school", methods="GET POST"),
    "setup:programme_add": route("manage_school", obj=_unit, methods="GET POST"),
    "setup:programme_change": route("view_school", obj=lambda world: world.programme, methods="GET POST"),
    "setup:classes": route("view_school", methods="GET POST"),
    "setup:class_add": route("manage_school", obj=_unit, methods="GET POST"),
    "setup:school_class": route("view_school", obj=_class),
    "setup:class_change": route("manage_school", obj=_class, methods="GET POST"),
    "setup:class_close": route("manage_school", obj=_class, methods="POST"),
    "setup:class_staff_add": route("manage_class_staff", obj=_class, methods="GET POST"),
    "setup:class_staff_end": route("manage_class_staff", obj=_class, methods="POST"),
    "setup:calendars": route("view_school", methods="GET POST"),
    "setup:calendar": route("view_school", obj=_unit),
    "setup:term_add": route("manage_school", obj=_unit, methods="GET POST"),
    "setup:term_change": route("manage_school", obj=lambda world: world.term, methods="GET POST"),
    "setup:period_add": route("manage_school", obj=_unit, methods="GET POST"),
    "setup:period_remove": route("manage_school", obj=_unit, methods="POST"),
    "setup:code_lists": route("view_school", methods="GET POST"),
    "setup:code_list": route("view_school", obj=_code_list, methods="GET POST", everywhere=True),
    "setup:codes_download": route("view_school", obj=_code_list, everywhere=True),
    "setup:code_add": route(
        "manage_codes", obj=_code_list, methods="GET POST", cells=NOT_ON_TOP, everywhere=True
    ),
    "setup:codes_import": route(
        "manage_codes", obj=_code_list, methods="GET POST", cells=NOT_ON_TOP, everywhere=True
    ),
    "setup:code_change": route(
        "manage_codes", obj=_code, methods="GET POST", cells=NOT_ON_TOP, everywhere=True
    ),
    "setup:code_close": route("manage_codes", obj=_code, methods="POST", cells=NOT_ON_TOP, everywhere=True),
    "setup:regions": route("view_school", methods="GET POST"),
    "setup:region_add": route("manage_codes", methods="GET POST", cells=NOT_ON_TOP),
    "setup:region_change": route(
        "manage_codes", obj=_region, methods="GET POST", cells=NOT_ON_TOP, everywhere=True
    ),
    "setup:region_close": route(
        "manage_codes", obj=_region, methods="POST", cells=NOT_ON_TOP, everywhere=True
    ),
    "approvals:requests": route(SIGNED_IN, methods="GET POST"),
    "approvals:overdue": route("view_figures", methods="GET POST"),
    "approvals:many": route(SIGNED_IN, methods="GET POST"),
    "approvals:request": route(SIGNED_IN, obj=_request, good=NOT_A_PARTY),
    "approvals:again": route(SIGNED_IN, obj=_request, good=NOT_A_PARTY),
    **{
        f"approvals:{act}": route(SIGNED_IN, obj=_request, methods="POST", good=NOT_A_PARTY)
        for act in ("submit", "take_step", "send_back", "refuse", "recall", "clock")
    },
    "approvals:delegations": route(SIGNED_IN, methods="GET POST"),
    "approvals:settle_delegation": route(
        SIGNED_IN,
        obj=lambda world: {"delegation_id": world.delegation.public_id},
        methods="POST",
        good=NOT_A_PARTY,
    ),
    "approvals:spot_checks": route(*SPOT_CHECK, methods="GET POST"),
    "approvals:spot_check": route(*SPOT_CHECK, obj=lambda world: world.spot_check),
    "approvals:spot_check_case": route("spot_check", obj=_spot_item),
    "approvals:spot_check_judge": route("spot_check", obj=_spot_item, methods="POST"),
    "approvals:spot_check_hand_back": route("spot_check", obj=_spot_item, methods="POST"),
    **HISTORY,
    **SECURITY,
    **SELF,
    "archive:edit_new": route("request_change", obj=_student, methods="GET POST"),
    "archive:edit_print": route(SIGNED_IN, obj=_request, good=NOT_A_PARTY, methods="POST"),
    "archive:edit_many": route("request_change", methods="GET POST"),
    "archive:deletion_new": route("request_change", obj=_student, methods="GET POST"),
    "archive:keeping": route("manage_retention", "manage_loan", obj=_student),
    "archive:problem_lists": route(*PROBLEMS, methods="GET POST"),
    "archive:problem_new": route("request_change", methods="GET POST"),
    "archive:problem_list": route(*PROBLEMS, obj=archive_things.problem_list, methods="GET POST"),
    "archive:problem_row": route(*PROBLEMS, obj=archive_things.problem_row),
    **{
        f"archive:problem_{act}": route("request_change", obj=archive_things.problem_row, methods="POST")
        for act in ("explain", "mend")
    },
    **{
        f"archive:problem_{act}": route("review_change", obj=archive_things.problem_row, methods="POST")
        for act in ("confirm", "return")
    },
    "archive:four_checks": route("check_files", methods="GET POST"),
    "archive:file_checks": route("check_files", obj=_student, methods="GET POST"),
    "archive:catalogues": route("manage_retention"),
    **{f"archive:catalogue_{kind}": route("manage_retention", methods="POST") for kind in ("files", "fonds")},
    "archive:catalogue_documents": route("manage_retention", obj=_student, methods="POST"),
    "archive:copies": route("view_student", obj=_student, cells={"academic_head": 403}),
    "archive:copy_print": route("view_student", obj=_student, methods="POST", cells={"academic_head": 403}),
    "archive:copy_hand_out": route("export_package", obj=_student, methods="POST"),
    "archive:package": route("export_package", obj=_student, methods="POST"),
    "archive:hold": route("manage_retention", obj=_student, methods="POST"),
    "archive:retention_mark": route("manage_retention", obj=_student, methods="POST"),
    "archive:rounds": route(*APPRAISALS, methods="GET POST"),
    "archive:round_open": route("manage_retention", methods="POST"),
    **{f"archive:round{page}": route(*APPRAISALS, obj=archive_things.appraisal) for page in ("", "_report")},
    "archive:round_vote": route("appraise_files", obj=archive_things.appraisal, methods="POST"),
    **{
        f"archive:round_{act}": route("manage_retention", obj=archive_things.appraisal, methods="POST")
        for act in ("member", "relief", "close", "drop", "apply")
    },
    "archive:destroyed": route("manage_retention", "approve_destruction", "view_events", methods="GET POST"),
    "archive:hold_lift": route(
        "manage_retention",
        obj=lambda world: {"student_id": world.student.public_id, "hold_id": world.hold.public_id},
        methods="POST",
    ),
    "archive:lend": route("manage_loan", obj=_student, methods="POST"),
    "archive:take_back": route(
        "manage_loan",
        obj=lambda world: {"student_id": world.student.public_id, "loan_id": world.loan.public_id},
        methods="POST",
    ),
    "archive:inquiry_new": route("request_inquiry", methods="GET POST"),
    "archive:inquiry_read": route(SIGNED_IN, obj=archive_things.inquiry, good=NOT_A_PARTY),
    "archive:inquiry_letter": route(SIGNED_IN, obj=archive_things.inquiry, good=NOT_A_PARTY),
    "archive:evidence": route(
        SIGNED_IN,
        obj=lambda world: {"evidence_id": world.edit_request.editrequest.evidence.get().public_id},
        good=NOT_A_PARTY,
    ),
    "archive:sharings": route(*SHARING, methods="GET POST"),
    "archive:sharing_new": route("request_sharing", methods="GET POST"),
    "archive:sharing_consents": route("record_consent", obj=archive_things.sharing, methods="GET POST"),
    **{
        f"archive:sharing_{act}": route("release_sharing", obj=archive_things.sharing, methods="POST")
        for act in ("package", "receipt", "revoke")
    },
    "archive:sharing_paper": route(
        SIGNED_IN,
        obj=lambda world: {"request_id": world.sharing.request.public_id, "what": "letter"},
        good=NOT_A_PARTY,
    ),
    "archive:consents": route(*CONSENTS, obj=_student, methods="GET POST"),
    "archive:consent_withdraw": route("record_consent", obj=archive_things.consent, methods="POST"),
    "archive:consent_scan": route(*CONSENTS, obj=archive_things.consent),
    "approvals:notice": route(SIGNED_IN, obj=lambda world: {"notice_id": 0}, good=frozenset({404})),
    "jobs:jobs": route(SIGNED_IN, methods="GET POST"),
    "jobs:job": route(SIGNED_IN, obj=_job, cells=_NOT_HIS),
    "jobs:progress": route(SIGNED_IN, obj=_job, cells=_NOT_HIS),
    "jobs:cancel": route(SIGNED_IN, obj=_job, methods="POST", cells=_NOT_HIS),
    "jobs:result": route(SIGNED_IN, obj=_job, cells=_NOT_HIS),
    "enrollment:imports": route(*READERS_OF_IMPORTS, methods="GET POST"),
    "enrollment:import_problems": route(*READERS_OF_IMPORTS, methods="GET POST"),
    "enrollment:import_upload": route("enter_applicant", methods="GET POST"),
    "enrollment:import_template": route("enter_applicant", obj=_batch),
    "enrollment:import_result": route(*READERS_OF_IMPORTS, obj=_import, methods="GET POST"),
    "enrollment:import_progress": route(*READERS_OF_IMPORTS, obj=_import),
    "enrollment:import_start": route("enter_applicant", obj=_import, methods="POST"),
    "enrollment:import_cancel": route("enter_applicant", obj=_import, methods="POST"),
    "enrollment:import_take_over": route("enter_applicant", obj=_import, methods="POST"),
    "enrollment:import_undo": route(*READERS_OF_IMPORTS, obj=_import, methods="POST"),
    # 403: it holds the numbers whole, and the clerk owns it
    "enrollment:import_marked": route("enter_applicant", obj=_import, cells={"second_clerk": 403}),
    "enrollment:import_marked_order": route("enter_applicant", obj=_import, methods="POST"),
    "enrollment:import_row": route("enter_applicant", obj=_import_row, methods="GET POST"),
    "enrollment:import_row_take_over": route("enter_applicant", obj=_import_row, methods="POST"),
    "enrollment:import_row_dismiss": route("enter_applicant", obj=_import_row, methods="POST"),
    "enrollment:batches": route("view_applicant", methods="GET POST"),
    "enrollment:applicants": route("view_applicant", obj=_batch, methods="GET POST"),
    "enrollment:applicant_start": route("enter_applicant", obj=_batch, methods="POST"),
    "enrollment:applicant_form": route("enter_applicant", obj=_applicant, methods="GET POST"),
    # 409: another clerk's draft is seen, but not saved
    "enrollment:applicant_save": route("enter_applicant", obj=_applicant, methods="POST", good=GOOD | {409}),
    "enrollment:applicant_check": route("enter_applicant", obj=_applicant, methods="POST"),
    "enrollment:applicant_recall": route("view_applicant", obj=_applicant, methods="POST"),
    "enrollment:applicant_withdraw": route(
        "enter_applicant", "approve_applicant", obj=_applicant, methods="POST"
    ),
    "enrollment:regions": route("enter_applicant", methods="POST"),
    "enrollment:batch_new": route("manage_intake", methods="GET POST"),
    "enrollment:batch": route("view_applicant", obj=_batch),
    "enrollment:batch_change": route("manage_intake", obj=_batch, methods="GET POST"),
    "enrollment:batch_set_open": route("manage_intake", obj=_batch, methods="POST"),
    "enrollment:self_check": route("enter_applicant", obj=_batch, methods="GET POST"),
    "enrollment:bulk": route(*BULK, obj=_batch),
    "enrollment:bulk_several": route(*BULK, methods="GET POST"),
    "enrollment:bulk_plan": route(*BULK, obj=_at_step),
    # 403: at this step only those who review initially draw
    "enrollment:bulk_draw": route(
        *BULK,
        obj=_at_step,
        methods="POST",
        cells=dict.fromkeys(("head", "archivist", "second_archivist", "archive_head"), 403),
    ),
    "enrollment:bulk_report": route(*BULK, obj=lambda world: world.sample),
    "enrollment:bulk_pass": route(*BULK, obj=lambda world: world.sample, methods="POST"),
    "enrollment:scan_attach": route("enter_applicant", obj=_applicant, methods="POST"),
    "enrollment:scan": route("view_applicant", obj=_scan),
    "enrollment:scan_page": route(
        "view_applicant", obj=lambda world: {"document_id": world.scan.public_id, "number": 1}
    ),
    "enrollment:scan_download": route("view_applicant", obj=_scan),
    "enrollment:scan_remove": route("enter_applicant", obj=_scan, methods="POST"),
    "enrollment:scans_upload": route("enter_applicant", "accept_applicant", obj=_batch, methods="GET POST"),
    "enrollment:scan_upload": route(
        "enter_applicant", "accept_applicant", obj=lambda world: world.scan_upload
    ),
    "enrollment:batch_printing": route("view_applicant", obj=_batch, methods="GET POST"),
    "enrollment:applicant_print": route("print_student", obj=_applicant, methods="GET POST"),
    "enrollment:class_sheets": route("view_student", "view_own_class", obj=_class, cells=_NOT_THEIRS),
    "enrollment:class_roster": route(
        "view_student", "view_own_class", obj=_class, methods="POST", cells=_NOT_THEIRS
    ),
    # 403: the head of the academic office prints no personal numbers
    "enrollment:class_cards": route(
        "view_student",
        "view_own_class",
        obj=_class,
        methods="POST",
        cells={**_NOT_THEIRS, "academic_head": 403},
    ),
    "enrollment:student_card": route(
        "view_student",
        "view_own_class",
        obj=lambda world: world.enrolled,
        methods="GET POST",
        cells={**_NOT_THEIRS, "academic_head": 403},
    ),
    "enrollment:bureau": route("approve_no_hukou", methods="GET POST"),
    "enrollment:without_number": route("view_applicant", methods="GET POST"),
    "enrollment:review": route("view_applicant", obj=_applicant),
    "enrollment:review_next": route(*DECIDING, obj=_batch),
    "enrollment:step_aside": route(*DECIDING, obj=_applicant, methods="POST"),
    "enrollment:hand_over": route("manage_intake", methods="GET POST"),
    "enrollment:review_pass": route(*DECIDING, obj=_applicant, methods="POST"),
    "enrollment:review_return": route(*DECIDING, obj=_applicant, methods="POST"),
    "records:search": route(*FILE_READERS, "view_applicant", methods="GET POST"),
    "records:purpose": route(*FILE_READERS, methods="GET POST"),
    "records:students": route("view_student", methods="GET POST"),
    "records:student": route(*FILE_READERS, obj=_student),
    "records:student_section": route(*FILE_READERS, obj=_part(key="basic")),
    "records:photo": route(*FILE_READERS, obj=_student, good=frozenset({404})),  # it has none
    "records:documents": route("view_student", methods="GET POST"),
    "records:document": route("view_student", obj=_document()),
    "records:document_page": route("view_student", obj=_document(number=1)),
    # 403: reveals numbers, but sees no file outside his own class
    "records:document_download": route("reveal_personal", obj=_document(), cells=_OWN_CLASS_ONLY),
    "records:document_add": route("add_document", obj=_student, methods="GET POST"),
    "records:document_version": route("add_document", obj=_document(), methods="GET POST"),
    "records:document_check": route("review_change", obj=_document(), methods="POST"),
    "records:document_secrecy": route("view_secret_document", obj=_document(), methods="POST"),
    "records:document_catalogue": route("review_change", obj=_document(), methods="POST"),
    "records:document_relate": route("add_document", obj=_document(), methods="POST"),
    "records:document_unrelate": route("add_document", obj=_document(item_no=9), methods="POST"),
    "records:photos": route("manage_photo", methods="GET POST"),
    "records:photo_upload": route("manage_photo", obj=lambda world: world.photo_upload),
    "records:photo_crop": route("manage_photo", obj=lambda world: world.photo_file, methods="GET POST"),
    "records:photo_source": route("manage_photo", obj=lambda world: world.photo_file),
    "records:photo_change": route("manage_photo", obj=_student, methods="GET POST"),
    "records:photo_exports": route("export_photo", "decide_as_head", methods="GET POST"),
    "records:photo_export": route("export_photo", "decide_as_head", obj=lambda world: world.photo_export),
    "records:photo_export_decide": route(
        "export_photo", "decide_as_head", obj=lambda world: world.photo_export, methods="POST"
    ),
    "records:paper": route("manage_loan", obj=_student, methods="GET POST"),
    "records:reveal": route("reveal_personal", obj=_part(field="phone"), methods="POST"),
    "records:my_classes": route("view_own_class"),
    "records:my_class": route(
        "view_own_class", obj=lambda world: {"class_id": world.student_class.public_id}
    ),
    **_entry_routes("reward", "rewards", "record_merit", many=True),
    **_entry_routes("conduct", "conducts", "record_conduct", many=True),
    **_entry_routes("problem", "problems", "record_conduct", many=False),
    **_entry_routes("internship", "internships", "record_employment", many=True),
    **_entry_routes("employment", "employments", "record_employment", many=False),
    "records:problem_answer": route("record_merit", obj=_problem, methods="POST"),
    "records:problem_close": route("record_conduct", obj=_problem, methods="POST"),
    "records:problem_again": route("record_conduct", obj=_problem, methods="POST"),
    "records:internship_finish": route(
        "record_employment", obj=lambda world: world.internship, methods="POST"
    ),
    "records:penalties": route(*CASE_WORKERS, methods="GET POST"),
    "records:penalty_new": route("record_merit", obj=_student, methods="GET POST"),
    "records:penalty": route(*CASE_WORKERS, obj=_penalty()),
    "records:penalty_act": route(*CASE_WORKERS, obj=_penalty(key="notice"), methods="GET POST"),
    "records:penalty_evidence": route(*CASE_WORKERS, obj=_penalty(step_id=NOBODY), good=frozenset({404})),
    "reports:home": route(SIGNED_IN, OWN_FILE),
    "reports:chart": route("view_figures", obj=lambda world: {"key": "students"}, everywhere=True),
    "reports:read_notices": route(SIGNED_IN, methods="POST"),
}

assert {name for name, one in ROUTES.items() if one.is_public} <= PUBLIC
