"""Pages of documents: shown page by page without leaving the file, added, checked, catalogued, downloaded."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of, wants_fragment
from accounts.models import User
from core.formatting import moment
from files.preview import page_picture
from files.refusals import FileRefused
from files.selectors import BlobDamaged
from files.serving import serve, serve_bytes
from records import opening
from records.documents import actions, reading, rights
from records.documents.forms import CatalogueForm, CheckForm, DocumentForm, PaperForm, RelateForm, SecrecyForm
from records.documents.lists import DocumentList, review_badge, secrecy_badge
from records.documents.refusals import DocumentRefused
from records.models import Document, DocumentKind, Secrecy
from records.selectors import StudentFile


def _opened(request: HttpRequest, student_id: UUID, document_id: UUID) -> tuple[StudentFile, Document]:
    """A document that the reader may look at. Raises OutOfScope, Http404, NotPermitted."""
    file = reading.file_for(user_of(request), student_id)
    document = reading.document_for(file, document_id)
    rights.demand_open(file, document)
    return file, document


def watermark(user: User) -> str:
    """Who looks, and when."""
    return f"{user.name} {user.staff_no} {moment(timezone.now())}"


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store, private"
    return response


@requires("view_student")
@require_http_methods(["GET", "POST"])
def documents(request: HttpRequest) -> HttpResponse:
    """The catalogue of documents."""
    user = user_of(request)
    return DocumentList(request, reading.catalogue(user), user=user).respond("records/documents/list.html")


@requires("view_student")
@require_GET
def show(request: HttpRequest, public_id: UUID, document_id: UUID) -> HttpResponse:
    """A document: the viewer alone for the page of the file, else with all that is known about it."""
    user = user_of(request)
    file, document = _opened(request, public_id, document_id)
    if asked := opening.question(request):
        return asked
    opening.note(request, file, again=True)
    values: dict[str, Any] = {
        "document": document,
        "student": file.student,
        "pages": range(1, (document.blob.pages or 1) + 1),
        "may_download": file.allows(rights.REVEAL),
        "watermark": watermark(user),
    }
    if wants_fragment(request):
        return _private(render(request, "records/documents/viewer.html", values))
    return _private(render(request, "records/documents/document.html", values | _about(user, file, document)))


def _about(user: User, file: StudentFile, document: Document) -> dict[str, Any]:
    may_check = file.allows(rights.CHECK) and document.is_current
    is_photo = document.kind == DocumentKind.PHOTO
    may_add = file.allows(rights.ADD) and document.is_current and not is_photo
    others = reading.others_in(document) if may_add else []
    settled = document.review == Document.Review.UNFIT
    return {
        "file": file,
        "versions": reading.versions_of(document),
        "related": [(row, rights.may_open(file, row)) for row in reading.related_to(document)],
        "review": review_badge(document),
        "secrecy": secrecy_badge(document),
        "may_add": may_add,
        "may_check": may_check and not settled and document.added_by_id != user.pk,
        "own_work": may_check
        and document.added_by_id == user.pk
        and document.review == Document.Review.WAITING,
        "check_form": CheckForm(),
        "catalogue_form": CatalogueForm(
            initial={"class_code": document.class_code, "subject_terms": document.subject_terms}
        )
        if may_check and not is_photo
        else None,
        "secrecy_form": SecrecyForm(initial={"secrecy": document.secrecy})
        if may_check and not is_photo and file.allows(rights.SECRET)
        else None,
        "relate_form": RelateForm(others=others) if others else None,
    }


@requires("view_student")
@require_GET
def page(request: HttpRequest, public_id: UUID, document_id: UUID, number: int) -> HttpResponse:
    """One page as a picture with the reader's name on it; each is an event."""
    user = user_of(request)
    file, document = _opened(request, public_id, document_id)
    if asked := opening.question(request):
        return asked
    try:
        picture = page_picture(document.blob, number, watermark(user))
    except (BlobDamaged, FileRefused, IndexError):
        raise Http404 from None
    opening.note(request, file, again=True)
    actions.note_page(actor=user, file=file, document=document, page=number)
    return serve_bytes(picture, "page.jpg", "image/jpeg", "inline")


@requires("reveal_personal")
@require_GET
def download(request: HttpRequest, public_id: UUID, document_id: UUID) -> HttpResponse:
    """The stored file itself; an event."""
    file, document = _opened(request, public_id, document_id)
    rights.demand_in(file, rights.REVEAL)
    if asked := opening.question(request):
        return asked
    response = serve(document.blob)
    opening.note(request, file, again=True)
    actions.note_download(actor=user_of(request), file=file, document=document)
    return response


