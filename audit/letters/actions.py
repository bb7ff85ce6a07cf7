"""Writes of responsibility letters: published, ended, signed on the page, registered from paper, printed.

Each that signs or publishes locks the letter, so that nobody signs a version that is superseded at the same moment.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import NOT_APPOINTED, Role
from accounts.scope import NotPermitted, held_by, reading_role, role_for
from approvals.actions import new_number
from approvals.refusals import RequestRefused, SamePerson, StaleVersion, WrongState
from audit.letters import selectors
from audit.letters.printing import letter_pdf, register_pdf
from audit.letters.selectors import PUBLISH, READERS, REGISTER
from audit.models import Letter, LetterSignature, LetterVersion
from core.formatting import day
from files.actions import Scan, keep_scan
from ledger import events
from ledger.context import acting, current
from records.merits.terms import last_day
from school.models import Unit

PREFIX = "ZR"


@transaction.atomic
def publish(
    *, actor: User, key: UUID, school: Unit, title: str, text: str, roles: Sequence[str], months: int,
    instead_of: LetterVersion | None = None,
) -> LetterVersion:  # fmt: skip
    """Publish a letter, or the next version of one, valid from today. ``key``: the same sent twice publishes once.

    ``instead_of``: the version whose place it takes. Raises NotPermitted, StaleVersion when that is not the newest any
    more, WrongState for a letter that has ended or a key that published something else, RequestRefused for an empty
    one.
    """
    role = role_for(actor, PUBLISH, school.pk)
    Unit.objects.select_for_update(no_key=True).get(pk=school.pk)
    title, text = title.strip(), text.replace("\r\n", "\n").strip()
    if not title or not text or not set(roles) or set(roles) - (set(Role.values) - set(NOT_APPOINTED)):
        raise RequestRefused(_("Give the letter a title, a text, and the roles whose people sign it."))
    before: LetterVersion | None = LetterVersion.objects.filter(public_id=key).first()
    if before is not None:
        wanted = (actor.pk, selectors.digest(title, text), sorted(set(roles)), school.pk)
        kept = (before.published_by_id, before.digest, before.roles, before.letter.school_id)
        if wanted != kept or not _follows(before, instead_of):
            words = _(
                "This form has published something else already. Nothing was published now: open the form anew."
            )
            raise WrongState(words)
        return before
    with acting(actor, role=role):
        letter, number = _letter_of(instead_of, school)
        made: LetterVersion = LetterVersion.objects.create(
            public_id=key, letter=letter, version=number, title=title, text=text, roles=sorted(set(roles)),
            valid_until=last_day(timezone.localdate(), months), digest=selectors.digest(title, text),
            published_by=actor,
        )  # fmt: skip
        _note("published", actor, made, role)
    return made


def _follows(version: LetterVersion, instead_of: LetterVersion | None) -> bool:
    """Whether a version took the place of this one, or began its letter for None."""
    if instead_of is None:
        return version.version == 1
    return (version.letter_id, version.version) == (instead_of.letter_id, instead_of.version + 1)


def _letter_of(instead_of: LetterVersion | None, school: Unit) -> tuple[Letter, int]:
    """The locked letter and the number of its next version; a new letter for a first one."""
    if instead_of is None:
        return Letter.objects.create(number=new_number(PREFIX), school=school), 1
    letter = _locked(instead_of)
    if letter.school_id != school.pk:
        raise WrongState(_("This letter is another school's."))
    _demand_goes_on(letter)
    _demand_newest(letter, instead_of)
    return letter, instead_of.version + 1


def _demand_goes_on(letter: Letter) -> None:
    if letter.ended_at is not None:
        raise WrongState(_("This letter has ended."))


def _demand_newest(letter: Letter, version: LetterVersion) -> None:
    if selectors.latest_of(letter).pk != version.pk:
        raise StaleVersion(_("A newer version was published meanwhile. Look at it first."))


def _locked(version: LetterVersion) -> Letter:
    row: Letter = Letter.objects.select_for_update(no_key=True).get(pk=version.letter_id)
    return row


def _note(what: str, actor: User, version: LetterVersion, role: str, **more: Any) -> None:
    events.record(
        f"letter.{what}", actor=actor, obj=version, unit_id=version.letter.school_id, role=role,
        detail={"letter": version.letter.number, "version": version.version, **more},
    )  # fmt: skip


@transaction.atomic
def end(*, actor: User, version: LetterVersion) -> None:
    """Ask nobody any more to sign a letter; signatures stay.

    ``version``: the newest one that the page showed. Raises NotPermitted, WrongState, StaleVersion for an older one.
    """
    role = role_for(actor, PUBLISH, version.letter.school_id)
    letter = _locked(version)
    _demand_goes_on(letter)
    _demand_newest(letter, version)
    letter.ended_by, letter.ended_at = actor, timezone.now()
    with acting(actor, role=role):
        letter.save(update_fields=["ended_by", "ended_at"])
        _note("ended", actor, version, role)


@transaction.atomic
def sign(*, actor: User, version: LetterVersion) -> LetterSignature:
    """Sign for oneself the version that the page showed; the view has asked for the password again.

    Raises StaleVersion for a superseded one, WrongState when it is signed, has ended or does not agree with its digest,
    NotPermitted for who is not asked.
    """
    letter = _locked(version)
    if selectors.latest_of(letter).pk != version.pk:
        raise StaleVersion(_("A newer version was published meanwhile. Read it and sign that one."))
    _demand_unsigned(version, actor)
    if not selectors.is_asking(version):
        raise WrongState(_("This letter is not to be signed any more."))
    if not selectors.must_sign(actor, version):
        raise NotPermitted("not asked to sign", obj=version.letter)
    if selectors.digest(version.title, version.text) != version.digest:
        raise WrongState(_("The text does not agree with its digest. Tell the security administrator."))
    roles = (
        held.role.value
        for held in held_by(actor)
        if selectors.covers(version, held.role, held.appointment.unit_id, held.appointment.unit.ancestors)
    )
    role = next(roles, "")
    with acting(actor, role=role):
        made: LetterSignature = LetterSignature.objects.create(
            version=version, person=actor, unit=actor.unit, digest=version.digest, signed_on=timezone.localdate(),
            address=current().address,
        )  # fmt: skip
        _note("signed", actor, version, role)
    return made


def _demand_unsigned(version: LetterVersion, person: User) -> None:
    if selectors.signature_of(person, version) is not None:
        raise WrongState(_("%(name)s has signed this letter already.") % {"name": person.name})


@transaction.atomic
def register(
    *, actor: User, version: LetterVersion, person: User, signed_on: date, scan: Scan
) -> LetterSignature:
    """Keep that ``person`` signed a version on paper, with its scan.

    Raises NotPermitted, SamePerson for one's own, WrongState when it is signed already, RequestRefused for somebody who
    was not asked, on that day or at all, or for a day outside the version's time, FileRefused.
    """
    role = role_for(actor, REGISTER, version.letter.school_id)
    if person.pk == actor.pk:
        raise SamePerson(_("Your own letter is registered by somebody else, or signed on its page."))
    letter = _locked(version)
    _demand_unsigned(version, person)
    if not selectors.asked_since(version).filter(pk=person.pk).exists():
        raise RequestRefused(_("This person is not asked to sign this letter."))
    _demand_its_time(letter, version, signed_on)
    if not selectors.was_asked_on(version, person, signed_on):
        words = _(
            "%(name)s held no role on %(day)s whose people sign this letter. Look at the day on the paper."
        )
        raise RequestRefused(words % {"name": person.name, "day": day(signed_on)})
    with acting(actor, role=role):
        made: LetterSignature = LetterSignature.objects.create(
            version=version, person=person, unit=person.unit, digest=version.digest, signed_on=signed_on,
            address=current().address, registered_by=actor, scan=keep_scan(actor, scan),
        )  # fmt: skip
        _note("registered", actor, version, role)
    return made


def _demand_its_time(letter: Letter, version: LetterVersion, signed_on: date) -> None:
    """A version is signed from its publishing to its last day, until the next one is published or the letter ends."""
    first = timezone.localdate(version.published_at)
    if not first <= signed_on <= timezone.localdate():
        words = _("Give a day since %(day)s, when the letter was published, and not in the future.")
        raise RequestRefused(words % {"day": day(first)})
    if signed_on > version.valid_until:
        words = _("This version was valid until %(day)s. Give a day up to then.")
        raise RequestRefused(words % {"day": day(version.valid_until)})
    following = letter.versions.filter(version__gt=version.version).order_by("version").first()
    if following is not None and signed_on > (superseded := timezone.localdate(following.published_at)):
        words = _(
            "The next version was published on %(day)s. Give a day up to then, or register the next version."
        )
        raise RequestRefused(words % {"day": day(superseded)})
    if letter.ended_at is not None and signed_on > (ended := timezone.localdate(letter.ended_at)):
        raise RequestRefused(_("The letter ended on %(day)s. Give a day up to then.") % {"day": day(ended)})


@transaction.atomic
def print_letter(*, actor: User, version: LetterVersion) -> bytes:
    """The letter as PDF/A: with the reader's own signature, or with room for one. Raises PdfFailed."""
    content = letter_pdf(version, selectors.signature_of(actor, version), actor)
    role = reading_role(actor, READERS, version.letter.school_id)
    with acting(actor, role=role):
        _note("printed", actor, version, role)
    return content


@transaction.atomic
def print_register(
    *, actor: User, version: LetterVersion, unit: Unit | None = None, only_open: bool = False
) -> bytes:
    """Who signed a version and who did not, as PDF/A; of one department, or of who did not sign alone, on demand.

    Raises PdfFailed.
    """
    content = register_pdf(
        version, list(selectors.people(version).order_by("name", "pk")), actor, unit, only_open
    )
    role = reading_role(actor, READERS, version.letter.school_id)
    part = ({"unit": unit.pk} if unit else {}) | ({"only_open": True} if only_open else {})
    with acting(actor, role=role):
        _note("register_printed", actor, version, role, **part)
    return content


@transaction.atomic
def note_viewed(*, actor: User, signature: LetterSignature) -> None:
    """The scan of a signature was opened."""
    role = reading_role(actor, READERS, signature.version.letter.school_id)
    with acting(actor, role=role):
        _note("scan_viewed", actor, signature.version, role)
