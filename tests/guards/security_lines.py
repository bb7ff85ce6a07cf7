"""Lines and things of the permission matrix for alerts, certificates and incidents."""

from typing import Any

from django.utils import timezone

from accounts.access import SIGNED_IN
from archive.certificates.facts import facts_of, packed
from archive.models import Certificate, ImpactAssessment
from audit.models import Alert, Incident, IncidentStep, Verification
from ledger.context import service_user
from ledger.models import Seal
from tests.factories import saved
from tests.guards.lines import Route, route
from tests.guards.rights_lines import RIGHTS
from tests.guards.world import World, kind


@kind
def certificate(world: World) -> Certificate:
    """The first certificate of the side's school, about that student."""
    stay = world.student.enrolments.get()
    said = packed(facts_of(stay, "enrolment", whole_number=False))
    facts = {"facts": said, "digest": b"0" * 32, "language": "zh", "purpose": "某"}
    whose = {
        "school": world.unit,
        "unit": world.unit,
        "student": world.student,
        "student_no": stay.student_no,
    }
    given = {"issued_by": service_user(), "issued_at": timezone.now()}
    made: Certificate = Certificate.objects.create(
        year=2026, serial=1, kind="enrolment", **facts, **whose, **given
    )
    return made


@kind
def assessment(world: World) -> ImpactAssessment:
    """An impact assessment of the side's school that waits to be confirmed."""
    today = timezone.localdate()
    texts = dict.fromkeys(("title", "kinds", "purpose", "necessity", "risk", "measures"), "某")
    made: ImpactAssessment = saved(
        ImpactAssessment(
            number=f"PG-{world.side}", school=world.unit, conclusion="acceptable", made_by=service_user(),
            made_on=today, valid_until=today, **texts,
        )
    )  # fmt: skip
    return made


@kind
def incident(world: World) -> Incident:
    """A reported incident of the side's school whose extent is assessed."""
    now = timezone.now()
    times = {"noticed_at": now, "reported_at": now, "authority_due": now}
    made: Incident = saved(
        Incident(
            number=f"AQ-{world.side}", school=world.unit, kind="leak", what="某", reported_by=service_user(),
            **times,
        )
    )  # fmt: skip
    for step in ("isolated", "assessed"):
        IncidentStep.objects.create(incident=made, step=step, by=service_user(), note="某")
    return made


@kind
def alert(world: World) -> Alert:
    """Somebody of the side's school read many files today."""
    amount = {"day": timezone.localdate(), "count": 51, "limit": 50}
    made: Alert = saved(Alert(kind="bulk", school=world.unit, person=world.person, **amount))
    return made


@kind
def verification(world: World) -> Verification:
    """A verification without faults."""
    now = timezone.now()
    made = Verification(by=service_user(), started_at=now, ended_at=now, seals=1, rows=0, count=0)
    made.save()
    return made


def _seal(world: World) -> Any:
    if not Seal.objects.exists():
        Seal(number=1, at=timezone.now(), header="{}", key_id="demo-1", signature=b"0").save()
    return {"number": 1}


def _verification(world: World) -> Any:
    return {"verification_id": world.verification.public_id}


def _certificate(world: World) -> Any:
    return world.certificate


def _assessment(world: World) -> Any:
    return {"assessment_id": world.assessment.public_id}


def _incident(world: World) -> Any:
    return world.incident


def _student(world: World) -> Any:
    return {"student_id": world.student.public_id}


_ANOTHERS = {"leader": 404}
"""He sees alerts that nobody else can answer; this one has its security administrator."""

_ANOTHERS_CASE = {"leader": 403}
"""He reads every case and runs those that nobody else can; this one has its security administrator."""

ASSESS = ("manage_incident", "decide_for_archives")
CONFIRM = (*ASSESS, "close_incident")
ASSESSMENTS = (*CONFIRM, "view_events", "export_students", "request_sharing", "release_sharing")

SECURITY: dict[str, Route] = {
    "archive:assessments": route(*ASSESSMENTS, methods="GET POST"),
    "archive:assessment_new": route(*ASSESS, methods="GET POST"),
    "archive:assessment": route(*ASSESSMENTS, obj=_assessment),
    "archive:assessment_confirm": route(*CONFIRM, obj=_assessment, methods="POST"),
    "archive:assessment_end": route(*CONFIRM, obj=_assessment, methods="POST"),
    "archive:certificates": route("issue_certificate", methods="GET POST"),
    "archive:certificate": route("issue_certificate", obj=_certificate),
    "archive:certificate_copy": route("issue_certificate", obj=_certificate, methods="POST"),
    "archive:certificate_void": route("issue_certificate", obj=_certificate, methods="POST"),
    "archive:certificate_new": route("issue_certificate", obj=_student, methods="GET POST"),
    "archive:certificate_check": route("issue_certificate", methods="GET POST"),
    "archive:certificate_class": route("issue_certificate", methods="GET POST"),
    "archive:proof": route("export_package", obj=_student, methods="POST"),
    "audit:seals": route("view_events", methods="GET POST"),
    "audit:seal_keys": route(),
    "audit:seal": route("view_events", obj=_seal, everywhere=True),
    "audit:verifications": route("view_events", methods="GET POST"),
    "audit:verify": route("view_events", methods="POST"),
    "audit:verification": route("view_events", obj=_verification, methods="GET POST", everywhere=True),
    "audit:incidents": route("manage_incident", "close_incident", methods="GET POST"),
    "audit:incident_report": route(SIGNED_IN, methods="GET POST"),
    "audit:incident": route("manage_incident", "close_incident", obj=_incident),
    "audit:incident_step": route("manage_incident", "close_incident", obj=_incident, methods="POST"),
    **{
        f"audit:incident_{act}": route("manage_incident", "close_incident", obj=_incident, methods="POST")
        for act in ("account", "extent", "letter")
    },
    "audit:incident_notice": route(
        "manage_incident", "close_incident", obj=_incident, methods="POST", cells=_ANOTHERS_CASE
    ),
    "audit:incident_letters": route("decide_for_archives", obj=_incident, methods="GET POST"),
    **RIGHTS,
    "audit:exports": route("export_students", "view_events", "manage_incident", methods="GET POST"),
    "audit:export_new": route("export_students", methods="GET POST"),
    "audit:export_recognise": route("view_events", "manage_incident", methods="GET POST"),
    "audit:alerts": route("manage_incident", "close_incident", methods="GET POST"),
    "audit:alert": route(
        "manage_incident",
        "close_incident",
        obj=lambda world: world.alert,
        methods="GET POST",
        cells=_ANOTHERS,
    ),
}
