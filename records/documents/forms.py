"""Forms of documents."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.chinese import clean_text
from files.forms import ScanField
from records.document_models import MOST_TERMS, TERM_LENGTH
from records.documents.actions import Description, paper_state
from records.models import BOOKED_KINDS, Bringer, Document, Secrecy, Student

_BETWEEN = re.compile(r"[\s,;，；、]+")


class TermsField(forms.CharField):
    """Subject terms with spaces or commas between; a list in Python."""

    def to_python(self, value: Any) -> Any:
        """The terms, each once. Raises ValidationError for too many or too long ones."""
        if isinstance(value, list):
            return value
        found = list(dict.fromkeys(part for part in _BETWEEN.split(clean_text(value or "")) if part))
        if len(found) > MOST_TERMS or any(len(one) > TERM_LENGTH for one in found):
            raise forms.ValidationError(
                _("At most %(count)s terms of %(length)s characters"),
                params={"count": MOST_TERMS, "length": TERM_LENGTH},
            )
        return found

    def prepare_value(self, value: Any) -> Any:
        """Terms stand with spaces between."""
        return " ".join(value) if isinstance(value, list) else value


class CatalogueForm(forms.Form):
    """By what the archives find a document."""

    class_code = forms.CharField(label=_("Class number of the archives"), max_length=20, required=False)
    subject_terms = TermsField(
        label=_("Subject terms"), max_length=200, required=False, help_text=_("With spaces between")
    )


class DocumentForm(CatalogueForm):
    """A document of an open file. ``of``: the document of which this is a new version."""

    use_required_attribute = False
    field_order = (
        "kind", "file", "title", "brought_by", "bringer_name", "secrecy", "paper_original", "class_code",
        "subject_terms",
    )  # fmt: skip

    kind = forms.ChoiceField(label=_("Kind of document"), choices=[("", "—"), *BOOKED_KINDS])
    file = ScanField(label=_("Scan"))
    title = forms.CharField(label=_("Title"), max_length=80, required=False)
    brought_by = forms.ChoiceField(
        label=_("Brought by"), choices=[one for one in Bringer.choices if one[0] != Bringer.INTAKE]
    )
    bringer_name = forms.CharField(label=_("Name of who brought it"), max_length=40, required=False)
    secrecy = forms.ChoiceField(label=_("Secrecy"), choices=Secrecy.choices, initial=Secrecy.ORDINARY)
    paper_original = forms.BooleanField(
        label=_("The paper original is kept in the paper file"), required=False
    )

    def __init__(self, *args: Any, of: Document | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if of:
            del self.fields["kind"]
            for name in ("title", "secrecy", "paper_original", "class_code", "subject_terms"):
                self.initial[name] = getattr(of, name)
            secrecy: Any = self.fields["secrecy"]
            levels = list(Secrecy.choices)
            secrecy.choices = levels[Secrecy.values.index(of.secrecy) :]

    def told(self) -> Description:
        """What was told about the document."""
        names = [name for name in self.cleaned_data if name not in {"kind", "file"}]
        return Description(**{name: self.cleaned_data[name] for name in names})


class CheckForm(forms.Form):
    """Whether a scan is sound; an unfit one with what is wrong."""

    outcome = forms.ChoiceField(choices=[("sound", ""), ("unfit", "")], widget=forms.HiddenInput)
    fault = forms.ChoiceField(
        label=_("What is wrong"), choices=[("", "—"), *Document.Fault.choices], required=False
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class SecrecyForm(forms.Form):
    """A new level of secrecy, with the reason."""

    secrecy = forms.ChoiceField(label=_("Secrecy"), choices=Secrecy.choices)
    reason = forms.CharField(label=_("Reason"), max_length=200)


class RelateForm(forms.Form):
    """Another document of the file."""

    item_no = forms.TypedChoiceField(label=_("Document"), coerce=int)

    def __init__(self, *args: Any, others: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["item_no"]
        chosen.choices = others


class PaperForm(forms.Form):
    """Where the paper twin of a file lies."""

    use_required_attribute = False

    has_paper = forms.BooleanField(label=_("A paper file is kept"), required=False)
    place = forms.CharField(
        label=_("Place of the paper file"), max_length=80, required=False, help_text=_("Room, cabinet, box")
    )
    package_no = forms.CharField(label=_("Number of the sealed package"), max_length=40, required=False)
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, student: Student, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.update(
            has_paper=student.has_paper,
            place=student.paper_place,
            package_no=student.paper_package_no,
            seen=paper_state(student),
        )
