"""Pages of units and their rules."""

from uuid import UUID

from django.contrib import messages
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
from core.ui import Crumb, Tab
from school.models import Rule, Unit
from school.rules import RULES, RuleKind
from setup import actions, selectors
from setup.forms import NewUnitForm, ReasonForm, RuleForm, UnitForm, WithdrawRuleForm
from setup.lists import UnitList
from setup.timeline import timeline
from setup.views.parts import form_page, tried

UNIT_FIELDS = ("name", "label_en", "code", "stage", "duty", "order")


def unit_crumbs(user: User, unit: Unit, *, own: bool = True) -> list[Crumb]:
    """The way down to a unit."""
    found = [Crumb(_("Units"), reverse("setup:units"))]
    found += [Crumb(one.label, unit_url(one)) for one in selectors.path_of(user, unit)]
    return [*found, Crumb(unit.label, unit_url(unit))] if own else found


def unit_url(unit: Unit) -> str:
    """The page of a unit."""
    return reverse("setup:unit", args=[unit.public_id])


def unit_tabs(unit: Unit, active: str) -> list[Tab]:
    """The tabs of a unit's pages."""
    pages = (("unit", _("Overview")), ("rules", _("Rules")), ("calendar", _("School calendar")))
    return [
        Tab(label, reverse(f"setup:{name}", args=[unit.public_id]), name == active) for name, label in pages
    ]


@requires("view_school")
@require_http_methods(["GET", "POST"])
def units(request: HttpRequest) -> HttpResponse:
    """The tree of units."""
    user = user_of(request)
    return UnitList(request, selectors.units(user), user=user).respond("setup/units.html")


@requires("view_school")
@require_http_methods(["GET"])
def unit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One unit: what it is, what is below it, what was changed."""
    user = user_of(request)
    found = selectors.one_unit(user, public_id)
    keeps = units_with(user, "manage_school")
    choices = {
        "stage": dict(Unit._meta.get_field("stage").flatchoices),
        "duty": dict(Unit._meta.get_field("duty").flatchoices),
        "is_active": {True: _("Yes"), False: _("No")},
    }
    context = {
        "unit": found,
        "crumbs": unit_crumbs(user, found, own=False),
        "tabs": unit_tabs(found, "unit"),
        "below": selectors.units_below(found),
        "is_school": found.kind in selectors.SCHOOL_KINDS,
        "runs_programmes": found.kind in (*selectors.SCHOOL_KINDS, Unit.Kind.COLLEGE),
        "class_count": selectors.class_count(found),
        "may_keep": found.pk in keeps,
        "may_add": found.pk in keeps and found.is_active and bool(actions.BELOW[found.kind]),
        "may_close": found.parent_id in keeps and found.is_active,
        "timeline": timeline(
            selectors.history_of(Unit, id=found.pk),
            lambda name, value: str(choices.get(name, {}).get(value, value)),
        ),
    }
    return render(request, "setup/unit.html", context)


@requires("manage_school")
@require_http_methods(["GET", "POST"])
def unit_add(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Add a unit below another."""
    actor = user_of(request)
    parent = selectors.one_unit(actor, public_id)
    form = NewUnitForm(request.POST or None, kinds=actions.BELOW[parent.kind])
    if request.method == "POST":
        made = tried(form, lambda: actions.add_unit(actor=actor, parent=parent, **form.values))
        if made is not None:
            messages.success(request, _("The unit is added."))
            return redirect("setup:unit", made.public_id)
    title = _("Add a unit")
    crumbs = [*unit_crumbs(actor, parent), Crumb(title)]
    return form_page(request, form, title=title, crumbs=crumbs, back=unit_url(parent), action=title)


