"""Tags and filters of our pages:

icons, badges, fields, masked values, dates and numbers. ``docs/pages.md`` shows their use.
"""

import json
import re
from datetime import date
from functools import lru_cache
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.http import HttpRequest, QueryDict
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.html import conditional_escape, escape, format_html, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formatting, ui
from core.formatting import NO_VALUE, day, number

register = template.Library()
Label = str | Promise

register.filter("dash", formatting.dash)
register.filter("day", formatting.day)
register.filter("moment", formatting.moment)
register.filter("moment_seconds", formatting.moment_seconds)
register.filter("clock", formatting.clock)
register.filter("clock_seconds", formatting.clock_seconds)
register.filter("month", formatting.month)
register.filter("number", formatting.number)
register.filter("size", formatting.size)
register.simple_tag(formatting.school_year, name="school_year")

BADGE_ICONS = {
    "grey": "circle-dashed",
    "blue": "progress-check",
    "amber": "clock",
    "orange": "arrow-back-up",
    "green": "circle-check",
    "red": "alert-circle",
    "purple": "lock",
}
ALERT_ICONS = {
    "blue": "info-circle",
    "amber": "alert-triangle",
    "orange": "arrow-back-up",
    "green": "circle-check",
    "red": "alert-circle",
    "grey": "info-circle",
    "purple": "lock",
}
EMPTY_ICONS = {"nothing": "inbox", "no_match": "filter-off", "not_permitted": "lock"}
MESSAGE_KINDS = {"success": "green", "error": "red", "warning": "amber"}


@lru_cache(maxsize=1)
def _sprite() -> str:
    return static("vendor/tabler-icons/sprite.svg")


@lru_cache(maxsize=512)
def _icon(name: str, size: int) -> SafeString:
    drawing = '<svg class="xj-icon xj-icon-{}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>'
    return format_html(drawing, size, _sprite(), name)


@register.simple_tag
def icon(name: str, size: int = 20, label: Label = "") -> SafeString:
    """An icon of the sprite, 16, 20, 24 or 48 px.

    ``label`` is for readers who cannot see it; without one it is decoration.
    """
    if label:
        return format_html('<span role="img" aria-label="{}">{}</span>', label, _icon(name, size))
    return _icon(name, size)


@lru_cache(maxsize=2048, typed=True)  # typed: safe text must not stand in for the same text unescaped
def _badge(kind: str, text: str, icon: str, title: str) -> SafeString:
    drawing = _icon(icon or BADGE_ICONS[kind], 16)
    tip = format_html(' title="{}"', title) if title else ""
    return format_html('<span class="xj-badge xj-{}"{}>{}{}</span>', kind, tip, drawing, text)


@register.simple_tag
def badge(kind: str, text: object, icon: str = "", title: Label = "") -> SafeString:
    """Words with an icon on the ground of their meaning: grey, blue, amber, orange, green, red or purple.

    Raises KeyError for another kind.
    """
    return _badge(kind, str(text), icon, str(title))


@register.filter
def message_kind(tags: str) -> str:
    """The alert kind for a Django message's tags."""
    return next((kind for tag, kind in MESSAGE_KINDS.items() if tag in tags), "blue")


@register.simple_tag
def span(start: date | None, end: date | None) -> SafeString:
    """Two dates as a span; a line breaks between them and never within one."""
    days = sorted({escape(day(start)), escape(day(end))}, key=len, reverse=True)
    whole = re.compile("|".join(re.escape(one) for one in days))
    return mark_safe(whole.sub(r'<span class="xj-nowrap">\g<0></span>', escape(formatting.span(start, end))))  # noqa: S308  # escaped


@register.inclusion_tag("components/alert.html")
def alert(kind: str, title: Label, text: Label = "", url: str = "", action: Label = "") -> dict[str, Any]:
    """One message on coloured ground; ``url`` and ``action`` add a link."""
    return {
        "kind": kind,
        "icon": ALERT_ICONS[kind],
        "title": title,
        "text": text,
        "url": url,
        "action": action,
    }


@register.simple_block_tag
def alertbox(content: str, kind: str, title: Label) -> SafeString:
    """An alert with a body of its own: ``{% alertbox "orange" "Returned" %}...{% endalertbox %}``."""
    role = "alert" if kind == "red" else "status"
    return format_html(
        '<div class="xj-alert xj-{}" role="{}">{}<div><p class="xj-alert-title">{}</p>{}</div></div>',
        kind, role, _icon(ALERT_ICONS[kind], 20), title, content,
    )  # fmt: skip


def _faults(form: Any) -> list[dict[str, Any]]:
    faults = [{"id": "", "label": "", "text": text} for text in form.non_field_errors()]
    for bound in form:
        target = f"{bound.id_for_label}" or bound.auto_id
        faults += [{"id": target, "label": bound.label, "text": text} for text in bound.errors]
    return faults


