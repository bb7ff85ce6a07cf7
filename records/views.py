"""Pages of the records room: search, students, the student file, one's own classes."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.models import User
from accounts.scope import NotPermitted
from core.formatting import moment
from core.masking import mask_phone
from core.ui import Tab
from files.serving import serve
from records import exporting, finders, opening, purposes, reading, sections, selectors
from records.completeness import Completeness, Holder, contact_of
from records.forms import SearchForm
from records.found import lines
from records.lists import StudentList, sex_label, status_badge
from records.models import Document, DocumentKind, Enrolment
from records.selectors import StudentFile

READERS = ("view_student", "view_own_class")
SEARCHERS = (*READERS, "view_applicant")


def _searched(user: User, words: str, *, secrets: bool, limit: int) -> list[dict[str, Any]]:
    groups = []
    for finder, hits in finders.find(user, words, secrets=secrets, limit=limit):
        if hits.by_number:
            reading.note_search(actor=user, found=len(hits.rows), kind=finder.key)
        groups.append({"label": finder.label, "hits": hits})
    return groups


def _all_hits(groups: list[dict[str, Any]]) -> list[finders.Hit]:
    return [hit for group in groups for hit in group["hits"].rows]


@requires(*SEARCHERS)
@require_http_methods(["GET", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Everybody whom the typed words name. Words are posted, so that none stands in an address.

    The drop-down never asks for personal numbers: a number half typed is nobody's, and each asking is an event.
    """
    user = user_of(request)
    words = SearchForm(request.POST).words() if request.method == "POST" else ""
    suggest = bool(request.headers.get("HX-Request"))
    limit = selectors.SUGGESTED if suggest else selectors.SHOWN
    groups = _searched(user, words, secrets=False, limit=limit) if words else []
    found = _all_hits(groups)
    if not found and not suggest and selectors.looks_secret(words):
        groups = _searched(user, words, secrets=True, limit=limit)
        found = _all_hits(groups)
    if suggest:
        shown = {
            "words": words, "groups": groups, "found": found, "secret": not found and selectors.looks_secret(words),
        }  # fmt: skip
        return render(request, "records/found.html", shown)
    by_number = any(group["hits"].by_number for group in groups)
    if len(found) == 1 and selectors.holds_digits(words):
        return redirect(found[0].url)
    tables = [{**group, "lines": lines(group["hits"].rows)} for group in groups]
    values = {"words": words, "groups": tables, "found": found, "by_number": by_number}
    return render(request, "records/search.html", values)


@requires("view_student")
@require_http_methods(["GET", "POST"])
def students(request: HttpRequest) -> HttpResponse:
    """The list of students."""
    user = user_of(request)
    rows = selectors.visible_enrolments(user)
    page = StudentList(request, rows, user=user, export_url=exporting.url_for(user))
    return page.respond("records/students.html")


def _tabs(file: StudentFile, active: sections.Section) -> list[Tab]:
    return [
        Tab(
            label=section.title,
            url=reverse("records:student_section", args=[file.student.public_id, section.key]),
            active=section.key == active.key,
            locked=not section.opens(file),
            fragment=True,
        )
        for section in sections.sections()
    ]


def _missing(file: StudentFile) -> dict[str, Any]:
    found = selectors.completeness_of(file)
    adviser = selectors.adviser_of(file.enrolment.school_class_id)
    named = {Holder.ADVISER: adviser, Holder.COUNSELLOR: adviser}
    holders = [
        {"label": Holder(key).label, "person": getattr(named.get(Holder(key)), "name", ""), "items": items}
        for key, items in found.by_holder
    ]
    return {"completeness": found, "holders": holders}


def _section(file: StudentFile, key: str) -> sections.Section:
    """The section of this key; without a key the first that opens. Raises Http404."""
    every = sections.sections()
    if not key:
        return next((one for one in every if one.opens(file)), every[0])
    found = next((one for one in every if one.key == key), None)
    if found is None:
        raise Http404
    return found


@requires(*READERS)
@require_http_methods(["GET", "POST"])
def purpose(request: HttpRequest) -> HttpResponse:
    """What files are read for in this session: chosen by one button, then back to the page."""
    asked = request.POST if request.method == "POST" else request.GET
    back = asked.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = resolve_url("reports:home")
    if request.method == "GET":
        return opening.ask(request, back)
    try:
        purposes.choose(request, asked.get("purpose", ""))
    except KeyError:
        return opening.ask(request, back)
    opening.forget(request)
    return HttpResponseRedirect(back)


