"""Names of what happens in the archives' room."""

from django.utils.translation import gettext_lazy as _

EVENTS = {
    "student.edited": _("Student file changed as approved"),
    "edit.applied": _("Batch of changes carried out"),
    "edit.viewed": _("Values of an edit request seen whole"),
}