@register.inclusion_tag("components/error_summary.html")
def error_summary(*shown: Any) -> dict[str, Any]:
    """Every fault of the given forms and formsets as a link to its field; nothing when there are none."""
    faults: list[dict[str, Any]] = []
    for one in shown:
        if hasattr(one, "non_form_errors"):
            faults += [{"id": "", "label": "", "text": text} for text in one.non_form_errors()]
            for form in one.forms:
                faults += _faults(form)
        elif one is not None and one.is_bound:
            faults += _faults(one)
    return {"faults": faults}


def _control(bound: BoundField, attrs: dict[str, str | bool]) -> tuple[str, SafeString]:
    widget = bound.field.widget
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices", bound.as_widget(attrs=attrs)
    if isinstance(widget, forms.CheckboxInput):
        css = "form-check-input"
    elif isinstance(widget, forms.Select):
        css = "form-select"
    else:
        css = "form-control"
    own = str(widget.attrs.get("class", ""))
    attrs["class"] = f"{css} {own}".strip()
    shape = (
        "file" if isinstance(widget, forms.FileInput) else "check" if css == "form-check-input" else "input"
    )
    return shape, bound.as_widget(attrs=attrs)


@register.inclusion_tag("components/field.html")
def field(
    bound: BoundField,
    width: str = "",
    marked: Any = "",
    hint: Label = "",
    auto: bool = False,
    label: Label = "",
) -> dict[str, Any]:
    """Label, control, help and fault of a form field.

    ``width``: id (240 px), date (140), postcode (96), phone, short, medium or empty for the whole column.
    ``marked``: the reason with which a reviewer returned this field, or the :class:`core.ui.Marks` of the
    whole form. ``auto`` says that the value was filled in by the program.
    """
    reason = marked.get(bound.name) if hasattr(marked, "get") else marked
    html_id = bound.id_for_label or bound.auto_id
    attrs: dict[str, str | bool] = {}
    notes = []
    help_text = hint or bound.help_text
    for present, suffix in (
        (bool(help_text), "help"),
        (bool(reason), "mark"),
        (bool(bound.errors), "error"),
    ):
        if present:
            notes.append(f"{html_id}-{suffix}")
    if notes:
        attrs["aria-describedby"] = " ".join(notes)
    if bound.errors:
        attrs["aria-invalid"] = "true"
    shape, control = _control(bound, attrs)
    return {
        "bound": bound, "html_id": html_id, "shape": shape, "control": control, "help_text": help_text,
        "reason": reason, "width": width, "auto": auto, "label": label or bound.label,
    }  # fmt: skip


@register.inclusion_tag("components/empty.html")
def empty(
    kind: str,
    title: Label,
    text: Label = "",
    url: str = "",
    action: Label = "",
    icon: str = "",
) -> dict[str, Any]:
    """Why there is nothing:

    ``nothing`` yet (with the first action), ``no_match``, or ``not_permitted`` (who can grant it).
    """
    return {
        "kind": kind,
        "icon": icon or EMPTY_ICONS[kind],
        "title": title,
        "text": text,
        "url": url,
        "action": action,
    }


@register.inclusion_tag("components/tabs.html")
def tabs(items: list[ui.Tab], label: Label = "") -> dict[str, Any]:
    """A row of :class:`core.ui.Tab`; keys 1 to 9 open them."""
    return {"items": items, "label": label or _("Sections")}


@register.inclusion_tag("components/steps.html")
def steps(items: list[ui.Step]) -> dict[str, Any]:
    """The steps of a request with person and due date."""
    return {"items": items}


@register.inclusion_tag("components/timeline.html")
def timeline(rows: list[ui.TimelineRow], seconds: bool = False) -> dict[str, Any]:
    """What happened, newest first as given, grouped by day. ``seconds``: times to the second."""
    return {"rows": rows, "seconds": seconds}


@register.inclusion_tag("components/stat.html")
def stat(
    label: Label,
    value: Any,
    url: str = "",
    kind: str = "",
    note: Label = "",
    icon: str = "",
) -> dict[str, Any]:
    """A figure with its name; a link when ``url`` is given; coloured by ``kind`` (as badges), a zero only by green."""
    shown = number(value) if isinstance(value, int) else value
    return {
        "label": label,
        "value": shown,
        "url": url,
        "kind": kind if value or kind == "green" else "",
        "note": note,
        "icon": icon,
    }


@register.inclusion_tag("components/chart.html")
def chart(picture: ui.Chart, table: bool = True) -> dict[str, Any]:
    """A :class:`core.ui.Chart` with its table beside (folded under a switch)."""
    return {"chart": picture, "table": table}


@register.inclusion_tag("components/job_progress.html")
def job_progress(progress: ui.Progress) -> dict[str, Any]:
    """The bar of a long job; it asks for itself again until the job has ended."""
    return {"progress": progress}


@register.simple_tag
def crumb(label: Label, url: str = "") -> SafeString:
    """A step of the breadcrumb; the page itself comes last and has no ``url``."""
    if url:
        return format_html('<li><a href="{}">{}</a></li>', url, label)
    return format_html('<li aria-current="page">{}</li>', label)


