"""The clerk's pages: lists of applicants and the form."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.scope import units_with
from approvals.reasons import ReturnReason
from core.formatting import clock
from core.ui import Marks
from enrollment import actions, batch_figures, selectors
from enrollment.cells import filled_from_number
from enrollment.forms import ApplicantForm, fault_text
from enrollment.lists import ApplicantList
from enrollment.models import Applicant, IntakeBatch
from enrollment.steps import OPEN_TO_CLERK
from enrollment.views.common import people_ahead, shown_steps, tell
from enrollment.work_forms import ScanForm
from records.faults import Fault
from records.labels import region_names
from records.models import DocumentKind


@requires("view_applicant")
@require_http_methods(["GET", "POST"])
def applicants(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The applicants of one batch."""
    user = user_of(request)
    batch = selectors.batch_for(user, batch_id)
    page = ApplicantList(
        request,
        selectors.applicants_of(user, batch),
        user=user,
        class_choices=selectors.class_choices(batch),
    )
    context = {
        "batch": batch,
        "may_enter": batch.is_open and batch.school_id in units_with(user, "enter_applicant"),
        "waiting": selectors.waiting_for(user).filter(batch=batch).count(),
        "deadline": batch_figures.banner(user, batch),
        "quota": batch_figures.quota_of(user, batch),
    }
    return page.respond("enrollment/applicants.html", context)


