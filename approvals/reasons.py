"""Why something is sent back: one list for every kind of request."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReturnReason(models.TextChoices):
    """Reasons of a return; ``OTHER`` wants words of its own."""

    DIFFERS_FROM_DOCUMENT = "differs_from_document", _("Differs from the identity document")
    SCAN_UNCLEAR = "scan_unclear", _("The scan is not clear")
    DOCUMENT_MISSING = "document_missing", _("A document is missing")
    REQUIRED_EMPTY = "required_empty", _("A required item is empty")
    DIFFERS_FROM_HUKOU = "differs_from_hukou", _("Differs from the household register")
    CLASS_WRONG = "class_wrong", _("Class number or grade is wrong")
    POSSIBLE_DUPLICATE = "possible_duplicate", _("Possible duplicate")
    BASIS_WEAK = "basis_weak", _("The basis is not sufficient")
    OTHER = "other", _("Other")