def _page(request: HttpRequest, public_id: UUID, key: str, *, fragment: bool) -> HttpResponse:
    user = user_of(request)
    file = selectors.student_file(user, public_id)
    section = _section(file, key)
    if not section.opens(file):
        raise NotPermitted(*section.perms, obj=file.student, unit_id=file.enrolment.unit_id)
    if not purposes.chosen(request):
        return opening.ask(request, request.get_full_path(), fragment=fragment)
    opening.note(request, file, again=fragment)
    values: dict[str, Any] = {
        "file": file,
        "student": file.student,
        "enrolment": file.enrolment,
        "section": section,
        "section_template": section.template,
        "tabs": _tabs(file, section),
        **section.read(user, file),
    }
    if fragment:
        return render(request, "records/section.html", values)
    if not file.has_left:
        values |= _missing(file)
    values |= {
        "status": status_badge(file.enrolment),
        "sex": sex_label(file.student.sex),
        "acts": sections.acts(user, file),
        "photo": None if file.has_left else selectors.photo_of(file),
        "initials": file.student.name[:1],
        "watermark": f"{user.name} {user.staff_no} {moment(timezone.now())}",
        "purpose": purposes.PURPOSES[purposes.chosen(request)],
    }
    return render(request, "records/student.html", values)


@requires(*READERS)
@require_GET
def student(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A student file with its first section."""
    return _page(request, public_id, "", fragment=False)


@requires(*READERS)
@require_GET
def student_section(request: HttpRequest, public_id: UUID, key: str) -> HttpResponse:
    """One section: alone for a tab, with the whole file around it for an address of its own."""
    fragment = request.headers.get("HX-Target") == "tab-panel"
    return _page(request, public_id, key, fragment=fragment)


@requires("reveal_personal")
@require_POST
def reveal(request: HttpRequest, public_id: UUID, field: str) -> HttpResponse:
    """The full value of one masked field, for the button beside it."""
    user = user_of(request)
    file = selectors.student_file(user, public_id)
    try:
        value = reading.reveal(actor=user, file=file, field=field)
    except reading.UnknownField:
        raise Http404 from None
    return JsonResponse({"value": value})


def _shown(document: Document | None) -> HttpResponse:
    if document is None:
        raise Http404
    return serve(document.blob, "inline")


@requires(*READERS)
@require_GET
def photo(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The newest photo, part of the opened file."""
    file = selectors.student_file(user_of(request), public_id)
    if not file.allows(*READERS):
        raise NotPermitted("view_student", obj=file.student, unit_id=file.enrolment.unit_id)
    if asked := opening.question(request):
        return asked
    opening.note(request, file, again=True)
    return _shown(selectors.photo_of(file))


@requires("view_own_class")
@require_GET
def my_classes(request: HttpRequest) -> HttpResponse:
    """One's own classes; with a single one, the class itself."""
    user = user_of(request)
    classes = list(selectors.own_classes(user))
    if len(classes) == 1:
        return redirect("records:my_class", classes[0].public_id)
    duties = selectors.duties_in(user, classes)
    cards = [{"school_class": one, "duty": duties.get(one.pk, "")} for one in classes]
    return render(request, "records/my_classes.html", {"cards": cards})


def _pupil(row: Enrolment, found: Completeness, *, may_reveal: bool) -> dict[str, Any]:
    contact = contact_of(row.student.family.all())
    phone = contact.phone if contact else ""
    url = ""
    if contact and phone and may_reveal:
        url = reverse("records:reveal", args=[row.student.public_id, f"member{contact.position}.phone"])
    mine = [item for item in found.missing if item.holder in {Holder.ADVISER, Holder.COUNSELLOR}]
    return {
        "enrolment": row, "student": row.student, "completeness": found, "contact": contact,
        "phone": mask_phone(phone) if phone else "", "phone_url": url, "mine": mine,
        "sex": sex_label(row.student.sex), "status": status_badge(row),
    }  # fmt: skip


@requires("view_own_class")
@require_GET
def my_class(request: HttpRequest, class_id: UUID) -> HttpResponse:
    """The roster of one's own class with contacts and what is still to be brought."""
    user = user_of(request)
    school_class = selectors.own_class(user, class_id)
    rows = selectors.roster(user, school_class)
    may_reveal = selectors.may_reveal_in(user, [row for row, _found in rows])
    pupils = [_pupil(row, found, may_reveal=may_reveal) for row, found in rows]
    reading.open_roster(actor=user, school_class=school_class, count=len(rows))
    photo_key = f"document.{DocumentKind.PHOTO}"
    todo = {
        "complete": sum(not one["completeness"].missing for one in pupils),
        "photos": sum(any(item.key == photo_key for item in one["mine"]) for one in pupils),
        "phones": sum(any(item.key == "guardian_phone" for item in one["mine"]) for one in pupils),
        "documents": sum(
            any(
                item.key.startswith("document.") and item.key != photo_key
                for item in one["completeness"].missing
            )
            for one in pupils
        ),
    }
    others = [one for one in selectors.own_classes(user) if one.pk != school_class.pk]
    values = {
        "school_class": school_class, "pupils": pupils, "todo": todo, "others": others,
        "watermark": f"{user.name} {user.staff_no} {moment(timezone.now())}",
        "hint": _("Only the contact that the school rings first is shown here."),
    }  # fmt: skip
    return render(request, "records/my_class.html", values)
