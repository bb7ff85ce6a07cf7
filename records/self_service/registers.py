"""What students' accounts register when the room starts: events, menu, the button of a file, how they go with it."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.access import OWN_FILE
from accounts.models import User
from core.menu import MenuItem
from core.menu import register as register_menu
from ledger import events
from records import erasing
from records.sections import Act, register_act
from records.selectors import StudentFile
from records.self_service import actions
from records.self_service.selectors import PERM

EVENTS = {
    "student.own_file_read": _("Student opened the own file"),
    "student.own_numbers_shown": _("Student had the own numbers shown"),
}


def _account(user: User, file: StudentFile) -> str:
    return reverse("records:student_account", args=[file.student.public_id])


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
