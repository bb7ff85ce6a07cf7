"""A responsibility letter on paper, and the register of who signed it."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from accounts.roles import Role
from audit.inspections.printing import supervision_pdf, table
from audit.models import LetterSignature, LetterVersion
from core.formatting import day, moment
from school.models import Unit

TO_FILL = "　\n　"


def role_names(version: LetterVersion) -> str:
    """The roles whose people sign it."""
    return " · ".join(str(Role(one).label) for one in version.roles)


def how(registrar: str | None) -> str:
    """On the page, or on paper and by whom it was registered."""
    return _("on paper, registered by %(name)s") % {"name": registrar} if registrar else _("on the page")


def _facts(version: LetterVersion) -> list[tuple[str, str]]:
    return [
        (pgettext("document", "Number"), version.letter.number),
        (_("Version"), str(version.version)),
        (_("Published by"), version.published_by.name),
        (_("Published at"), moment(version.published_at)),
        (_("Valid until"), day(version.valid_until)),
    ]


def letter_pdf(version: LetterVersion, signature: LetterSignature | None, actor: User) -> bytes:
    """Title and text, and the signature: as it is kept, or to be written by hand. Raises PdfFailed."""
    heads = [
        (pgettext("of a signature", "Signed by"), "1fr"),
        (_("Staff number"), "34mm"),
        (_("Signed on"), "32mm"),
    ]
    if signature:
        by = signature.registered_by
        heads.append((pgettext("of a signature", "How"), "1fr"))
        line = (
            signature.person.name, signature.person.staff_no, day(signature.signed_on),
            f"{how(by.name if by else None)}\n{moment(signature.at)}",
        )  # fmt: skip
    else:
        heads.insert(2, (_("Signature"), "1fr"))
        line = (TO_FILL,) * 4
    return supervision_pdf(
        actor=actor, school=version.letter.school, number=version.letter.number, name=version.title,
        facts=[*_facts(version), (_("To be signed by"), role_names(version)), (_("Digest"), version.digest)],
        words=[(_("Text"), version.text)], tables=[table(_("Signature"), heads, [line])], signed=False,
    )  # fmt: skip


def register_pdf(
    version: LetterVersion, people: Sequence[Any], actor: User, unit: Unit | None, only_open: bool
) -> bytes:
    """One line for each of `selectors.people`, or of the part that is asked for; it says so, and counts all of them.

    Raises PdfFailed.
    """
    rows = [
        one for one in people if not (only_open and one.signed_on) and (unit is None or _works_in(one, unit))
    ]
    done = sum(1 for one in people if one.signed_on)
    facts = [
        (pgettext("responsibility letter", "Letter"), version.title), *_facts(version),
        (_("Signed, whole version"), str(done)), (_("Not signed, whole version"), str(len(people) - done)),
        (_("Digest"), version.digest),
    ]  # fmt: skip
    if unit is not None or only_open:
        limits = [unit.full_label] if unit else []
        limits += [_("Only who has not signed")] if only_open else []
        facts += [(_("Part printed"), " · ".join(limits)), (_("People in this part"), str(len(rows)))]
        name, heading = _("Register of signatures (part)"), _("People in this part")
    else:
        name, heading = _("Register of signatures"), _("People")
    lines = [
        (
            one.name, one.staff_no, one.unit.label if one.unit else "—", day(one.signed_on) if one.signed_on else "—",
            how(one.registrar) if one.signed_on else pgettext("responsibility letter", "Not signed"),
        )
        for one in rows
    ]  # fmt: skip
    heads = [
        (_("Name"), "24mm"), (_("Staff number"), "28mm"), (_("Department"), "1fr"), (_("Signed on"), "26mm"),
        (pgettext("of a signature", "How"), "1fr"),
    ]  # fmt: skip
    return supervision_pdf(
        actor=actor, school=version.letter.school, number=version.letter.number, name=name, facts=facts,
        tables=[table(heading, heads, lines)],
    )  # fmt: skip


def _works_in(person: User, unit: Unit) -> bool:
    return person.unit is not None and unit.pk in (person.unit.pk, *person.unit.ancestors)
