"""Lines and things of the permission matrix for inspections, rectification notices, opinions and bulletins."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.access import SIGNED_IN
from audit.models import (
    Bulletin,
    InspectedFile,
    Inspection,
    Opinion,
    Rectification,
    RectificationEvidence,
    RectificationStep,
)
from files.actions import store
from ledger.context import service_user
from school.models import Unit
from tests.enrollment.intake import picture
from tests.factories import make_unit, saved
from tests.guards.lines import Route, route
from tests.guards.world import World, kind

PLAN, INSPECT, ANSWER = "plan_inspections", "inspect_departments", "answer_inspection"
READERS = (PLAN, INSPECT, ANSWER)
ALL = (*READERS, "view_figures")


@kind
def department(world: World) -> Unit:
    """The admissions office of the side's school."""
    if world.side == "own":
        return world.cast.admissions
    return make_unit("招生办", world.unit, kind=Unit.Kind.DEPARTMENT, duty="admissions")


@kind
def inspection(world: World) -> Inspection:
    """A finished inspection of that office with one file."""
    today, now = timezone.localdate(), timezone.now()
    made: Inspection = saved(
        Inspection(
            number=f"JC-{world.side}", school=world.unit, unit=world.department, kind="regular", state="finished",
            period_from=today - timedelta(30), period_until=today, planned_on=today, sample_size=1, population=1,
            planned_by=service_user(), inspector=service_user(), inspector_unit=world.unit, begun_at=now,
            finished_at=now,
        )
    )  # fmt: skip
    student = world.student
    saved(
        InspectedFile(inspection=made, position=1, subject=student.public_id, archive_no=student.archive_no)
    )
    return made


@kind
def rectification(world: World) -> Rectification:
    """An issued notice from it, with a scan of an answer."""
    today = timezone.localdate()
    made: Rectification = saved(
        Rectification(
            number=f"ZG-{world.side}", school=world.unit, unit=world.department, inspection=world.inspection,
            problem="某", basis="某", measure="某", days=10, state="issued", inspector=service_user(),
            signer=service_user(), issued_at=timezone.now(), acknowledge_by=today, due_on=today,
        )
    )  # fmt: skip
    step = RectificationStep.objects.create(rectification=made, kind="answered", by=service_user(), note="某")
    scan = store(actor=service_user(), content=picture(), filename="e.jpg", allowed=("jpeg",))
    RectificationEvidence.objects.create(step=step, blob=scan)
    return made


@kind
def opinion(world: World) -> Opinion:
    """An opinion about that office."""
    made: Opinion = saved(
        Opinion(
            number=f"YJ-{world.side}", school=world.unit, unit=world.department, kind="opinion", words="某",
            written_by=service_user(), due_on=timezone.localdate(),
        )
    )  # fmt: skip
    return made


@kind
def bulletin(world: World) -> Bulletin:
    """A bulletin of the side's school."""
    made: Bulletin = Bulletin.objects.create(
        number=f"TB-{world.side}", school=world.unit, year=2026, quarter=3, words="某",
        lines={"inspections": [], "rectifications": []}, published_by=service_user(),
    )  # fmt: skip
    return made


def _inspection(world: World) -> Any:
    return {"inspection_id": world.inspection.public_id}


def _file(world: World) -> Any:
    return {"file_id": world.inspection.files.get().public_id}


def _rectification(world: World) -> Any:
    return {"rectification_id": world.rectification.public_id}


def _evidence(world: World) -> Any:
    row = RectificationEvidence.objects.get(step__rectification=world.rectification)
    return {"evidence_id": row.public_id}


def _opinion(world: World) -> Any:
    return {"opinion_id": world.opinion.public_id}


def _bulletin(world: World) -> Any:
    return {"bulletin_id": world.bulletin.public_id}


OTHERS = {"academic_head": 404, "student_affairs_head": 404, "finance": 404}
"""They answer for their own departments; this one is the admissions office's."""


def _notice_act(perm: str) -> Route:
    cells = OTHERS if perm == ANSWER else None
    return route(perm, obj=_rectification, methods="POST", cells=cells)


SUPERVISION: dict[str, Route] = {
    "audit:inspections": route(*READERS, methods="GET POST"),
    "audit:inspection_plan": route(PLAN, methods="GET POST"),
    "audit:inspection": route(*READERS, obj=_inspection, cells=OTHERS),
    **{
        f"audit:inspection_{act}": route(INSPECT, obj=_inspection, methods="POST")
        for act in ("begin", "findings", "finish")
    },
    "audit:inspection_assign": route(PLAN, obj=_inspection, methods="POST"),
    "audit:inspection_print": route(*READERS, obj=_inspection, methods="POST", cells=OTHERS),
    "audit:inspected_file": route(INSPECT, obj=_file, methods="GET POST"),
    "audit:rectifications": route(*READERS, methods="GET POST"),
    "audit:rectification_new": route(INSPECT, obj=_inspection, methods="GET POST"),
    "audit:rectification_of_opinion": route(INSPECT, obj=_opinion, methods="GET POST"),
    "audit:rectification": route(*READERS, obj=_rectification, cells=OTHERS),
    "audit:rectification_print": route(*READERS, obj=_rectification, methods="POST", cells=OTHERS),
    "audit:rectification_evidence": route(*READERS, obj=_evidence, cells=OTHERS),
    **{f"audit:rectification_{act}": _notice_act(PLAN) for act in ("sign", "drop")},
    **{f"audit:rectification_{act}": _notice_act(ANSWER) for act in ("acknowledge", "answer")},
    "audit:rectification_verify": _notice_act(INSPECT),
    "audit:opinions": route(INSPECT, methods="GET POST"),
    "audit:opinion_write": route(SIGNED_IN, methods="GET POST"),
    "audit:opinion": route(INSPECT, obj=_opinion, methods="GET POST"),
    "audit:bulletins": route(*ALL, methods="GET POST"),
    "audit:bulletin_new": route(PLAN, methods="GET POST"),
    "audit:bulletin": route(*ALL, obj=_bulletin),
    "audit:bulletin_print": route(*ALL, obj=_bulletin, methods="POST"),
}
