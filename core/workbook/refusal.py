"""Why a file is refused, in words for the person who sent it."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

MESSAGES = {
    "empty": _("The file holds no data. Fill in the template and upload it again."),
    "not_a_workbook": _(
        "This is not an Excel workbook or CSV file. Upload the template as .xlsx, .xls or .csv."
    ),
    "web_page": _("This is a web page with an Excel name. Open it in Excel or WPS and save it as .xlsx."),
    "other_format": _(
        "This kind of workbook is not supported. Open it in Excel or WPS and save it as .xlsx."
    ),
    "damaged": _(
        "The file is damaged or was cut off. Open it in Excel or WPS, save it again, then upload it."
    ),
    "password": _(
        "The file is protected by a password. Remove the password in Excel or WPS and save it again."
    ),
    "macros": _("The file carries macros. Save it as .xlsx without macros, then upload it again."),
    "too_large": _("The file is larger than %(limit)s MB. Split it and upload the parts one by one."),
    "bomb": _(
        "The file grows far too large when unpacked. Copy the data into the empty template and upload that."
    ),
    "external_entities": _(
        "The file carries XML definitions that Excel never writes. Copy the data into the empty template."
    ),
    "too_many_rows": _(
        "The sheet declares %(rows)s rows; at most %(limit)s are allowed. Delete the empty rows below "
        "the data, or split the file."
    ),
    "too_wide": _(
        "The sheet declares too many cells. Delete the empty columns beside the data and save it again."
    ),
    "several_sheets": _("Several sheets hold data: %(sheets)s. Keep one sheet for each file."),
    "no_header": _(
        "No row with the column names was found. Use the template; these columns are expected: %(names)s."
    ),
    "missing_headers": _(
        "These mandatory columns are missing: %(names)s. Take the column names from the template."
    ),
    "missing_and_unknown_headers": _(
        "These mandatory columns are missing: %(names)s. These columns are unknown: %(unknown)s. Take the "
        "column names from the template."
    ),
    "duplicate_headers": _("These columns stand more than once: %(names)s. Keep one of each."),
    "encoding": _("The text of the file cannot be read. Save it as .xlsx, or as CSV in UTF-8."),
    "unsafe_names": _(
        "The ZIP file holds an unsafe file name: %(name)s. Pack the workbooks again without folders."
    ),
    "too_many_files": _("The ZIP file holds %(count)s files; at most %(limit)s are allowed. Split it."),
    "no_files": _("The ZIP file holds no workbooks."),
    "is_collection": _(
        "This is a ZIP file. Upload it where a ZIP of workbooks is asked for, or unpack it first."
    ),
    "nested": _("A ZIP file inside a ZIP file is not read. Put the workbooks directly into one ZIP file."),
}
NAMES_SHOWN = 12


def refusal_message(code: str, params: Mapping[str, str | int] | None = None) -> str:
    """Return the message of a refusal in the active language. Raises KeyError for an unknown code."""
    message = str(MESSAGES[code])
    return message % params if params else message


class WorkbookRefused(Exception):
    """A file that is not read; `code` and `params` can be stored, `message` follows the language."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    @property
    def message(self) -> str:
        """What is wrong and what to do, in the active language."""
        return refusal_message(self.code, self.params)

    def __str__(self) -> str:
        return self.message


def listed(names: list[str]) -> str:
    """Join names for a message; a long list is cut and says so by an ellipsis."""
    shown = [name.replace("\n", " ")[:60] for name in names[:NAMES_SHOWN]]
    return "、".join(shown) + ("…" if len(names) > NAMES_SHOWN else "")
