"""Why an act on a document is not done, in words for the person at the screen."""

from django.utils.translation import gettext_lazy as _

MESSAGES = {
    "repeated": _("This very file is in the student file already."),
    "superseded": _("A newer version of this document is there. Look at that one."),
    "own_work": _("Whoever added a document does not check it. Ask somebody else of the archives."),
    "checked": _("Somebody has checked this document already."),
    "fault_needed": _("Say what is wrong with it."),
    "photo": _("Photos have a page of their own."),
    "same": _("A document cannot be related to itself."),
    "unknown_item": _("There is no document with this item number in the file."),
    "linked": _("These documents are related already."),
    "nothing_changed": _("Nothing was changed."),
    "paper_changed": _("The paper file was changed meanwhile. Nothing was saved; look at it again."),
    "reason_needed": _("Give the reason."),
}


class DocumentRefused(Exception):
    """An act on a document that is not done; ``code`` is a key of `MESSAGES`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    def __str__(self) -> str:
        return str(MESSAGES[self.code])
