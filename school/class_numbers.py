"""Class numbers (班号) by the school's rule. A number means one thing under W, another under H: nothing is guessed.

W: year of entry, present grade, two digits of the class; it changes with each school year. H: year in which the present
stage began, digit of the stage, two digits of the class; it stays. Both have seven digits and look alike.
"""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from school.models import Stage

W, H, FREE = "W", "H", "free"
STAGE_DIGITS: dict[str, int] = {Stage.PRIMARY: 1, Stage.JUNIOR: 2, Stage.SENIOR: 3}
LONGEST_STAGE = {Stage.PRIMARY: 6, Stage.JUNIOR: 4, Stage.SENIOR: 3}
"""Grades of a stage; a junior middle school may have four (五四学制)."""


def class_number(
    rule: str, stage: str, *, entry_year: int, grade_level: int, number: int, school_year: int
) -> str:
    """The class number that the rule gives. Raises ValidationError (with the field) when the facts do not fit the rule.

    Raises ValueError for the rule "free", which gives none.
    """
    if rule == FREE:
        raise ValueError("A free class number is typed, not made")
    if not 1 <= number <= 99:
        raise ValidationError({"number": _("A class has a number from 1 to 99.")})
    _check_grade(stage, entry_year, grade_level, school_year)
    if rule == H:
        digit = STAGE_DIGITS.get(stage)
        if digit is None:
            raise ValidationError({"class_no": _("Rule H is for primary and middle schools only.")})
        return f"{entry_year}{digit}{number:02}"
    return f"{entry_year}{grade_level}{number:02}"


def _check_grade(stage: str, entry_year: int, grade_level: int, school_year: int) -> None:
    if grade_level != school_year - entry_year + 1:
        text = _("Who entered in %(entry)s is in grade %(grade)s in the school year %(year)s.")
        facts = {"entry": entry_year, "grade": school_year - entry_year + 1, "year": school_year}
        raise ValidationError({"grade_level": text % facts})
    longest = LONGEST_STAGE.get(Stage(stage), 9) if stage else 9
    if not 1 <= grade_level <= longest:
        raise ValidationError(
            {"grade_level": _("This kind of school has grades 1 to %(count)s.") % {"count": longest}}
        )
