"""What somebody is told who may not do something (403): which right, where, who has it and whom to ask."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext, ngettext

from accounts.models import User
from accounts.roles import ROLE_PERMISSIONS, Role
from accounts.scope import NotPermitted, held_by, knows_unit
from accounts.selectors import PERMISSION_LABELS, paths_into
from core import errors
from school.models import Unit

MOST_NAMES = 3


def not_permitted(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page of a refused act, in words; codes and ids of what was refused stay in the ledger."""
    user = request.user
    if isinstance(exception, NotPermitted):
        told = explained(user, exception) if isinstance(user, User) else ""
        return errors.not_permitted(request, PermissionError(told))
    return errors.not_permitted(request, exception)


def explained(user: User, refused: NotPermitted) -> str:
    """Whole sentences for the reader; "" when the refusal names no right.

    A unit that the reader cannot know of is not named; a student is told nothing of rights and who gives them.
    """
    if user.kind == User.Kind.STUDENT:
        return gettext("A student's account opens one's own file and nothing else.")
    perms = [str(perm) for perm in refused.args if perm in PERMISSION_LABELS]
    if not perms:
        return ""
    unit = Unit.objects.filter(pk=refused.unit_id).first() if refused.unit_id else None
    if unit is not None and not knows_unit(user, unit.pk):
        unit = None
    return _joined([_asked(perms, unit), _resting(user, perms), _whom_to_ask(user, unit)])


def _in_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def _joined(sentences: list[str]) -> str:
    return ("" if _in_chinese() else " ").join(sentence for sentence in sentences if sentence)


def _listed(words: list[str]) -> str:
    return ("、" if _in_chinese() else ", ").join(words)


def _asked(perms: list[str], unit: Unit | None) -> str:
    values: dict[str, Any] = {
        "rights": _listed([f"“{PERMISSION_LABELS[perm]}”" for perm in perms]),
    }
    if unit is None:
        text = ngettext(
            "This asks for the right %(rights)s, which you do not have.",
            "This asks for one of the rights %(rights)s, which you do not have.",
            len(perms),
        )
        return text % values
    text = ngettext(
        "This asks for the right %(rights)s at %(unit)s, which you do not have.",
        "This asks for one of the rights %(rights)s at %(unit)s, which you do not have.",
        len(perms),
    )
    return text % {**values, "unit": unit.label}


def _resting(user: User, perms: list[str]) -> str:
    """A role that would give it, but rests until the training is entered."""
    for held in held_by(user):
        if held.rests and set(perms) & set(ROLE_PERMISSIONS[held.role]):
            text = gettext("Your role %(role)s gives nothing until a valid training is entered.")
            return text % {"role": held.role.label}
    return ""


def _whom_to_ask(user: User, unit: Unit | None) -> str:
    where = unit or user.unit
    found = paths_into(user, where, "manage_grants") if where is not None else []
    names = list(
        dict.fromkeys(one.user.name for one in found if one.role == Role.SECURITY_ADMIN and one.user != user)
    )
    if not names:
        return gettext("Ask your security administrator, who gives the roles.")
    text = gettext("Ask %(names)s (security administrator), who gives the roles.")
    return text % {"names": _listed(names[:MOST_NAMES])}