@requires("enter_applicant")
@require_POST
def start(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Begin a draft and open its form."""
    user = user_of(request)
    batch = selectors.batch_for(user, batch_id, "enter_applicant")
    try:
        applicant = actions.start_applicant(actor=user, batch=batch)
    except actions.BatchClosed as closed:
        tell(request, closed, fault=True)
        return redirect("enrollment:applicants", batch_id)
    return redirect("enrollment:applicant_form", applicant.public_id)


@requires("enter_applicant")
@require_http_methods(["GET", "POST"])
def form(request: HttpRequest, applicant_id: UUID) -> HttpResponse:
    """The form of the clerk's own draft; others are shown for reading."""
    user = user_of(request)
    applicant = selectors.applicant_for(user, applicant_id, "enter_applicant")
    if applicant.entered_by_id != user.pk or applicant.state not in OPEN_TO_CLERK:
        if request.method == "POST":
            tell(request, _("Nothing was saved: this applicant is not open to you any more."), fault=True)
        return redirect("enrollment:review", applicant_id)
    if request.method == "POST":
        return _posted(request, applicant)
    book = selectors.book_of(applicant.batch)
    cells = selectors.shown_cells(applicant)
    bound = _form(request, applicant, cells, book)
    found = actions.examine_typed(actor=user, applicant=applicant, cells=cells, book=book)
    faults = [one for one in found if one.level != "error" or cells.get(one.field, "").strip()]
    bound.show_faults(faults)
    return _page(request, applicant, bound, faults)


def _form(
    request: HttpRequest, applicant: Applicant, cells: dict[str, str], book: Any, *, bound: bool = False
) -> ApplicantForm:
    data = request.POST if bound else None
    shown = cells | actions.notes_of(applicant)
    made = ApplicantForm(
        applicant.batch,
        shown,
        book,
        data,
        parents_case=applicant.no_hukou,
        initial={"version": applicant.version},
    )
    made.errors  # noqa: B018 builds the empty list of errors that faults are added to
    return made


def _posted(request: HttpRequest, applicant: Applicant) -> HttpResponse:
    user = user_of(request)
    book = selectors.book_of(applicant.batch)
    bound = _form(request, applicant, selectors.shown_cells(applicant), book, bound=True)
    cells = _completed(bound.cells)
    act = request.POST.get("act", "save")
    try:
        saved = actions.save_draft(actor=user, applicant=applicant, cells=cells, version=bound.seen_version)
        if act == "save":
            _tell_saved(request, saved.refused)
            return redirect("enrollment:applicant_form", applicant.public_id)
        sent = actions.self_check(actor=user, applicant=saved.applicant)
    except actions.StaleVersion as stale:
        return _conflict(request, applicant, bound, stale)
    except actions.NotReady as open_points:
        return _not_ready(request, applicant, open_points)
    except actions.NobodyCan as nobody:
        tell(request, nobody, fault=True)
        return redirect("enrollment:applicant_form", applicant.public_id)
    except actions.IntakeRefused as refused:
        tell(request, refused, fault=True)
        return redirect("enrollment:review", applicant.public_id)
    tell(request, _("Submitted: %(number)s") % {"number": sent.number})
    return _onward(request, applicant.batch, act)


def _completed(cells: dict[str, str]) -> dict[str, str]:
    told = filled_from_number(cells)
    return cells | {field: text for field, text in told.items() if not cells.get(field, "").strip()}


def _tell_saved(request: HttpRequest, refused: tuple[Fault, ...]) -> None:
    if refused:
        tell(
            request, _("Draft saved. Some fields hold no value that can be used yet; see below."), fault=True
        )
    else:
        tell(request, _("Draft saved"))


def _onward(request: HttpRequest, batch: IntakeBatch, act: str) -> HttpResponseRedirect:
    if act == "next":
        try:
            following = actions.start_applicant(actor=user_of(request), batch=batch)
        except actions.BatchClosed as closed:
            tell(request, closed, fault=True)
        else:
            return redirect("enrollment:applicant_form", following.public_id)
    return redirect("enrollment:applicants", batch.public_id)


def _not_ready(request: HttpRequest, applicant: Applicant, open_points: actions.NotReady) -> HttpResponse:
    applicant = selectors.applicant_for(user_of(request), applicant.public_id, "enter_applicant")
    book = selectors.book_of(applicant.batch)
    cells = selectors.shown_cells(applicant)
    shown = _form(request, applicant, cells, book)
    shown.show_faults(list(open_points.faults))
    if "checked_with_original" in open_points.points:
        shown.add_error("checked_with_original", _("Confirm that the originals were compared."))
    if "age_reason" in open_points.points:
        shown.add_error("age_reason", _("State the reason for the unusual age."))
    missing = [DocumentKind(kind).label for kind in open_points.documents]
    user = user_of(request)
    faults = actions.examine_typed(actor=user, applicant=applicant, cells=cells, book=book)
    return _page(request, applicant, shown, faults, missing=missing, status=422)


def _conflict(
    request: HttpRequest, applicant: Applicant, bound: ApplicantForm, stale: actions.StaleVersion
) -> HttpResponse:
    differing = [
        {
            "id": f"id_{field}",
            "label": bound.fields[field].label,
            "mine": text,
            "theirs": stale.current[field],
        }
        for field, text in bound.cells.items()
        if field in stale.current and not _same(bound, field, text, stale.current[field])
    ]
    bound.data = {**bound.data.dict(), "version": str(stale.version)}  # type: ignore[attr-defined]  # a QueryDict here
    return _page(request, applicant, bound, [], conflict=differing, status=409)


def _same(bound: ApplicantForm, field: str, mine: str, theirs: str) -> bool:
    plain = str.maketrans("", "", "-/. ")
    is_date = field in bound.layout.by_field and bound.layout.by_field[field].kind.value in {"date", "month"}
    return mine.translate(plain) == theirs.translate(plain) if is_date else mine == theirs


def _page(
    request: HttpRequest,
    applicant: Applicant,
    shown: ApplicantForm,
    faults: list[Fault],
    *,
    missing: list[Any] | None = None,
    conflict: list[dict[str, Any]] | None = None,
    status: int = 200,
) -> HttpResponse:
    shown.warnings = _warnings(shown, faults)
    returned = selectors.last_return(applicant) if applicant.state == Applicant.State.RETURNED else None
    reason = ReturnReason(returned.reason).label if returned and returned.reason else ""
    today = timezone.localdate()
    context = {
        "applicant": applicant,
        "batch": applicant.batch,
        "form": shown,
        "steps": shown_steps(applicant),
        "returned": returned,
        "return_reason": reason,
        "marks": Marks(dict.fromkeys(returned.fields, reason or _("Returned"))) if returned else Marks(),
        "namesakes": _namesakes(request, applicant, faults),
        "missing_documents": missing,
        "conflict": conflict,
        "overdue": applicant.batch.entry_deadline < today,
        "documents": selectors.document_checklist(applicant),
        "ahead": people_ahead(applicant),
        "scan_form": ScanForm(),
        "may_attach": True,
        "asks_for_age": any(one.code in {"age_unusual", "under_age"} for one in faults)
        or bool(applicant.age_reason),
    }
    return render(request, "enrollment/applicant_form.html", context, status=status)


def _warnings(shown: ApplicantForm, faults: list[Fault]) -> dict[str, str]:
    return {
        one.field: fault_text(one) for one in faults if one.level == "warning" and one.field in shown.fields
    }


def _namesakes(request: HttpRequest, applicant: Applicant, faults: list[Fault]) -> list[Applicant] | None:
    if not any(one.code in {"possible_duplicate", "id_duplicate"} for one in faults):
        return None
    return selectors.visible_namesakes(user_of(request), applicant)


@requires("enter_applicant")
@require_POST
def autosave(request: HttpRequest, applicant_id: UUID) -> HttpResponse:
    """Save the draft without leaving the page; says when and under which version."""
    user = user_of(request)
    applicant = selectors.applicant_for(user, applicant_id, "enter_applicant")
    book = selectors.book_of(applicant.batch)
    bound = _form(request, applicant, selectors.shown_cells(applicant), book, bound=True)
    try:
        saved = actions.save_draft(
            actor=user, applicant=applicant, cells=bound.cells, version=bound.seen_version
        )
    except actions.IntakeRefused as refused:
        return JsonResponse({"message": str(refused)}, status=409)
    answer = {"version": saved.applicant.version, "saved_at": clock(timezone.now())}
    return JsonResponse(answer)


@requires("enter_applicant")
@require_POST
def check_form(request: HttpRequest, applicant_id: UUID) -> HttpResponse:
    """What the server's checks say of the fields as they are typed now; saves nothing."""
    user = user_of(request)
    applicant = selectors.applicant_for(user, applicant_id, "enter_applicant")
    book = selectors.book_of(applicant.batch)
    bound = _form(request, applicant, selectors.shown_cells(applicant), book, bound=True)
    filled = filled_from_number(bound.cells)
    cells = selectors.shown_cells(applicant) | _completed(bound.cells)
    faults: dict[str, list[dict[str, str]]] = {}
    for one in actions.examine_typed(actor=user, applicant=applicant, cells=cells, book=book):
        line = {"level": one.level, "code": one.code, "text": fault_text(one)}
        faults.setdefault(one.field, []).append(line)
    regions = {field: cells[field] for field in bound.region_fields}
    names = region_names(regions.values())
    answer = {
        "faults": faults,
        "filled": filled,
        "regions": {field: names.get(code, "") for field, code in regions.items()},
    }
    return JsonResponse(answer)


@requires("enter_applicant")
@require_POST
def regions(request: HttpRequest) -> HttpResponse:
    """Regions by the beginning of their code or a part of their name, as options."""
    found = selectors.find_regions(request.POST.get("q", "")[:40])
    return JsonResponse({"options": found})


@requires("view_applicant")
@require_POST
def recall(request: HttpRequest, applicant_id: UUID) -> HttpResponse:
    """Take back one's own last step."""
    user = user_of(request)
    applicant = selectors.applicant_for(user, applicant_id)
    try:
        row = actions.recall(actor=user, applicant=applicant)
    except actions.IntakeRefused as refused:
        tell(request, refused, fault=True)
        return redirect("enrollment:review", applicant_id)
    tell(request, _("Recalled: %(number)s") % {"number": row.number})
    page = "applicant_form" if row.state == Applicant.State.DRAFT else "review"
    return redirect(f"enrollment:{page}", applicant_id)


@requires("enter_applicant", "approve_applicant")
@require_POST
def withdraw(request: HttpRequest, applicant_id: UUID) -> HttpResponse:
    """Give an applicant up, with a reason."""
    user = user_of(request)
    applicant = selectors.applicant_for(user, applicant_id)
    reason = request.POST.get("reason", "").strip()[:200]
    if not reason:
        tell(request, _("Giving an applicant up needs a reason."), fault=True)
        return redirect("enrollment:review", applicant_id)
    try:
        actions.withdraw(actor=user, applicant=applicant, reason=reason)
    except actions.IntakeRefused as refused:
        tell(request, refused, fault=True)
        return redirect("enrollment:review", applicant_id)
    tell(request, _("Given up: %(number)s") % {"number": applicant.number})
    return redirect("enrollment:applicants", applicant.batch.public_id)
