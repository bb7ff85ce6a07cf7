"""Pages of code lists and regions."""

import csv
import io
import secrets
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.models import User
from core.acts import done
from core.ui import Crumb
from school.models import Code, CodeList, Region
from setup import actions, selectors
from setup.codefiles import CODE_HEADER, REGION_HEADER, NotReadable, Plan, decoded, plan_codes, plan_regions
from setup.forms import ApplyForm, CodeFileForm, CodeForm, LastDayForm, RegionForm
from setup.lists import CodeEntryList, CodeListList, RegionList
from setup.views.parts import form_page, tried

CODE_FIELDS = ("code", "label_zh", "label_en", "order", "valid_from", "valid_until")
REGION_FIELDS = ("code", "name_zh", "name_en", "parent_code", "valid_from", "valid_until", "source")
KEPT_SECONDS = 30 * 60
"""How long an uploaded file waits between looking and applying."""

SHOWN = 200


@requires("view_school")
@require_http_methods(["GET", "POST"])
def code_lists(request: HttpRequest) -> HttpResponse:
    """The code lists."""
    user = user_of(request)
    return CodeListList(request, selectors.code_lists(user), user=user).respond("setup/code_lists.html")


@requires("view_school")
@require_http_methods(["GET", "POST"])
def code_list(request: HttpRequest, key: str) -> HttpResponse:
    """One code list with its entries."""
    user = user_of(request)
    row = selectors.one_code_list(user, key)
    may_change = selectors.keeps_codes(user)
    rows = selectors.codes(user, row).select_related("code_list")
    page = CodeEntryList(request, rows, user=user, may_change=may_change)
    return page.respond("setup/code_list.html", {"code_list": row, "may_change": may_change})


def _crumbs(row: CodeList, title: str) -> list[Crumb]:
    return [
        Crumb(_("Code lists"), reverse("setup:code_lists")),
        Crumb(row.label, reverse("setup:code_list", args=[row.key])),
        Crumb(title),
    ]


@requires("manage_codes")
@require_http_methods(["GET", "POST"])
def code_add(request: HttpRequest, key: str) -> HttpResponse:
    """Add an entry."""
    actor = user_of(request)
    actions.demand_codes(actor)
    row = selectors.one_code_list(actor, key)
    form = CodeForm(request.POST or None)
    back = reverse("setup:code_list", args=[key])
    posted = request.method == "POST"
    if (
        posted
        and tried(form, lambda: actions.add_code(actor=actor, code_list=row, **form.values)) is not None
    ):
        messages.success(request, _("The code is added."))
        return redirect(back)
    title = _("Add a code")
    return form_page(request, form, title=title, crumbs=_crumbs(row, title), back=back, action=title)


