"""Names of what happens in the archives' room."""

from django.utils.translation import gettext_lazy as _

EVENTS = {
    "student.edited": _("Student file changed as approved"),
    "edit.applied": _("Batch of changes carried out"),
    "edit.viewed": _("Values of an edit request seen whole"),
    "inquiry.read": _("Page read in an inquiry"),
    "inquiry.letter_viewed": _("Letter of a reader from outside seen"),
    "snapshot.made": _("Snapshot of a file made and verified"),
    "student.shelved": _("Student file moved to the inactive archive"),
    "hold.placed": _("File put under a hold"),
    "hold.lifted": _("Hold lifted"),
    "loan.lent": _("Paper file lent"),
    "loan.returned": _("Paper file taken back"),
}