@register.simple_block_tag
def more(content: str) -> SafeString:
    """The menu that holds rarer and destructive acts; inside: ``<li><a class="dropdown-item" href="...">``."""
    return format_html(
        '<div class="dropdown"><button type="button" class="btn" data-bs-toggle="dropdown" aria-expanded="false">'
        '{}{}</button>'
        '<ul class="dropdown-menu dropdown-menu-end">{}</ul></div>',
        _("More"), _icon("chevron-down", 16), content,
    )  # fmt: skip


@register.simple_block_tag
def confirm(
    content: str,
    html_id: str,
    title: Label,
    url: str,
    action: Label,
    danger: bool = False,
    csrf: str = "",
) -> SafeString:
    """A dialog that asks before an act and posts to ``url``; opened by ``data-opens="html_id"``.

    The block holds its text and fields. Give ``csrf=csrf_token``.
    """
    return format_html(
        '<dialog class="xj-dialog" id="{id}" aria-labelledby="{id}-title"><form method="post" action="{url}">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{csrf}">'
        '<h2 class="xj-dialog-title" id="{id}-title">{title}</h2><div class="xj-dialog-body">{content}</div>'
        '<div class="xj-dialog-foot"><button type="button" class="btn" data-closes>{cancel}</button>'
        '<button type="submit" class="btn {css}">{action}</button></div></form></dialog>',
        id=html_id, url=url, csrf=csrf, title=title, content=content, action=action, cancel=_("Cancel"),
        css="btn-danger" if danger else "btn-primary",
    )  # fmt: skip


@register.inclusion_tag("components/masked.html")
def masked(value: str, label: Label, url: str = "", locked: bool = False) -> dict[str, Any]:
    """A value that is already masked. ``url`` (POST, answers ``{"value": "..."}``) adds the 30 s button.

    ``locked`` shows that the reader has no right to it. The full value must never be in the page.
    """
    return {
        "value": value or NO_VALUE,
        "label": label,
        "url": url if value else "",
        "locked": locked,
    }


@register.simple_tag
def shown(value: Any, mandatory: bool = False, permitted: bool = True) -> SafeString:
    """A value of a file:

    itself, ``—``, amber "not filled in" when it is mandatory, or a lock when not permitted.
    """
    if not permitted:
        return format_html('<span class="xj-locked">{}{}</span>', _icon("lock", 16), _("Not permitted"))
    if value in (None, ""):
        return badge("amber", _("Not filled in")) if mandatory else SafeString(NO_VALUE)
    return conditional_escape(value)


@register.simple_tag
def deadline(due: date | None, days: int | None = None, certain: bool = True) -> SafeString:
    """A due date with the working days left (``days``; negative:

    overdue). ``certain`` False: beyond the holiday table.
    """
    if due is None:
        return SafeString(NO_VALUE)
    if days is None:
        return SafeString(day(due))
    if days < 0:
        text = ngettext(
            "%(count)s day overdue (%(date)s)",
            "%(count)s days overdue (%(date)s)",
            -days,
        )
        return badge("red", text % {"count": -days, "date": day(due)}, "clock-exclamation")
    text = ngettext(
        "%(count)s working day left (%(date)s)",
        "%(count)s working days left (%(date)s)",
        days,
    )
    text %= {"count": days, "date": day(due)}
    if not certain:
        text = _("%(text)s, holidays not yet announced") % {"text": text}
    return badge("amber", text) if days <= 2 else format_html('<span class="xj-num">{}</span>', text)


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The page's own query string with some values changed; None takes a value out."""
    request: HttpRequest = context["request"]
    params: QueryDict = request.GET.copy()
    for key, value in changes.items():
        if value is None:
            params.pop(key, None)
        else:
            params[key] = str(value)
    return "?" + params.urlencode()


@register.simple_tag
def script_texts() -> SafeString:
    """The words that the page's script shows, as data (there is no inline script)."""
    texts = {
        "saved": _("Saved %(time)s"),
        "saving": _("Saving…"),
        "unsaved": _("Not saved, please do not close this page"),
        "offline": _("No connection. Not saved, please do not close this page"),
        "leave": _("What you have typed is not saved."),
        "loading": _("Loading…"),
        "failed": _("Could not be loaded."),
        "retry": _("Try again"),
        "refused": _("The server refused this act."),
        "server_fault": _("The server has a fault; nothing was changed. Error number: %(number)s"),
        "other_person": _("Another person has signed in. The page is being loaded again."),
        "missing": _("Please fill this in."),
        "tick": _("Please tick this to go on."),
        "unfit": _("This does not fit here. Please check it."),
        "copied": _("Copied"),
        "selected": _("%(count)s selected"),
        "too_many": _("At most %(count)s at once"),
        "shown_for": _("Shown for 30 seconds"),
        "keys_on": _("Single-letter keys are on"),
        "keys_off": _("Single-letter keys are off"),
    }
    return json_script(texts, "xj-texts")


@register.filter
def as_json(value: Any) -> str:
    """A value for a data attribute."""
    return json.dumps(value, ensure_ascii=False)
