"""Pages of programmes, classes and the staff of classes."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.models import User
from accounts.scope import units_with
from core.acts import done
from core.ui import Crumb
from school.codes import code_choices
from school.models import ClassStaff, SchoolClass
from school.rules import rule
from setup import actions, selectors
from setup.forms import (
    ClassForm,
    ClassStaffForm,
    NewClassForm,
    ProgrammeForm,
    ReasonForm,
    StaffChoiceForm,
)
from setup.lists import ClassList, ProgrammeList
from setup.timeline import timeline
from setup.views.parts import form_page, tried
from setup.views.units import unit_crumbs, unit_url

PROGRAMME_FIELDS = ("code", "name", "label_en", "level", "learning_form", "study_years", "is_active")
PROGRAMME_LISTS = ("education_level", "learning_form")
FIRST_MONTH = 7
"""From July on the coming school year is prepared."""


@requires("view_school")
@require_http_methods(["GET", "POST"])
def programmes(request: HttpRequest) -> HttpResponse:
    """Programmes."""
    user = user_of(request)
    return ProgrammeList(request, selectors.programmes(user), user=user).respond("setup/programmes.html")


@requires("manage_school")
@require_http_methods(["GET", "POST"])
def programme_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Add a programme to a school or college."""
    actor = user_of(request)
    unit = selectors.one_unit(actor, public_id)
    form = ProgrammeForm(request.POST or None, codes=code_choices(PROGRAMME_LISTS))
    if request.method == "POST":
        made = tried(form, lambda: actions.add_programme(actor=actor, unit=unit, **form.values))
        if made is not None:
            messages.success(request, _("The programme is added."))
            return redirect("setup:programmes")
    title = _("Add a programme")
    crumbs = [*unit_crumbs(actor, unit), Crumb(title)]
    return form_page(request, form, title=title, crumbs=crumbs, back=unit_url(unit), action=title)


@requires("view_school")
@require_http_methods(["GET", "POST"])
def programme_change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change a programme; who may not sees it."""
    actor = user_of(request)
    row = selectors.one_programme(actor, public_id)
    start = {name: getattr(row, name) for name in PROGRAMME_FIELDS} | {"seen": actions.version_of(row)}
    codes = code_choices(PROGRAMME_LISTS)
    form = ProgrammeForm(request.POST or None, initial=start, codes=codes, fixed=True)
    if request.method == "POST":
        changed = tried(
            form, lambda: actions.change_programme(actor=actor, programme=row, **form.cleaned_data)
        )
        if changed is not None:
            messages.success(request, _("Saved."))
            return redirect("setup:programmes")
    may_change = row.unit_id in units_with(actor, "manage_school")
    if not may_change:
        for one in form.fields.values():
            one.disabled = True
    back = reverse("setup:programmes")
    crumbs = [Crumb(_("Programmes"), back), Crumb(row.label)]
    return form_page(request, form, title=row.label, crumbs=crumbs, back=back, read_only=not may_change)


@requires("view_school")
@require_http_methods(["GET", "POST"])
def classes(request: HttpRequest) -> HttpResponse:
    """Classes by school year."""
    user = user_of(request)
    keeps = units_with(user, "manage_school")
    adding = [unit for unit in selectors.schools(user) if unit.pk in keeps and unit.is_active]
    page = ClassList(request, selectors.classes(user), user=user)
    return page.respond("setup/classes.html", {"adding": adding})


@requires("manage_school")
@require_http_methods(["GET", "POST"])
def class_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Add a class to a school, college or teaching site."""
    actor = user_of(request)
    unit = selectors.one_unit(actor, public_id)
    try:
        school = actions.school_of(unit)
    except ValidationError as fault:
        raise Http404 from fault
    today = timezone.localdate()
    year = today.year if today.month >= FIRST_MONTH else today.year - 1
    start = {"school_year": year, "entry_year": year, "grade_level": 1}
    form = NewClassForm(
        request.POST or None,
        initial=start,
        programmes=selectors.programmes_for(unit),
        class_rule=str(rule(school, "class_number_rule")),
    )
    if request.method == "POST":
        made = tried(form, lambda: actions.add_class(actor=actor, unit=unit, **form.values))
        if made is not None:
            messages.success(request, _("The class is added: %(number)s.") % {"number": made.class_no})
            return redirect("setup:school_class", made.public_id)
    title = _("Add a class")
    crumbs = [*unit_crumbs(actor, unit), Crumb(title)]
    return form_page(request, form, title=title, crumbs=crumbs, back=unit_url(unit), action=title)


