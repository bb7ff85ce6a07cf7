"""Forms of corrections: what a student asks for, what the office answers."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from records.own_check_models import WORDS_LENGTH
from records.self_service.showing import Part


def _words(label: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=forms.Textarea(attrs={"rows": "4"}), max_length=WORDS_LENGTH)


class CorrectionForm(forms.Form):
    """What is wrong in one's own file; ``parts``: the sections shown."""

    use_required_attribute = False

    section = forms.ChoiceField(label=_("Where something is wrong"))
    words = _words(_("What is wrong, and how it should be"))

    def __init__(self, *args: Any, parts: Sequence[Part], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["section"]
        field.choices = [("", "—"), *((one.key, one.title) for one in parts)]


class AnswerForm(forms.Form):
    """What the office did about it."""

    use_required_attribute = False

    answer = _words(_("Answer to the student"))
    request_no = forms.CharField(
        label=_("Request number"), max_length=20, required=False,
        help_text=_("If a change of the file was asked for"),
    )  # fmt: skip
