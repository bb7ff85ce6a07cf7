"""The items of the four checks (DA/T 70-2018, in its order) and what each says when it fails.

A code is the stage, the check and a number: GD-1-1 at filing (归档), YJ at transfer (移交), CQ in long keeping (保存).
The standard's items about media and packages have no place here: nothing lies on a medium, and a package is verified
by itself (`archive.eep`).
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from archive.models import FourCheckRun

Occasion = FourCheckRun.Occasion

CHECKS = {
    "1": ("authenticity", _("Authenticity")),
    "2": ("integrity", _("Integrity")),
    "3": ("usability", _("Usability")),
    "4": ("security", _("Security")),
}
STAGES = {Occasion.ACCEPTANCE: "GD", Occasion.SHARING: "YJ", Occasion.PACKAGE: "YJ"}
"""Of the occasions that are not long keeping."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its title, and the sentence for when it fails; ``about`` follows that sentence."""

    title: Any
    failed: Any


ITEMS = {
    "1-1": Item(_("Digests of the contents"), _("The content is not what was stored.")),
    "1-2": Item(_("Length of the metadata"), _("The text is longer than it may be.")),
    "1-3": Item(_("Type and form of the metadata"), _("The value does not have the form that it must have.")),
    "1-4": Item(_("Metadata within their code lists"), _("The value is in no code list.")),
    "1-5": Item(_("Plausible metadata"), _("The value contradicts another one, or cannot be.")),
    "1-6": Item(_("Special characters in the metadata"), _("The text holds characters that it cannot have.")),
    "1-7": Item(
        _("Form of the archive number"), _("The archive number is not fonds, category, year and item.")
    ),
    "1-8": Item(_("Repetitions"), _("The same number or content is there twice.")),
    "1-9": Item(_("Contents as their metadata say"), _("Size or format is another than the metadata say.")),
    "1-10": Item(_("Metadata linked to contents"), _("The metadata lead to no content.")),
    "2-1": Item(_("Number and bytes"), _("Fewer or other contents are there than are registered.")),
    "2-2": Item(_("Required metadata"), _("A required item is empty.")),
    "2-3": Item(_("Process data"), _("Nothing tells how it came into the file.")),
    "2-4": Item(_("Numbers without gaps"), _("A number of the sequence is missing.")),
    "2-5": Item(_("Contents of the documents"), _("The content is not there.")),
    "2-6": Item(_("Attachments"), _("The attachment is not there.")),
    "2-7": Item(_("Within the scope of filing"), _("Documents of this kind are not filed.")),
    "3-1": Item(_("Metadata can be read"), _("The metadata cannot be decrypted.")),
    "3-2": Item(_("Contents open"), _("The content does not open.")),
    "3-3": Item(_("Formats for long keeping"), _("The content is of a format that is not kept.")),
    "3-4": Item(
        _("Neither locked nor oddly compressed"), _("The content is locked by a password or grows too large.")
    ),
    "4-1": Item(_("Free of malware"), _("The virus scanner found something.")),
    "4-2": Item(_("Nothing that runs"), _("The content holds scripts or attached files.")),
    "4-3": Item(_("Stored encrypted"), _("The content lies in the store without encryption.")),
}
"""By check and number."""

OF_CONTENT = {
    "missing": ("1-10", "2-1", "2-5"),
    "changed": ("1-1",),
    "bare": ("4-3",),
    "size": ("1-9", "2-1"),
    "format": ("1-9",),
    "type_not_allowed": ("3-3",),
    "unopened": ("3-2",),
    "locked": ("3-4",),
    "too_heavy": ("3-4",),
    "active": ("4-2",),
    "infected": ("4-1",),
}
"""The items that fail with what `files.examination` finds."""

BARRING = ("1", "4")
"""A file that fails one of these checks is given to nobody outside: what it says may not be what was filed, or may do
harm. A missing item or a scan that does not open bars nothing: the receiver gets named fields."""


def check_of(number: str) -> str:
    """The key of the check that an item belongs to."""
    return CHECKS[number[0]][0]


def bars(number: str) -> bool:
    """Whether a failure of this item keeps a file from being given to others."""
    return number[0] in BARRING