def _class_crumbs(row: SchoolClass) -> list[Crumb]:
    return [
        Crumb(_("Classes"), reverse("setup:classes")),
        Crumb(row.label, reverse("setup:school_class", args=[row.public_id])),
    ]


@requires("view_school")
@require_http_methods(["GET"])
def school_class(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One class with its staff."""
    user = user_of(request)
    row = selectors.one_class(user, public_id)
    lines = selectors.history_of(SchoolClass, id=row.pk)
    context = {
        "row": row,
        "staff": selectors.staff_of(row),
        "today": timezone.localdate(),
        "class_rule": rule(row.school, "class_number_rule"),
        "may_keep": row.unit_id in units_with(user, "manage_school"),
        "may_appoint": row.unit_id in units_with(user, "manage_class_staff") and row.is_active,
        "timeline": timeline(lines, _class_value),
    }
    return render(request, "setup/class.html", context)


def _class_value(name: str, value: object) -> str:
    return {True: _("Yes"), False: _("No")}[bool(value)] if name == "is_active" else str(value or "")


@requires("manage_school")
@require_http_methods(["GET", "POST"])
def class_change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change a class."""
    actor = user_of(request)
    row = selectors.one_class(actor, public_id)
    start = {name: getattr(row, name) for name in ("name", "label_en", "seats", "programme")}
    start["seen"] = actions.version_of(row)
    form = ClassForm(request.POST or None, initial=start, programmes=selectors.programmes_for(row.unit))
    if request.method == "POST":
        changed = tried(
            form, lambda: actions.change_class(actor=actor, school_class=row, **form.cleaned_data)
        )
        if changed is not None:
            messages.success(request, _("Saved."))
            return redirect("setup:school_class", public_id)
    title = _("Change the class")
    back = reverse("setup:school_class", args=[public_id])
    return form_page(request, form, title=title, crumbs=[*_class_crumbs(row), Crumb(title)], back=back)


@requires("manage_school")
@require_POST
def class_close(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Close a class."""
    actor = user_of(request)
    row = selectors.one_class(actor, public_id)
    form = ReasonForm(request.POST)
    done(
        request,
        form,
        lambda: actions.close_class(actor=actor, school_class=row, **form.cleaned_data),
        _("The class is closed."),
    )
    return redirect("setup:school_class", public_id)


@requires("manage_class_staff")
@require_http_methods(["GET", "POST"])
def class_staff_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give somebody a duty in a class."""
    actor = user_of(request)
    row = selectors.one_class(actor, public_id)
    form = ClassStaffForm(request.POST or None, people=_people(actor, row))
    back = reverse("setup:school_class", args=[public_id])
    if request.method == "POST":
        made = tried(form, lambda: actions.appoint_class_staff(actor=actor, school_class=row, **form.values))
        if made is not None:
            messages.success(request, _("The duty is given."))
            return redirect(back)
    title = _("Give a duty in the class")
    intro = _(
        "People with a role of a class at this school can be chosen; the class's students open to them."
    )
    crumbs = [*_class_crumbs(row), Crumb(title)]
    return form_page(
        request, form, title=title, crumbs=crumbs, back=back, intro=intro, action=_("Give the duty")
    )


def _people(actor: User, row: SchoolClass) -> object:
    return selectors.people_for_classes(row).exclude(pk=actor.pk)


@requires("manage_class_staff")
@require_POST
def class_staff_end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """End a duty in a class."""
    actor = user_of(request)
    row = selectors.one_class(actor, public_id)
    form = StaffChoiceForm(request.POST)
    if form.is_valid():
        staff = selectors.one_staff(row, form.cleaned_data["staff"])
        _end(request, form, actor, staff)
    else:
        messages.error(request, _("Give the last day and a reason."))
    return redirect("setup:school_class", public_id)


def _end(request: HttpRequest, form: StaffChoiceForm, actor: User, staff: ClassStaff) -> None:
    given = {name: form.cleaned_data[name] for name in ("last_day", "reason")}
    done(
        request, form, lambda: actions.end_class_staff(actor=actor, staff=staff, **given), _("The duty ends.")
    )
