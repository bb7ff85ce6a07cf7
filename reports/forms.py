"""What the home page takes."""

from django import forms


class ReadForm(forms.Form):
    """Up to which moment notices were shown."""

    until = forms.DateTimeField()
