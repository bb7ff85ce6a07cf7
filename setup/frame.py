"""The room's entries of the menu."""

from django.utils.translation import gettext_lazy as _

from core.menu import MenuItem
from core.menu import register as register_item


def register() -> None:
    """Runs once at start."""
    items = (
        MenuItem(_("Units and rules"), "setup:units", "sitemap", "view_school", "school", 10,
                 also=("setup:unit", "setup:unit_add", "setup:unit_change", "setup:rules", "setup:rule",
                       "setup:rule_set", "setup:programme_add", "setup:class_add")),
        MenuItem(_("Classes"), "setup:classes", "users-group", "view_school", "school", 20,
                 also=("setup:school_class", "setup:class_change", "setup:class_staff_add")),
        MenuItem(_("Programmes"), "setup:programmes", "book", "view_school", "school", 30,
                 also=("setup:programme_change",)),
        MenuItem(_("School calendar"), "setup:calendars", "calendar", "view_school", "school", 40,
                 also=("setup:calendar", "setup:term_add", "setup:term_change", "setup:period_add")),
        MenuItem(_("Code lists"), "setup:code_lists", "list", "view_school", "school", 50,
                 also=("setup:code_list", "setup:code_add", "setup:code_change")),
        MenuItem(_("Regions"), "setup:regions", "map-pin", "view_school", "school", 60,
                 also=("setup:region_add", "setup:region_change")),
    )  # fmt: skip
    for item in items:
        register_item(item)
