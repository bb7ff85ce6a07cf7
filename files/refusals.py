"""Why a file is not stored, in words for the person who sent it."""

from django.utils.translation import gettext_lazy as _

MESSAGES = {
    "empty": _("The file is empty."),
    "unknown_type": _("This kind of file is not accepted."),
    "type_not_allowed": _("This kind of file is not accepted here. Choose one of: %(types)s."),
    "too_large": _("The file is larger than %(limit)s MB."),
    "too_many_pixels": _("The picture has more than %(limit)s million pixels. Scan it at 300 dpi."),
    "damaged": _("The file is damaged or was cut off. Save or scan it again, then upload it."),
    "too_many_pages": _("The PDF has more than %(limit)s pages. Divide it into several files."),
    "too_heavy": _("The PDF takes too much to show. Print it to PDF again, or scan it, then upload it."),
    "active_content": _("The PDF holds scripts or attached files. Print it to PDF again, or scan it."),
    "foreign_content": _("Something else hangs on this PDF. Print it to PDF again, or scan it."),
    "password": _("The file is protected by a password. Remove the password and upload it again."),
    "zip_bomb": _("The ZIP holds too many files, or unpacks to too much. Make several smaller ones."),
    "infected": _("The virus scanner found something in this file. It was not stored."),
    "not_checked": _("The PDF could not be looked at just now. Try again in a few minutes."),
    "scanner_silent": _(
        "The virus scanner does not answer, so nothing was stored. Try again in a few minutes."
    ),
    "store_silent": _("The store of the files does not answer. Try again in a few minutes."),
    "key_missing": _("FIELD_KEYS lacks the key under which this lies. Tell the system administrator."),
    "gone": _("The file is no longer here."),
    "not_copied": _("The earlier scan cannot be read now. Add the scan again."),
}


class FileRefused(Exception):
    """A file that is not stored; ``code`` and ``params`` make the message."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code, params)
        self.code, self.params = code, params

    @property
    def message(self) -> str:
        """What is wrong and what to do, in the language in use."""
        return str(MESSAGES[self.code]) % self.params

    def __str__(self) -> str:
        return self.message


class NotChecked(FileRefused):
    """Nothing is known against the file: what would look at it does not answer. Another try may do."""
