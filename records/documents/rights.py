"""Who may do what with the documents of a file."""

from django.db.models import Exists, F, OuterRef, Q

from accounts.models import User
from accounts.scope import NotPermitted, roles_with, units_with
from core.lookups import AnyOf
from records.models import Document, DocumentKind, Enrolment, Secrecy
from records.selectors import StudentFile

ADD, CHECK, SECRET, REVEAL, PAPER = (
    "add_document", "review_change", "view_secret_document", "reveal_personal", "manage_loan",
)  # fmt: skip


def needed_to_open(document: Document) -> tuple[str, ...]:
    """The rights in a unit of the file that opening this document asks for, all of them.

    A photo is part of the file's head. Other scans show personal numbers whole, so they ask for the right to reveal
    them; secret ones also for the right to open secret documents.
    """
    if document.kind == DocumentKind.PHOTO:
        return ("view_student",)
    return ("view_student", REVEAL, SECRET) if document.is_secret else ("view_student", REVEAL)


def may_open(file: StudentFile, document: Document) -> bool:
    """Whether the reader may look at this document."""
    return all(file.allows(perm) for perm in needed_to_open(document))


def in_files(user: User, *perms: str) -> Exists:
    """Whether a document lies in a file that is kept where ``user`` sees files and holds ``perms``, all of them."""
    units = set(units_with(user, "view_student")).intersection(*(units_with(user, perm) for perm in perms))
    kept = Enrolment.objects.visible_to(user).current().filter(AnyOf(F("unit_id"), sorted(units)))
    return Exists(kept.filter(student=OuterRef("student")))


def opens(user: User) -> Q:
    """The same as `may_open` for rows of a list, photos left aside."""
    return Q(in_files(user, REVEAL, SECRET)) | Q(in_files(user, REVEAL), secrecy=Secrecy.ORDINARY)


def demand_open(file: StudentFile, document: Document, *more: str) -> None:
    """Raise NotPermitted unless the reader may look at this document, and holds ``more`` rights beside."""
    for perm in (*needed_to_open(document), *more):
        demand_in(file, perm)


def demand_in(file: StudentFile, perm: str) -> str:
    """The role in which the reader does what ``perm`` names in this file. Raises NotPermitted."""
    if not file.allows(perm):
        raise NotPermitted(perm, obj=file.student, unit_id=file.enrolment.unit_id)
    return role_in(file, perm)


def role_in(file: StudentFile, perm: str) -> str:
    """The role that gives the reader this right in one of the file's units; "" for none."""
    reader: User = file.reader
    for enrolment in file.enrolments:
        for role in roles_with(reader, perm, enrolment.unit_id):
            return role.value
    return ""
