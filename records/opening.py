"""Opening a student file, or a part of it by its own address: what for is asked before, and each opening is kept."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import wants_fragment
from records import purposes, reading
from records.selectors import StudentFile

_OPENED = "opened_files"
_MOST_OPENED = 100


def ask(request: HttpRequest, back: str, *, fragment: bool = False) -> HttpResponse:
    """The question what files are read for, which leads ``back``; ``fragment``: alone, for a part of a page."""
    values = {"purposes": purposes.PURPOSES, "chosen": purposes.chosen(request), "next": back}
    return render(request, f"records/{'purpose_choices' if fragment else 'purpose'}.html", values)


def question(request: HttpRequest) -> HttpResponse | None:
    """The same in place of what a GET asks for; None once it was answered in this session, or for anything posted."""
    if request.method != "GET" or purposes.chosen(request):
        return None
    return ask(request, request.get_full_path(), fragment=wants_fragment(request))


def forget(request: HttpRequest) -> None:
    """Keep each file anew that is opened from now on."""
    request.session.pop(_OPENED, None)


def note(request: HttpRequest, file: StudentFile, *, again: bool) -> None:
    """One event for each opening of the page; parts of it (``again``) add none while it was opened in this session."""
    key = str(file.student.public_id)
    opened: list[str] = request.session.get(_OPENED, [])
    if again and key in opened:
        return
    reading.open_file(actor=file.reader, file=file, purpose=purposes.chosen(request))
    if opened[-1:] != [key]:
        request.session[_OPENED] = [*(one for one in opened if one != key), key][-_MOST_OPENED:]
