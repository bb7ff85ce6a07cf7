"""What students' accounts register when the room starts: events, inbox, menu, a file's button, how they go with it."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.access import OWN_FILE
from accounts.models import User
from accounts.scope import holds
from approvals import inbox, work_items
from core.menu import MenuItem
from core.menu import register as register_menu
from ledger import events
from records import erasing
from records.sections import Act, register_act
from records.selectors import StudentFile
from records.self_service import actions, selectors
from records.self_service.lists import OPEN
from records.self_service.selectors import ANSWERS, PERM

EVENTS = {
    "student.own_file_read": _("Student opened the own file"),
    "student.own_numbers_shown": _("Student had the own numbers shown"),
    "student.own_file_confirmed": _("Student confirmed the own file"),
    "student.correction_asked": _("Student asked for a correction"),
    "student.correction_answered": _("Correction of a student answered"),
}


def _account(user: User, file: StudentFile) -> str:
    return reverse("records:student_account", args=[file.student.public_id])


def inbox_rows(user: User, tab: inbox.Tab) -> Sequence[inbox.InboxRow]:
    """One line for all corrections that wait for an answer."""
    if tab != "waiting" or not holds(user, ANSWERS):
        return ()
    count = selectors.corrections(user).filter(answered_at=None).order_by().count()
    if not count:
        return ()
    title = ngettext("%(count)s correction", "%(count)s corrections", count) % {"count": count}
    url = f"{reverse('records:corrections')}?state={OPEN}"
    return [inbox.InboxRow(_("Students' corrections to answer"), title, url, count)]


def register_all() -> None:
    """Called once when the room starts."""
    for name, label in EVENTS.items():
        events.register(name, label)
    erasing.register("student_account", actions.erase)
    register_act("account", Act(_("Student's account"), "key", _account, (PERM,), order=720))
    register_menu(MenuItem(_("My file"), "records:own_file", "id", OWN_FILE, "work", 0))
    register_menu(
        MenuItem(
            _("Student accounts"), "records:student_accounts", "key", PERM, "files", 50,
            also=("records:student_account",),
        )
    )  # fmt: skip
    work_items.register(selectors.work_item)
    inbox.register(inbox.InboxSource("corrections", _("Students' corrections"), inbox_rows))
    register_menu(
        MenuItem(
            _("Corrections"), "records:corrections", "message-circle", ANSWERS, "files", 52,
            also=("records:correction",),
        )
    )  # fmt: skip
