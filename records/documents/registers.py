"""What the records room says about documents when it starts: section, menu, events."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.formatting import day
from core.menu import MenuItem
from core.menu import register as register_menu
from ledger import events
from records.documents import actions, reading, rights
from records.documents.lists import review_badge, secrecy_badge
from records.sections import Section, register
from records.selectors import StudentFile
from records.sheet import Block, Line

EVENTS = {
    "document.added": _("Document added to a student file"),
    "document.version_added": _("New version of a document added"),
    "document.checked": _("Document checked"),
    "document.rejected": _("Document marked as unfit"),
    "document.secrecy_changed": _("Secrecy of a document changed"),
    "document.catalogued": _("Document catalogued"),
    "document.related": _("Documents related"),
    "document.unrelated": _("Relation of documents taken back"),
    "document.downloaded": _("Document downloaded"),
    "student.paper_noted": _("Place of the paper file noted"),
}


def _section(user: User, file: StudentFile) -> dict[str, Any]:
    items = [
        {"item": item, "review": review_badge(item.document), "secrecy": secrecy_badge(item.document)}
        for item in reading.items_of(file)
    ]
    return {
        "documents": items,
        "may_add": file.allows(rights.ADD),
        "may_note_paper": file.allows(rights.PAPER),
    }


def _printed(file: StudentFile, *, whole: bool) -> list[Block]:
    """What is in the file, contents left out; of a secret document nothing to who may not open it or takes a copy."""
    lines = []
    for item in reading.items_of(file):
        row = item.document
        if row.is_secret and (whole or not item.may_open):
            continue
        told = [row.title if whole or item.may_open else "", day(row.added_at), str(row.get_review_display())]
        label = f"{row.item_no} · {row.get_kind_display()}"
        lines.append(Line(label, " · ".join(one for one in told if one)))
    return [Block("", lines)] if lines else []


def register_all() -> None:
    """Called once when the room starts."""
    for name, label in EVENTS.items():
        events.register(name, label)
    register(
        Section(
            "documents",
            _("Documents"),
            70,
            "records/sections/documents.html",
            _section,
            perms=("view_student",),
            export=reading.export,
            erase=actions.erase,
            printed=_printed,
        )
    )
    register_menu(
        MenuItem(
            _("Documents"), "records:documents", "files", "view_student", "files", 30,
            also=("records:document", "records:document_add", "records:document_version", "records:paper"),
        )
    )  # fmt: skip
