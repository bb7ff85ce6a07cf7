"""The events of the room by name."""

from django.utils.translation import gettext_lazy as _

EVENTS = {
    "unit.added": _("Unit added"),
    "unit.changed": _("Unit changed"),
    "unit.closed": _("Unit closed"),
    "rule.set": _("Rule set"),
    "rule.withdrawn": _("Rule withdrawn before it came into force"),
    "programme.added": _("Programme added"),
    "programme.changed": _("Programme changed"),
    "class.added": _("Class added"),
    "class.changed": _("Class changed"),
    "class.closed": _("Class closed"),
    "class_staff.appointed": _("Staff of a class appointed"),
    "class_staff.ended": _("Duty in a class ended"),
    "term.added": _("Term added"),
    "term.changed": _("Term changed"),
    "calendar.period_added": _("Days added to the calendar"),
    "calendar.period_removed": _("Days taken out of the calendar"),
    "code.added": _("Code added"),
    "code.changed": _("Code changed"),
    "code.closed": _("Code closed"),
    "codes.imported": _("Code list imported"),
    "region.added": _("Region added"),
    "region.changed": _("Region changed"),
    "region.closed": _("Region closed"),
}
