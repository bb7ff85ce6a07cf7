"""The form of a bulletin."""

from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.bulletins.printing import quarter_words
from audit.bulletins.selectors import Quarter, quarters, schools
from audit.inspections.forms import IMPERSONAL, UnitField, text_field
from school.models import Unit


class BulletinForm(forms.Form):
    """School, quarter and words; the figures come by themselves."""

    use_required_attribute = False

    key = forms.UUIDField(widget=forms.HiddenInput)
    school = UnitField(
        label=_("School"), queryset=Unit.objects.none(), to_field_name="public_id", empty_label=None
    )
    period = forms.ChoiceField(label=_("Quarter"))
    words = text_field(_("Words"), required=False, hint=IMPERSONAL, rows=6)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("UnitField", self.fields["school"]).queryset = schools(user)
        self.quarters = {f"{one.year}-{one.number}": one for one in quarters(timezone.localdate())}
        period = cast("forms.ChoiceField", self.fields["period"])
        period.choices = [(key, quarter_words(one.year, one.number)) for key, one in self.quarters.items()]
        period.initial = list(self.quarters)[1]

    def quarter(self) -> Quarter:
        """The chosen quarter."""
        return self.quarters[self.cleaned_data["period"]]
