"""Lists of problem records (问题学籍清单) that a school works off, row by row.

`archive.models` takes these in; other modules import them from there.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from approvals.constraints import never_same
from approvals.models import Request
from core.crypto import EncryptedTextField
from files.models import Blob
from ledger.history import History
from ledger.models import RecordedModel
from records.models import Student
from school.models import Unit

AS_GIVEN = ["listed_name", "listed_number", "text"]


class ProblemList(RecordedModel):
    """A list as it was handed to a school, with the day by which it is worked off. ``file`` is kept as it came."""

    class Source(models.TextChoices):
        PROVINCE = "province", _("Province's check for duplicates and errors")
        POLICE = "police", _("Comparison with the police")
        OWN = "own", _("Own clean-up")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(_("source"), max_length=8, choices=Source.choices)
    title = models.CharField(_("title"), max_length=80)
    due_on = models.DateField(_("due on"))
    file = models.OneToOneField(Blob, on_delete=models.PROTECT, related_name="+")
    brought_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    brought_at = models.DateTimeField(auto_now_add=True)

    history = History()

    class Meta:
        verbose_name = _("list of problem records")
        default_permissions = ()
        indexes = [models.Index(fields=["school", "due_on"], name="problem_list_school")]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def unit_id(self) -> int:
        """The unit that scope asks for."""
        return int(self.school_id)


class ProblemRow(RecordedModel):
    """One row of a list. Who answered it is not who confirms the answer.

    ``student`` is whom the numbers of the row name, also where the names differ; nobody where they name none of the
    school. What the list said is not copied into the history: it is written once. ``version`` rises with each act.
    """

    class Kind(models.TextChoices):
        DUPLICATE = "duplicate", _("Found twice")
        ERROR = "error", _("Wrong value")
        POLICE = "police", _("Not confirmed by the police")
        DEVIATING = "deviating", _("Against the rules of entry")
        OTHER = "other", _("Other")

    class Match(models.TextChoices):
        MATCHED = "matched", _("Matched")
        NAME = "name", _("The name differs")
        NOBODY = "nobody", _("Nobody here has the number")
        SEVERAL = "several", _("Numbers of different students")
        NO_NUMBER = "no_number", _("No usable number")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("problem record", "To be worked off")
        ANSWERED = "answered", pgettext_lazy("problem record", "To be confirmed")
        CONFIRMED = "confirmed", pgettext_lazy("problem record", "Confirmed")

    class Answer(models.TextChoices):
        MENDED = "mended", _("Mended by a request")
        EXPLAINED = "explained", _("Explained")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    problem_list = models.ForeignKey(ProblemList, on_delete=models.PROTECT, related_name="rows")
    row_no = models.PositiveIntegerField(_("row"))
    student = models.ForeignKey(Student, null=True, on_delete=models.PROTECT, related_name="+")
    match = models.CharField(_("match"), max_length=10, choices=Match.choices)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    listed_name = models.CharField(_("name on the list"), max_length=80, blank=True)
    listed_number = EncryptedTextField(_("number on the list"), blank=True, default="")
    text = EncryptedTextField(_("problem"), blank=True, default="")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.CharField(_("answer"), max_length=10, choices=Answer.choices, blank=True)
    reason = EncryptedTextField(_("explanation"), blank=True, default="")
    request = models.ForeignKey(Request, null=True, on_delete=models.PROTECT, related_name="+")
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    returned = EncryptedTextField(_("why it was returned"), blank=True, default="")
    version = models.PositiveSmallIntegerField(default=0)

    history = History(excluded_fields=AS_GIVEN)

    class Meta:
        verbose_name = _("problem record")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["problem_list", "row_no"], name="problem_row_once"),
            never_same("answered_by", "confirmed_by", "problem_confirmed_by_another"),
            models.CheckConstraint(
                condition=Q(state="open", answer="", answered_by__isnull=True, confirmed_by__isnull=True)
                | Q(state="answered", answered_by__isnull=False, confirmed_by__isnull=True) & ~Q(answer="")
                | Q(state="confirmed", answered_by__isnull=False, confirmed_by__isnull=False) & ~Q(answer=""),
                name="problem_state",
            ),
            models.CheckConstraint(
                condition=Q(answer="mended", request__isnull=False, student__isnull=False)
                | ~Q(answer="mended") & Q(request__isnull=True),
                name="problem_mended_by_a_request",
            ),
            models.CheckConstraint(
                condition=Q(match__in=["matched", "name"], student__isnull=False)
                | ~Q(match__in=["matched", "name"]) & Q(student__isnull=True),
                name="problem_matched",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.problem_list_id}/{self.row_no}"

    def ledger_subject(self) -> uuid.UUID | None:
        """The student whom the row names."""
        return self.student.public_id if self.student else None
