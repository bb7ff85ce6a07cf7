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
    "student.shared": _("Data of a student given to a receiver outside"),
    "sharing.fetched": _("Package of a sharing taken out"),
    "sharing.received": _("Receipt of a sharing noted"),
    "sharing.revoked": _("Sharing revoked"),
    "sharing.expired": _("Sharing expired"),
    "sharing.viewed": _("Paper of a sharing viewed"),
    "consent.recorded": _("Consent recorded"),
    "consent.withdrawn": _("Consent withdrawn"),
    "consent.viewed": _("Scan of a consent viewed"),
    "hold.placed": _("File put under a hold"),
    "hold.lifted": _("Hold lifted"),
    "loan.lent": _("Paper file lent"),
    "certificate.issued": _("Certificate issued"),
    "certificate.copied": _("Copy of a certificate printed"),
    "certificate.voided": _("Certificate voided"),
    "certificate.checked": _("Number of a certificate checked"),
    "loan.returned": _("Paper file taken back"),
}
