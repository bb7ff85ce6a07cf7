"""Every write of the school's settings."""

from setup.actions.calendar import add_period, add_term, change_term, remove_period
from setup.actions.codes import (
    REGIONS,
    PlanChanged,
    add_code,
    add_region,
    change_code,
    change_region,
    close_code,
    close_region,
    demand_codes,
    import_codes,
)
from setup.actions.common import Stale, version_of
from setup.actions.rules import FROM_ABOVE, may_set, set_rule, withdraw_rule
from setup.actions.teaching import (
    add_class,
    add_programme,
    appoint_class_staff,
    change_class,
    change_programme,
    close_class,
    end_class_staff,
    numbered,
    school_of,
)
from setup.actions.units import BELOW, add_unit, change_unit, close_unit

__all__ = [
    "BELOW",
    "FROM_ABOVE",
    "REGIONS",
    "PlanChanged",
    "Stale",
    "add_class",
    "add_code",
    "add_period",
    "add_programme",
    "add_region",
    "add_term",
    "add_unit",
    "appoint_class_staff",
    "change_class",
    "change_code",
    "change_programme",
    "change_region",
    "change_term",
    "change_unit",
    "close_class",
    "close_code",
    "close_region",
    "close_unit",
    "demand_codes",
    "end_class_staff",
    "import_codes",
    "may_set",
    "numbered",
    "remove_period",
    "school_of",
    "set_rule",
    "version_of",
    "withdraw_rule",
]
