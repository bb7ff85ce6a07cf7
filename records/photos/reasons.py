"""Why a picture was not placed, and what to look at in one that was."""

from django.utils.translation import gettext_lazy as _

from files.refusals import MESSAGES as FILE_MESSAGES

REASONS = {
    **FILE_MESSAGES,
    "no_match": _("Neither a number nor a name in the file name fits a student of this class"),
    "several": _("The file name fits several students of this class"),
    "contradiction": _("The number and the name in the file name are those of different students"),
    "unsafe_name": _("The name leads out of the ZIP"),
    "twice": _("Another picture of this ZIP is this student's"),
    "on_file": _("The student has a photo already, and photos were not to be replaced"),
    "same_photo": _("This very photo is in the file already"),
    "too_small": _("Too small: a photo has at least 154 by 189 pixels"),
    "needs_crop": _("Not of the shape 26 to 32: cut out the part that counts"),
    "outside": _("The part lies outside the picture"),
    "too_heavy": _("The picture cannot be made small enough"),
    "lapsed": _("Nobody cropped it within 30 days; bring it again"),
    "done": _("Somebody has placed this photo already."),
    "too_many": _("More than %(limit)s photos: export them by grade or by class."),
    "nobody": _("Nobody here has a photo to the rule."),
    "own_request": _("Whoever asks for an export does not release it. Ask somebody else."),
    "decided": _("Somebody has decided this already."),
    "right_ended": _("Whoever asked for this export may no longer export photos."),
}

WARNINGS = {
    "background_colour": _("The background does not look light blue"),
    "background_uneven": _("The background is not of one colour"),
    "not_colour": _("The photo does not look like a colour photo"),
}

_PARAMS: dict[str, dict[str, object]] = {
    "too_large": {"limit": 20},
    "too_many_pixels": {"limit": 50},
    "type_not_allowed": {"types": "jpg, png"},
    "too_many": {"limit": 1000},
}


def reason_text(code: str) -> str:
    """A reason in words; "" for none."""
    return str(REASONS[code]) % _PARAMS.get(code, {}) if code else ""


class PhotoActRefused(Exception):
    """An act on photos that is not done; ``code`` is a key of `REASONS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    def __str__(self) -> str:
        return reason_text(self.code)
