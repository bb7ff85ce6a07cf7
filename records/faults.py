"""Every fault that a check can find: what is wrong and what to do, in the reader's language.

No message ever tells the right digit of a number: nobody may be led to make one up.
"""

from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _


class Message(NamedTuple):
    """The two halves of what the user reads."""

    what: object
    mend: object


@dataclass(frozen=True)
class Fault:
    """One fault of one field. ``detail`` fills the message's ``%(detail)s``; it never holds a right answer."""

    field: str
    code: str
    level: str = "error"
    detail: str = ""
    value: str = ""


_COMPARE = _("Compare it with the original document digit by digit")
_CHOOSE = _("Choose one of the list's entries")

MESSAGES: dict[str, Message] = {
    "required": Message(_("A required cell is empty"), _("Fill it in from the registration form")),
    "formula": Message(_("The cell holds a formula"), _("Type the text itself")),
    "number_precision": Message(
        _("The number was stored as a figure and has lost its last digits"),
        _("Format the cell as text and type it again"),
    ),
    "too_long": Message(_("The text is longer than %(detail)s characters"), _("Shorten it")),
    "name_characters": Message(
        _("The name holds characters that a name cannot have"),
        _("Write it as on the identity document, with · if it has one"),
    ),
    "unknown_code": Message(_("The value is not in the list"), _CHOOSE),
    "date_form": Message(_("The date is not eight digits YYYYMMDD"), _("Write it like 20190603")),
    "date_unreal": Message(_("There is no such date"), _("Look it up in the household register")),
    "date_future": Message(_("The date lies in the future"), _("Look it up in the household register")),
    "month_form": Message(_("The month is not six digits YYYYMM"), _("Write it like 202609")),
    "region_form": Message(
        _("The region code does not have 12 digits ending in 000000"),
        _("Write the six-digit code and six zeros"),
    ),
    "region_unknown": Message(
        _("The region code does not exist"),
        _("Look it up; a new region is added by the administrator of code lists"),
    ),
    "region_abolished": Message(
        _("The region code is no longer in use"), _("Keep it if the household register shows it")
    ),
    "code_closed": Message(
        _("This entry of the list is not in use at present"),
        _("Choose one that is in use; keep it only if the original document shows it"),
    ),
    "boolean_form": Message(_("The value is neither 是 nor 否"), _("Write 是 or 否")),
    "id_length": Message(_("The identity number does not have 18 characters"), _COMPARE),
    "id_characters": Message(
        _("The identity number holds other characters than digits and a final X"), _COMPARE
    ),
    "id_check_digit": Message(_("The check digit of the identity number does not fit"), _COMPARE),
    "id_birth_date": Message(_("The identity number holds no possible birth date"), _COMPARE),
    "id_region": Message(
        _("The region inside the identity number is not in the list"),
        _("Compare it with the original; keep it if it is so"),
    ),
    "id_required": Message(
        _("This type of document needs its number"),
        _("Fill in the number, or choose the type 其他 if there is none"),
    ),
    "id_type_mismatch": Message(
        _("The number does not fit the type of document"), _("Correct the type or the number")
    ),
    "id_duplicate_file": Message(
        _("The same identity number stands in the file more than once (rows %(detail)s)"),
        _("Keep the right row only"),
    ),
    "id_duplicate": Message(
        _("The identity number is already in the system"),
        _("Open the other record; mend or withdraw one of the two"),
    ),
    "file_shelved": Message(
        _("The file of this student was deleted and lies in the inactive archive"),
        _("Enter the student in another intake batch"),
    ),
    "id_elsewhere": Message(
        _("The identity number is known elsewhere"),
        _("The bureau can tell; ask it before you go on"),
    ),
    "lookups_spent": Message(
        _("More identity numbers were asked about than one hour allows"),
        _("The number is kept as typed; try again in the next hour"),
    ),
    "exam_no_duplicate_file": Message(
        _("The same exam number stands in the file more than once (rows %(detail)s)"),
        _("Keep the right row only"),
    ),
    "national_no_form": Message(
        _("The national student number is not G, L or J and 18 characters"),
        _("Copy it from the national system; leave it empty if there is none"),
    ),
    "national_no_mismatch": Message(
        _("The national student number and the identity number differ"), _COMPARE
    ),
    "national_no_duplicate": Message(
        _("Another student file holds this national student number"),
        _("Compare both with the national system"),
    ),
    "national_no_duplicate_file": Message(
        _("The same national student number stands in the file more than once (rows %(detail)s)"),
        _("Compare both rows with the national system"),
    ),
    "student_no_form": Message(
        _("The student number holds other characters than letters and digits"),
        _("Copy it from the school's own list; leave it empty and a new one is given"),
    ),
    "student_no_duplicate": Message(
        _("Another student of the school has this student number"),
        _("Compare both with the school's own list"),
    ),
    "student_no_duplicate_file": Message(
        _("The same student number stands in the file more than once (rows %(detail)s)"),
        _("Compare both rows with the school's own list"),
    ),
    "entry_in_future": Message(
        _("The entry lies in the future, but this batch is for students who are here already"),
        _("Correct the month of entry, or enter new students in a batch for them"),
    ),
    "exam_no_duplicate": Message(
        _("The exam number is already in this intake batch"),
        _("Open the other record; mend or withdraw one of the two"),
    ),
    "birth_date_mismatch": Message(
        _("The birth date differs from the one in the identity number"),
        _("Compare both with the household register"),
    ),
    "sex_mismatch": Message(
        _("The sex differs from the one in the identity number"), _("Compare both with the original")
    ),
    "parent_id_missing": Message(
        _("The student has no identity number, and no member of the family has one"),
        _("Fill in the identity number of the parents"),
    ),
    "both_parents_ids": Message(
        _("A student without identity number needs both parents' numbers"),
        _("Fill them in, or state why there is only one"),
    ),
    "no_id_proof": Message(
        _("A student without identity number needs the stamped proof of attendance"),
        _("Attach the scan before submitting"),
    ),
    "guardian_missing": Message(
        _("No member of the family is marked as guardian"), _("Mark at least one guardian")
    ),
    "guardian_order": Message(
        _("The first guardian is no parent, although a parent is named"),
        _("Parents come first; keep it if they cannot be guardians"),
    ),
    "overseas_with_id": Message(
        _("Holders of a resident identity card are not from Hong Kong, Macao, Taiwan or overseas"),
        _("Choose 否"),
    ),
    "overseas_expected": Message(
        _("This type of document usually goes with an overseas status"), _("Check both")
    ),
    "passport_of_chinese": Message(
        _("A Chinese national with a passport is unusual"), _("Check the type of document")
    ),
    "disability_proof": Message(_("Disability needs a certificate"), _("Attach the scan of the certificate")),
    "league_age": Message(
        _("Under 14 nobody is a member of the Youth League"), _("Check the political status")
    ),
    "age_unusual": Message(
        _("The age is unusual for this stage"), _("Check the birth date; state the reason if it is right")
    ),
    "under_age": Message(
        _("The student is under six at entry to primary school"), _("Entry must wait, or the rule be changed")
    ),
    "aid_at_collection": Message(
        _("At first collection nobody applies for aid yet"), _("Choose 否; aid follows with its form")
    ),
    "senior_subsidy": Message(
        _("Senior secondary students never receive the boarding subsidy"), _("Choose 否")
    ),
    "phone_form": Message(
        _("This is neither a mobile number nor a landline with area code"),
        _("Write 11 digits, or like 027-12345678"),
    ),
    "postcode_form": Message(_("The postcode does not have six digits"), _("Write six digits")),
    "digits_form": Message(_("Only digits are allowed"), _("Write digits only")),
    "number_form": Message(
        _("This is not a number that can stand here"), _("Write digits, such as 2.5, up to %(detail)s")
    ),
    "class_form": Message(
        _("The class number does not follow the school's rule"), _("Write it like %(detail)s")
    ),
    "class_unknown": Message(
        _("The school has no such class"), _("Choose a class of the school, or have it set up")
    ),
    "class_grade": Message(
        _("The grade in the class number does not fit the month of entry"),
        _("Correct the class number or the month of entry"),
    ),
    "class_stage": Message(
        _("The fifth digit of the class number is not that of this school's stage"),
        _("Choose the class from the list; 1 stands for primary, 2 for junior, 3 for senior"),
    ),
    "school_code_wrong": Message(
        _("The school code is not that of this intake batch's school"), _("Write the school's own code")
    ),
    "programme_unknown": Message(
        _("The school has no such programme"), _("Choose one of the school's programmes")
    ),
    "programme_differs": Message(
        _("This is not what the school keeps of the programme"),
        _("Check the programme code; correct this cell if the code is right"),
    ),
    "class_programme": Message(
        _("The class belongs to another programme"), _("Correct the class number or the programme code")
    ),
    "study_years_form": Message(
        _("The length of schooling is not one of the allowed ones"), _("Write for example 3 or 2.5")
    ),
    "aux_no_required": Message(
        _("Senior secondary students need the auxiliary number"), _("Fill in the provincial number")
    ),
    "student_in_batch": Message(
        _("A student with the same name, birth date and family is in this batch already"),
        _("Dismiss the row if it is the same student; enter another one in the browser"),
    ),
    "student_twice_in_file": Message(
        _("The same student stands in the file more than once (rows %(detail)s)"),
        _("Keep the right row only"),
    ),
    "possible_duplicate": Message(
        _("Somebody with the same name and birth date is already in the system"),
        _("Open the other record and compare"),
    ),
}


def describe(fault: Fault) -> tuple[str, str]:
    """What is wrong and what to do, in the language in use."""
    message = MESSAGES[fault.code]
    values = {"detail": fault.detail}
    return str(message.what) % values, str(message.mend) % values