@requires("manage_codes")
@require_http_methods(["GET", "POST"])
def code_change(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """Change an entry."""
    actor = user_of(request)
    actions.demand_codes(actor)
    row = selectors.one_code(actor, key, code)
    start = {name: getattr(row, name) for name in CODE_FIELDS}
    start |= {"aliases": "\n".join(row.aliases), "seen": actions.version_of(row)}
    form = CodeForm(request.POST or None, initial=start, fixed=True)
    back = reverse("setup:code_list", args=[key])
    posted = request.method == "POST"
    if posted and tried(form, lambda: _change_code(actor, row, form)) is not None:
        messages.success(request, _("Saved."))
        return redirect(back)
    title = f"{row.code} {row.label}"
    closing = reverse("setup:code_close", args=[key, code]) if row.valid_until is None else ""
    return form_page(
        request, form, title=title, crumbs=_crumbs(row.code_list, title), back=back, closing=closing
    )


def _change_code(actor: User, row: Code, form: CodeForm) -> Code:
    values = {name: value for name, value in form.cleaned_data.items() if name != "code"}
    return actions.change_code(actor=actor, code=row, **values)


@requires("manage_codes")
@require_POST
def code_close(request: HttpRequest, key: str, code: str) -> HttpResponse:
    """Let an entry end."""
    actor = user_of(request)
    actions.demand_codes(actor)
    row = selectors.one_code(actor, key, code)
    form = LastDayForm(request.POST)
    done(
        request,
        form,
        lambda: actions.close_code(actor=actor, code=row, **form.cleaned_data),
        _("The code ends with that day."),
    )
    return redirect("setup:code_list", key)


@requires("view_school")
@require_http_methods(["GET", "POST"])
def regions(request: HttpRequest) -> HttpResponse:
    """Administrative divisions."""
    user = user_of(request)
    may_change = selectors.keeps_codes(user)
    page = RegionList(request, selectors.regions(user), user=user, may_change=may_change)
    return page.respond("setup/regions.html", {"may_change": may_change})


def _region_crumbs(title: str) -> list[Crumb]:
    return [Crumb(_("Regions"), reverse("setup:regions")), Crumb(title)]


@requires("manage_codes")
@require_http_methods(["GET", "POST"])
def region_add(request: HttpRequest) -> HttpResponse:
    """Add a region."""
    actor = user_of(request)
    actions.demand_codes(actor)
    form = RegionForm(request.POST or None)
    posted = request.method == "POST"
    if posted and tried(form, lambda: actions.add_region(actor=actor, **form.values)) is not None:
        messages.success(request, _("The region is added."))
        return redirect("setup:regions")
    title = _("Add a region")
    back = reverse("setup:regions")
    return form_page(request, form, title=title, crumbs=_region_crumbs(title), back=back, action=title)


@requires("manage_codes")
@require_http_methods(["GET", "POST"])
def region_change(request: HttpRequest, code: str) -> HttpResponse:
    """Change a region."""
    actor = user_of(request)
    actions.demand_codes(actor)
    row = selectors.one_region(actor, code)
    start = {name: getattr(row, name) for name in REGION_FIELDS} | {"seen": actions.version_of(row)}
    form = RegionForm(request.POST or None, initial=start, fixed=True)
    posted = request.method == "POST"
    if posted and tried(form, lambda: _change_region(actor, row, form)) is not None:
        messages.success(request, _("Saved."))
        return redirect("setup:regions")
    title = f"{row.code} {row.name_zh}"
    closing = reverse("setup:region_close", args=[code]) if row.valid_until is None else ""
    back = reverse("setup:regions")
    return form_page(request, form, title=title, crumbs=_region_crumbs(title), back=back, closing=closing)


def _change_region(actor: User, row: Region, form: RegionForm) -> Region:
    values = {name: value for name, value in form.cleaned_data.items() if name != "code"}
    return actions.change_region(actor=actor, region=row, **values)


@requires("manage_codes")
@require_POST
def region_close(request: HttpRequest, code: str) -> HttpResponse:
    """Note that a region was abolished."""
    actor = user_of(request)
    actions.demand_codes(actor)
    row = selectors.one_region(actor, code)
    form = LastDayForm(request.POST)
    done(
        request,
        form,
        lambda: actions.close_region(actor=actor, region=row, **form.cleaned_data),
        _("The region ends with that day."),
    )
    return redirect("setup:regions")


@requires("view_school")
@require_http_methods(["GET"])
def codes_download(request: HttpRequest, key: str) -> HttpResponse:
    """A code list, or the regions, as the file that an import takes back."""
    user = user_of(request)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    if key == actions.REGIONS:
        writer.writerow(REGION_HEADER)
        writer.writerows(_region_line(row) for row in selectors.regions(user).order_by("code"))
    else:
        row = selectors.one_code_list(user, key)
        writer.writerow(CODE_HEADER)
        writer.writerows(_code_line(one) for one in selectors.codes(user, row).order_by("order", "code"))
    answer = HttpResponse(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{key}.csv"'
    return answer


def _code_line(row: Code) -> list[Any]:
    return [row.code, row.label_zh, row.label_en, row.valid_from, row.valid_until, "|".join(row.aliases)]


def _region_line(row: Region) -> list[Any]:
    names = [row.code, row.name_zh, row.name_en, row.parent_code, row.level]
    return [*names, row.valid_from, row.valid_until, row.source]


@requires("manage_codes")
@require_http_methods(["GET", "POST"])
def codes_import(request: HttpRequest, key: str) -> HttpResponse:
    """Load a file: first what it would change, then the change itself."""
    actor = user_of(request)
    actions.demand_codes(actor)
    row = None if key == actions.REGIONS else selectors.one_code_list(actor, key)
    if "token" in request.POST:
        return _apply(request, actor, key, row)
    form = CodeFileForm(request.POST or None, request.FILES or None)
    if request.method != "POST" or not form.is_valid():
        return _import_page(request, key, row, form)
    try:
        text = decoded(form.cleaned_data["file"].read())
        plan = _plan(row, text)
    except NotReadable as refusal:
        form.add_error("file", str(refusal))
        return _import_page(request, key, row, form)
    return _preview(request, actor, key, row, text, plan)


def _plan(row: CodeList | None, text: str) -> Plan:
    return plan_codes(row, text) if row else plan_regions(text)


def _kept(actor: User, token: str) -> str:
    return f"setup/codes/{actor.pk}/{token}"


def _list_url(key: str) -> str:
    return reverse("setup:regions") if key == actions.REGIONS else reverse("setup:code_list", args=[key])


def _import_page(
    request: HttpRequest, key: str, row: CodeList | None, form: CodeFileForm, **more: Any
) -> HttpResponse:
    title = _("Import a file")
    crumbs = _crumbs(row, title) if row else _region_crumbs(title)
    context = {"form": form, "key": key, "crumbs": crumbs, "back": _list_url(key), **more}
    return render(request, "setup/import.html", context, status=422 if form.errors else 200)


def _preview(
    request: HttpRequest, actor: User, key: str, row: CodeList | None, text: str, plan: Plan
) -> HttpResponse:
    token = secrets.token_urlsafe(16)
    cache.set(_kept(actor, token), text, KEPT_SECONDS)
    shown = {"added": plan.added[:SHOWN], "changed": plan.changed[:SHOWN], "missing": plan.missing[:SHOWN]}
    return _import_page(request, key, row, CodeFileForm(), plan=plan, token=token, shown=shown)


def _apply(request: HttpRequest, actor: User, key: str, row: CodeList | None) -> HttpResponse:
    form = ApplyForm(request.POST)
    text = cache.get(_kept(actor, form.cleaned_data["token"])) if form.is_valid() else None
    if text is None:
        messages.error(request, _("The file is no longer kept; choose it again."))
        return redirect("setup:codes_import", key)
    try:
        plan = actions.import_codes(
            actor=actor, key=key, text=text, fingerprint=form.cleaned_data["fingerprint"]
        )
    except actions.PlanChanged:
        messages.error(request, _("The list was changed meanwhile; look at what the file would change now."))
        return _preview(request, actor, key, row, text, _plan(row, text))
    except ValidationError as fault:
        messages.error(request, " ".join(fault.messages))
        return redirect("setup:codes_import", key)
    cache.delete(_kept(actor, form.cleaned_data["token"]))
    told = _("Imported: %(added)s added, %(changed)s changed.")
    messages.success(request, told % {"added": len(plan.added), "changed": len(plan.changed)})
    return redirect(_list_url(key))
