"""Pages of imports: the list, the upload, the result, the problem rows."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.models import User
from accounts.scope import NotPermitted, holds, units_with
from core.workbook import WorkbookRefused
from enrollment.actions import BatchClosed
from enrollment.cells import layout_of
from enrollment.importing import actions, mending, selectors
from enrollment.importing.forms import DismissForm, TakeOverForm, UploadForm
from enrollment.importing.lists import FaultList, ImportList, ProblemRowList
from enrollment.importing.template import empty_template
from enrollment.models import ImportJob
from enrollment.selectors import batch_for
from files.inspection import FILE_TYPES
from files.refusals import FileRefused
from files.selectors import open_blob
from files.serving import serve_bytes
from jobs.actions import JobEnded
from jobs.actions import cancel as cancel_job
from jobs.selectors import how_far, words_of

PERM = actions.PERM
READERS = selectors.READERS
XLSX = FILE_TYPES["xlsx"].content_type
State = ImportJob.State


@requires(*READERS)
@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """Files that were imported or wait for it."""
    user = user_of(request)
    page = ImportList(request, selectors.imports(user), user=user)
    return page.respond("enrollment/imports/imports.html", {"may_import": holds(user, PERM)})


@requires(*READERS)
@require_http_methods(["GET", "POST"])
def problems(request: HttpRequest) -> HttpResponse:
    """Rows of all imports that wait to be mended."""
    user = user_of(request)
    page = ProblemRowList(request, selectors.problem_rows(user), user=user)
    return page.respond("enrollment/imports/problems.html")


@requires(PERM)
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Choose a batch and a file; the check begins at once."""
    user = user_of(request)
    mends = _mended(user, request.GET["mends"]) if "mends" in request.GET else None
    batches = [batch for batch in selectors.open_batches(user) if mends is None or batch.pk == mends.batch_id]
    chosen = str(mends.batch.public_id) if mends else request.GET.get("batch", "")
    form = UploadForm(request.POST or None, request.FILES or None, batches=batches, initial={"batch": chosen})
    context: dict[str, Any] = {"form": form, "batches": batches, "mends": mends, "chosen": chosen}
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = actions.upload(
                actor=user,
                batch=form.cleaned_data["batch"],
                content=file.read(),
                filename=file.name,
                mends=mends,
                at_once=form.cleaned_data["at_once"],
            )
        except actions.RepeatedFile as repeated:
            context["repeated"] = repeated.import_job
        except (FileRefused, BatchClosed, actions.ImportRefused) as refused:
            form.add_error("file", str(refused))
        else:
            return redirect("enrollment:import_result", public_id=made.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "enrollment/imports/upload.html", context, status=status)


def _mended(user: User, text: str) -> ImportJob:
    """The import that the address names as the one to be mended. Raises Http404 or OutOfScope."""
    try:
        asked = UUID(text)
    except ValueError:
        raise Http404 from None
    return selectors.import_for(user, asked)


