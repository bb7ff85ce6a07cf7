"""Forms of photos."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from records.models import PhotoExport
from records.photos.picture import SMALLEST, Box
from school.models import SchoolClass, Unit


class PhotoForm(forms.Form):
    """One picture."""

    use_required_attribute = False

    file = forms.FileField(
        label=_("Photo"),
        help_text=_("JPEG or PNG up to 20 MB, at least 154 by 189 pixels"),
        widget=forms.FileInput(attrs={"accept": ".jpg,.jpeg,.png"}),
    )


class ClassPhotosForm(forms.Form):
    """The ZIP of a class."""

    use_required_attribute = False

    school_class = forms.ModelChoiceField(label=_("Class"), queryset=SchoolClass.objects.none())
    file = forms.FileField(
        label=_("ZIP of photos"),
        help_text=_("Up to 64 MB and 2,000 files; JPEG or PNG inside"),
        widget=forms.FileInput(attrs={"accept": ".zip"}),
    )
    replaces = forms.BooleanField(
        label=_("Replace photos that are there"),
        required=False,
        help_text=_("Old ones stay in the file as versions"),
    )

    def __init__(self, *args: Any, classes: QuerySet[SchoolClass], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["school_class"]
        chosen.queryset = classes
        chosen.empty_label = "—"
        chosen.label_from_instance = lambda one: f"{one.school.label} · {one.class_no} {one.label}"


class CropForm(forms.Form):
    """Which part of a picture is the photo, in its pixels; the height follows from the width."""

    use_required_attribute = False

    left = forms.IntegerField(label=_("From the left"), min_value=0)
    top = forms.IntegerField(label=_("From the top"), min_value=0)
    width = forms.IntegerField(label=_("Width"), min_value=SMALLEST[0])

    def box(self) -> Box:
        """The part."""
        return Box(**{name: self.cleaned_data[name] for name in ("left", "top", "width")})


class ExportForm(forms.Form):
    """Whose photos, for what, on which basis."""

    use_required_attribute = False

    scope = forms.ChoiceField(label=_("Whose photos"))
    purpose = forms.ChoiceField(label=_("Purpose"), choices=[("", "—"), *PhotoExport.Purpose.choices])
    basis = forms.CharField(
        label=_("Basis"), max_length=80, help_text=_("The notice or rule that asks for it, with its number")
    )

    def __init__(self, *args: Any, schools: list[Unit], classes: list[SchoolClass], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._scopes: dict[str, dict[str, Any]] = {}
        groups: list[tuple[str, list[tuple[str, str]]]] = []
        for school in schools:
            own = [one for one in classes if one.school_id == school.pk]
            groups.append((school.label, self._choices(school, own)))
        chosen: Any = self.fields["scope"]
        chosen.choices = [("", "—"), *groups]

    def _choices(self, school: Unit, classes: list[SchoolClass]) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []

        def offer(key: str, label: Any, **scope: Any) -> None:
            self._scopes[key] = {"school": school, **scope}
            found.append((key, str(label)))

        offer(f"s{school.pk}", _("The whole school"))
        for grade in sorted({one.grade_level for one in classes}):
            offer(f"g{school.pk}.{grade}", _("Grade level %(grade)s") % {"grade": grade}, grade_level=grade)
        for one in classes:
            offer(f"c{one.pk}", f"{one.class_no} {one.label}", school_class=one)
        return found

    def asked(self) -> dict[str, Any]:
        """What `records.photos.export.ask` takes beside the actor."""
        told = self.cleaned_data
        return {**self._scopes[told["scope"]], "purpose": told["purpose"], "basis": told["basis"]}