@requires("add_document")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Add a document to an open file."""
    file = reading.file_for(user_of(request), public_id)
    rights.demand_in(file, rights.ADD)
    form = DocumentForm(request.POST or None, request.FILES or None)
    return _form(request, file, form, None)


@requires("add_document")
@require_http_methods(["GET", "POST"])
def new_version(request: HttpRequest, public_id: UUID, document_id: UUID) -> HttpResponse:
    """Put a new version beside the old one."""
    file, document = _opened(request, public_id, document_id)
    rights.demand_in(file, rights.ADD)
    form = DocumentForm(request.POST or None, request.FILES or None, of=document)
    return _form(request, file, form, document)


def _form(
    request: HttpRequest, file: StudentFile, form: DocumentForm, document: Document | None
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            row = _added(user_of(request), file, form, document)
        except FileRefused as refused:
            form.add_error("file", refused.message)
        except DocumentRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The document is in the file; somebody of the archives checks it."))
            if rights.may_open(file, row):
                return redirect("records:document", file.student.public_id, row.public_id)
            return redirect("records:student_section", file.student.public_id, "documents")
    opening.note(request, file, again=True)
    values = {"file": file, "student": file.student, "form": form, "document": document}
    status = 422 if request.method == "POST" else 200
    return render(request, "records/documents/form.html", values, status=status)


def _added(user: User, file: StudentFile, form: DocumentForm, document: Document | None) -> Document:
    uploaded = form.cleaned_data["file"]
    given = {"content": uploaded.content, "filename": uploaded.filename, "told": form.told()}
    if document is not None:
        return actions.add_version(actor=user, file=file, document=document, **given)
    return actions.add(actor=user, file=file, kind=form.cleaned_data["kind"], **given)


def _acted(
    request: HttpRequest, file: StudentFile, document: Document, act: Callable[[], object], words: str
) -> HttpResponse:
    try:
        act()
    except DocumentRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, words)
    return redirect("records:document", file.student.public_id, document.public_id)


def _faulty(request: HttpRequest, file: StudentFile, document: Document, form: Any) -> HttpResponse:
    for faults in form.errors.values():
        messages.error(request, " ".join(str(one) for one in faults))
    return redirect("records:document", file.student.public_id, document.public_id)


@requires("review_change")
@require_POST
def check(request: HttpRequest, public_id: UUID, document_id: UUID) -> HttpResponse:
    """Say that a scan is sound, or unfit and why."""
    user = user_of(request)
    file, document = _opened(request, public_id, document_id)
    rights.demand_in(file, rights.CHECK)
    form = CheckForm(request.POST)
    if not form.is_valid():
        return _faulty(request, file, document, form)
    told = form.cleaned_data
    sound = told["outcome"] == "sound"
    words = _("Checked") if sound else _("Marked as unfit; it counts as missing until a better one is there.")
    return _acted(
        request, file, document,
        lambda: actions.check(
            actor=user, file=file, document=document, sound=sound, fault=told["fault"], note=told["note"]
        ),
        words,
    )  # fmt: skip


@requires("view_secret_document")
@require_POST
def secrecy(request: HttpRequest, public_id: UUID, document_id: UUID) -> HttpResponse:
    """Raise or lower the secrecy."""
    user = user_of(request)
    file, document = _opened(request, public_id, document_id)
    rights.demand_in(file, rights.SECRET)
    form = SecrecyForm(request.POST)
    if not form.is_valid():
        return _faulty(request, file, document, form)
    told = form.cleaned_data
    words = _("Secrecy: %(level)s") % {"level": Secrecy(told["secrecy"]).label}
    return _acted(
        request, file, document,
        lambda: actions.set_secrecy(actor=user, file=file, document=document, **told), words,
    )  # fmt: skip


@requires("review_change")
@require_POST
def catalogue(request: HttpRequest, public_id: UUID, document_id: UUID) -> HttpResponse:
    """Set class number and subject terms."""
    user = user_of(request)
    file, document = _opened(request, public_id, document_id)
    rights.demand_in(file, rights.CHECK)
    form = CatalogueForm(request.POST)
    if not form.is_valid():
        return _faulty(request, file, document, form)
    return _acted(
        request, file, document,
        lambda: actions.catalogue(actor=user, file=file, document=document, **form.cleaned_data), _("Saved"),
    )  # fmt: skip


@requires("add_document")
@require_POST
def relate(request: HttpRequest, public_id: UUID, document_id: UUID) -> HttpResponse:
    """Note that another document belongs to this one."""
    user = user_of(request)
    file, document = _opened(request, public_id, document_id)
    rights.demand_in(file, rights.ADD)
    form = RelateForm(request.POST, others=reading.others_in(document))
    if not form.is_valid():
        return _faulty(request, file, document, form)
    item_no = form.cleaned_data["item_no"]
    return _acted(
        request, file, document,
        lambda: actions.relate(actor=user, file=file, document=document, item_no=item_no), _("Saved"),
    )  # fmt: skip


@requires("add_document")
@require_POST
def unrelate(request: HttpRequest, public_id: UUID, document_id: UUID, item_no: int) -> HttpResponse:
    """Take that note back."""
    user = user_of(request)
    file, document = _opened(request, public_id, document_id)
    rights.demand_in(file, rights.ADD)
    return _acted(
        request, file, document,
        lambda: actions.unrelate(actor=user, file=file, document=document, item_no=item_no), _("Saved"),
    )  # fmt: skip


@requires("manage_loan")
@require_http_methods(["GET", "POST"])
def paper(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Where the paper twin of the file lies."""
    user = user_of(request)
    file = reading.file_for(user, public_id)
    rights.demand_in(file, rights.PAPER)
    form = PaperForm(request.POST or None, student=file.student)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_paper(actor=user, file=file, **form.cleaned_data)
        except DocumentRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Saved"))
            return redirect("records:student_section", public_id, "documents")
    opening.note(request, file, again=True)
    values = {"file": file, "student": file.student, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "records/documents/paper.html", values, status=status)