@requires(PERM)
@require_GET
def template(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The empty template of a batch."""
    batch = batch_for(user_of(request), batch_id, PERM)
    return serve_bytes(empty_template(batch), f"{batch.code}.xlsx", XLSX)


@requires(*READERS)
@require_http_methods(["GET", "POST"])
def result(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What was found in a file, and what can be done now."""
    user = user_of(request)
    found = selectors.import_for(user, public_id, *READERS)
    context: dict[str, Any] = {"import": found, "kind": selectors.KINDS[State(found.state)]}
    context |= _hands(user, found)
    if found.state in selectors.OPEN_STATES:
        context |= {"progress": _bar(found), "can_cancel": found.job.requested_by_id == user.pk}
    if found.state not in {State.CHECKED, State.IMPORTED}:
        context |= {"refusal": selectors.refusal_of(found, user), "failure": words_of(found.job)}
        return render(request, "enrollment/imports/result.html", context)
    faults = selectors.faults_of(found)
    page = FaultList(request, faults, user=user, import_job=found)
    rows = selectors.row_counts(found)
    context |= {
        "rows": rows,
        "sentence": _sentence(found),
        "has_faults": found.error_count or found.warning_count,
        "kinds": selectors.kinds_of(found) if request.GET.get("view") == "kinds" else None,
        "first_waiting": selectors.first_waiting(found, user) if rows.waiting else None,
        "level": request.GET.get("level", ""),
        "can_mark": not found.blob.content_type.endswith("/zip"),
    }
    if found.row_count > selectors.MOST_MARKED_AT_ONCE:
        context |= {"mark_by_job": True, "marked": selectors.ready_marked_file(found)}
    if not request.headers.get("HX-Request"):
        actions.note_view("import.opened", actor=user, import_job=found)
    return page.respond("enrollment/imports/result.html", context)


def _hands(user: User, found: ImportJob) -> dict[str, Any]:
    """Whose the import is, and what ``user`` may do with it."""
    mine = found.owner_id == user.pk
    enters = found.batch.school_id in units_with(user, PERM)
    heads = found.batch.school_id in units_with(user, actions.APPROVE)
    return {
        "mine": mine and enters,
        "can_take_over": enters and not mine and found.state not in selectors.OPEN_STATES,
        "can_undo": found.state == State.IMPORTED and found.imported_count and (heads or (mine and enters)),
        "mends_of_other": found.mends and found.mends.owner_id != found.owner_id and found.mends,
        "take_over_form": TakeOverForm(),
    }


def _bar(found: ImportJob) -> Any:
    return how_far(found.job, url=reverse("enrollment:import_progress", args=[found.public_id]))


def _sentence(found: ImportJob) -> str:
    parts = [
        ngettext("%(count)s row", "%(count)s rows", found.row_count) % {"count": f"{found.row_count:,}"},
        _("%(count)s can be imported") % {"count": f"{found.good_count:,}"},
        _("%(count)s with errors") % {"count": f"{found.error_count:,}"},
        _("%(count)s with warnings") % {"count": f"{found.warning_count:,}"},
    ]
    if found.skipped_count:
        parts.append(_("%(count)s are in already") % {"count": f"{found.skipped_count:,}"})
    return _("%(rows)s: %(rest)s") % {"rows": parts[0], "rest": _(", ").join(parts[1:])}


@requires(*READERS, background=True)
@require_GET
def progress(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The bar alone; the page is drawn anew when the job has ended."""
    found = selectors.import_for(user_of(request), public_id, *READERS)
    response = render(request, "jobs/progress.html", {"progress": _bar(found)})
    if found.state not in selectors.OPEN_STATES:
        response["HX-Refresh"] = "true"
    return response


def _back(found: ImportJob) -> HttpResponse:
    return redirect("enrollment:import_result", public_id=found.public_id)


@requires(PERM)
@require_POST
def start(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Import the good rows, or all when none has errors."""
    user = user_of(request)
    found = selectors.import_for(user, public_id)
    try:
        actions.start_import(actor=user, import_job=found, all_or_nothing="all" in request.POST)
    except (actions.ImportRefused, BatchClosed) as refused:
        messages.error(request, str(refused))
    return _back(found)


@requires(PERM)
@require_POST
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Stop the running check or import; nothing of it stays."""
    user = user_of(request)
    found = selectors.import_for(user, public_id)
    if found.job.requested_by_id == user.pk:
        try:
            cancel_job(actor=user, job=found.job)
        except JobEnded:
            messages.info(request, _("The work has ended already."))
    return _back(found)


@requires(PERM)
@require_POST
def take_over_import(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Become the owner of an import and of its problem rows."""
    user = user_of(request)
    found = selectors.import_for(user, public_id)
    form = TakeOverForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("State the reason."))
        return _back(found)
    try:
        count = actions.take_over_import(actor=user, import_job=found, reason=form.cleaned_data["reason"])
    except actions.ImportRefused as refused:
        messages.error(request, str(refused))
    else:
        text = ngettext(
            "The import is yours now, with %(count)s row to be mended.",
            "The import is yours now, with %(count)s rows to be mended.",
            count,
        )
        messages.success(request, text % {"count": count})
    return _back(found)


@requires(*READERS)
@require_POST
def undo(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take all applicants of an import back."""
    user = user_of(request)
    found = selectors.import_for(user, public_id, *READERS)
    try:
        count = actions.undo(actor=user, import_job=found)
    except actions.ImportRefused as refused:
        messages.error(request, str(refused))
    else:
        text = ngettext("%(count)s draft was taken back.", "%(count)s drafts were taken back.", count)
        messages.success(request, text % {"count": count})
    return _back(found)


@requires(PERM)
@require_GET
def marked(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The uploaded file with its faults marked: it holds every number whole, so it is the owner's alone."""
    user = user_of(request)
    found = selectors.import_for(user, public_id)
    if actions.owned_by_other(user, found):
        raise NotPermitted("marked file of an import", obj=found, unit_id=found.batch.school_id)
    try:
        content = _marked_content(found)
    except WorkbookRefused as refused:
        messages.error(request, refused.message)
        return _back(found)
    if content is None:
        messages.info(request, _("The marked file of so many rows is made in the background first."))
        return _back(found)
    actions.note_view("import.marked_file_downloaded", actor=user, import_job=found)
    stem = found.blob.filename.rpartition(".")[0] or found.blob.filename
    return serve_bytes(content, _("%(name)s-marked.xlsx") % {"name": stem}, XLSX)


def _marked_content(found: ImportJob) -> bytes | None:
    """The marked file; None when a job must make it first. Raises WorkbookRefused."""
    if found.row_count <= selectors.MOST_MARKED_AT_ONCE:
        return selectors.marked_file(found)
    made = selectors.ready_marked_file(found)
    return open_blob(made.blob) if made and made.blob else None


@requires(PERM)
@require_POST
def order_marked(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Have the marked file of many rows made in the background."""
    user = user_of(request)
    found = selectors.import_for(user, public_id)
    try:
        job = actions.order_marked_file(actor=user, import_job=found)
    except actions.ImportRefused as refused:
        messages.error(request, str(refused))
        return _back(found)
    return redirect("jobs:job", public_id=job.public_id)


@requires(PERM)
@require_http_methods(["GET", "POST"])
def row(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One problem row: mend its cells, or give it up."""
    user = user_of(request)
    found = selectors.row_for(user, public_id)
    layout = layout_of(found.import_job.batch)
    mine = found.owner_id == user.pk
    faults = selectors.faults_of_row(found, layout)
    cells = selectors.cells_of_row(found)
    refused = ""
    if request.method == "POST":
        cells = {column.field: request.POST.get(column.field, "") for column in layout.columns}
        try:
            actions.mend(actor=user, row=found, cells=cells)
        except actions.StillFaulty as still:
            faults = still.faults
        except actions.NotOwner as other:
            mine, refused = False, str(other)
        except (actions.ImportRefused, BatchClosed) as fault:
            messages.error(request, str(fault))
            return _back(found.import_job)
        else:
            messages.success(request, _("Row %(number)s is now a draft.") % {"number": found.row_number})
            return _next(found)
    else:
        actions.note_view("import.row_opened", actor=user, import_job=found.import_job, row=found)
    context = {
        "row": found,
        "import": found.import_job,
        "mine": mine,
        "file": selectors.file_of(found, user),
        "refused": refused,
        "name": cells.get("name", ""),
        "sections": mending.sections(layout, cells, faults, hidden=not (mine or refused)),
        "lists": mending.choices(found.import_job.batch) if mine else {},
        "errors": sum(fault.level == "error" for fault in faults),
        "next_row": selectors.next_problem(found),
        "dismiss_form": DismissForm(),
        "take_over_form": TakeOverForm(),
    }
    return render(request, "enrollment/imports/row.html", context, status=409 if refused else 200)


def _next(found: Any) -> HttpResponse:
    following = selectors.next_problem(found)
    return (
        redirect("enrollment:import_row", public_id=following.public_id)
        if following
        else _back(found.import_job)
    )


@requires(PERM)
@require_POST
def take_over(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Become the owner of a problem row."""
    user = user_of(request)
    found = selectors.row_for(user, public_id)
    form = TakeOverForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("State the reason."))
        return redirect("enrollment:import_row", public_id=found.public_id)
    try:
        actions.take_over(actor=user, row=found, reason=form.cleaned_data["reason"])
    except actions.ImportRefused as refused:
        messages.error(request, str(refused))
        return _back(found.import_job)
    return redirect("enrollment:import_row", public_id=found.public_id)


@requires(PERM)
@require_POST
def dismiss(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give a problem row up."""
    user = user_of(request)
    found = selectors.row_for(user, public_id)
    form = DismissForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("State the reason."))
        return redirect("enrollment:import_row", public_id=found.public_id)
    try:
        actions.dismiss(actor=user, row=found, reason=form.cleaned_data["reason"])
    except actions.ImportRefused as refused:
        messages.error(request, str(refused))
        return _back(found.import_job)
    messages.success(request, _("Row %(number)s was dismissed.") % {"number": found.row_number})
    return _next(found)