@requires("manage_school")
@require_http_methods(["GET", "POST"])
def unit_change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change a unit."""
    actor = user_of(request)
    found = selectors.one_unit(actor, public_id)
    start = {name: getattr(found, name) for name in UNIT_FIELDS} | {"seen": actions.version_of(found)}
    form = UnitForm(request.POST or None, initial=start)
    posted = request.method == "POST"
    if (
        posted
        and tried(form, lambda: actions.change_unit(actor=actor, unit=found, **form.cleaned_data)) is not None
    ):
        messages.success(request, _("Saved."))
        return redirect("setup:unit", public_id)
    title = _("Change the unit")
    crumbs = [*unit_crumbs(actor, found), Crumb(title)]
    return form_page(request, form, title=title, crumbs=crumbs, back=unit_url(found))


@requires("manage_school")
@require_POST
def unit_close(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Close a unit."""
    actor = user_of(request)
    found = selectors.one_unit(actor, public_id)
    form = ReasonForm(request.POST)
    done(
        request,
        form,
        lambda: actions.close_unit(actor=actor, unit=found, **form.cleaned_data),
        _("The unit is closed."),
    )
    return redirect("setup:unit", public_id)


@requires("view_school")
@require_http_methods(["GET"])
def rules(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Every rule as it stands at a unit, and where it comes from."""
    user = user_of(request)
    found = selectors.one_unit(user, public_id)
    context = {
        "unit": found,
        "crumbs": unit_crumbs(user, found, own=False),
        "tabs": unit_tabs(found, "rules"),
        "rules": selectors.effective_rules(found),
    }
    return render(request, "setup/rules.html", context)


def _kind(key: str) -> RuleKind:
    if key not in RULES:
        raise Http404
    return RULES[key]


def _rule_crumbs(user: User, found: Unit) -> list[Crumb]:
    rules_url = reverse("setup:rules", args=[found.public_id])
    return [*unit_crumbs(user, found), Crumb(_("Rules"), rules_url)]


@requires("view_school")
@require_http_methods(["GET"])
def rule(request: HttpRequest, public_id: UUID, key: str) -> HttpResponse:
    """One rule of a unit: today's value, its dated values, who set them."""
    user = user_of(request)
    found = selectors.one_unit(user, public_id)
    kind = _kind(key)
    context = {
        "unit": found,
        "crumbs": _rule_crumbs(user, found),
        "rule": selectors.effective_rule(found, key),
        "values": [
            (row, selectors.shown_value(kind, row.value)) for row in selectors.rule_values(found, key)
        ],
        "default": selectors.shown_value(kind, selectors.default_text(kind)),
        "today": timezone.localdate(),
        "may_set": actions.may_set(user, found, key),
        "from_above": key in actions.FROM_ABOVE,
        "timeline": timeline(
            selectors.history_of(Rule, unit=found, key=key),
            lambda name, value: selectors.shown_value(kind, str(value)) if name == "value" else str(value),
        ),
    }
    return render(request, "setup/rule.html", context)


@requires("manage_rules")
@require_http_methods(["GET", "POST"])
def rule_set(request: HttpRequest, public_id: UUID, key: str) -> HttpResponse:
    """Set a rule from a day on."""
    actor = user_of(request)
    found = selectors.one_unit(actor, public_id)
    kind = _kind(key)
    now = selectors.effective_rule(found, key)
    start = {"value": now.row.value if now.row else selectors.default_text(kind)}
    form = RuleForm(request.POST or None, initial=start, kind=kind)
    back = reverse("setup:rule", args=[public_id, key])
    posted = request.method == "POST"
    if (
        posted
        and tried(form, lambda: actions.set_rule(actor=actor, unit=found, key=key, **form.values)) is not None
    ):
        messages.success(request, _("The rule is set."))
        return redirect(back)
    title = _("Set the rule")
    crumbs = [*_rule_crumbs(actor, found), Crumb(kind.label, back), Crumb(title)]
    text = _("It holds for %(unit)s and all units below that have no value of their own.")
    intro = text % {"unit": found.label}
    return form_page(
        request, form, title=str(kind.label), crumbs=crumbs, back=back, intro=intro, action=title
    )


@requires("manage_rules")
@require_POST
def rule_withdraw(request: HttpRequest, public_id: UUID, key: str) -> HttpResponse:
    """Take back a value that is not in force yet."""
    actor = user_of(request)
    found = selectors.one_unit(actor, public_id)
    _kind(key)
    form = WithdrawRuleForm(request.POST)
    try:
        done(
            request,
            form,
            lambda: actions.withdraw_rule(actor=actor, unit=found, key=key, **form.cleaned_data),
            _("The coming value is taken back."),
        )
    except Rule.DoesNotExist:
        messages.error(request, _("This value is gone already."))
    return redirect("setup:rule", public_id, key)
