"""What this part of the room registers when it starts: events, sections of a file, inbox, menu."""

from django.utils.translation import gettext_lazy as _

from approvals.inbox import InboxSource
from approvals.inbox import register as register_source
from core.menu import MenuItem
from core.menu import register as register_item
from ledger import events
from records.merits import inbox
from records.merits.events import EVENTS
from records.merits.sections import SECTIONS
from records.sections import register as register_section

MENU = (
    MenuItem(
        _("Rewards, penalties"), "records:rewards", "medal", "record_merit", "files", 20,
        also=("records:reward", "records:reward_new", "records:reward_class", "records:reward_classes",
              "records:penalties", "records:penalty", "records:penalty_act", "records:penalty_new"),
    ),
    MenuItem(
        _("Conduct, problems"), "records:conducts", "clipboard-text", "record_conduct", "files", 22,
        also=("records:conduct", "records:conduct_new", "records:conduct_class", "records:conduct_classes",
              "records:problems", "records:problem", "records:problem_new"),
    ),
    MenuItem(
        _("Employment"), "records:internships", "briefcase", "record_employment", "files", 24,
        also=("records:internship", "records:internship_new", "records:internship_class",
              "records:internship_classes", "records:employments", "records:employment", "records:employment_new"),
    ),
)  # fmt: skip


def register_all() -> None:
    """Called once when the room starts."""
    for name, label in EVENTS.items():
        events.register(name, label)
    for section in SECTIONS:
        register_section(section)
    for item in MENU:
        register_item(item)
    register_source(InboxSource("merits", _("Rewards, penalties and conduct"), inbox.rows))
