"""Pages of entries, the same for each kind: list, form for one student and for a class, one entry with its acts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import View, requires, user_of
from accounts.models import User
from accounts.scope import holds, units_with
from core.ui import Tab
from files.refusals import FileRefused
from files.serving import serve
from records import opening
from records.entry_models import FileEntry, LearningProblem
from records.merits import reading, selectors
from records.merits.actions import entries as actions
from records.merits.forms import FORMS, EntryForm, FinishForm, WordsForm
from records.merits.kinds import CONDUCT, EMPLOYMENT, INTERNSHIP, KINDS, PROBLEM, REWARD, EntryKind
from records.merits.lists import LISTS
from records.merits.refusals import EntryRefused
from records.merits.showing import entry_lines
from records.merits.standing import Hindered, bars_of
from records.models import Enrolment
from records.selectors import StudentFile, student_file
from school.models import SchoolClass

ENTER: dict[str, Callable[..., Sequence[FileEntry]]] = {
    REWARD.key: actions.enter_rewards,
    CONDUCT.key: actions.record_conduct,
    PROBLEM.key: actions.report_problem,
    INTERNSHIP.key: actions.enter_internships,
    EMPLOYMENT.key: actions.enter_employment,
}
NEW = {
    REWARD.key: gettext_lazy("Enter a reward"),
    CONDUCT.key: gettext_lazy("Enter daily conduct"),
    PROBLEM.key: gettext_lazy("Feed back a learning problem"),
    INTERNSHIP.key: gettext_lazy("Enter an internship"),
    EMPLOYMENT.key: gettext_lazy("Enter employment"),
}
TITLES = {
    REWARD.key: gettext_lazy("Rewards"),
    CONDUCT.key: gettext_lazy("Daily conduct"),
    PROBLEM.key: gettext_lazy("Learning problems"),
    INTERNSHIP.key: gettext_lazy("Internships"),
    EMPLOYMENT.key: gettext_lazy("Employment"),
}
BESIDE = (
    (("records:rewards", REWARD.key), ("records:penalties", "")),
    (("records:conducts", CONDUCT.key), ("records:problems", PROBLEM.key)),
    (("records:internships", INTERNSHIP.key), ("records:employments", EMPLOYMENT.key)),
)
PENALTIES = gettext_lazy("Penalties")


def beside(user: User, here: str) -> list[Tab]:
    """The lists that stand side by side; ``here``: the name of the route."""
    for group in BESIDE:
        if here in {name for name, _key in group}:
            shown = [one for one in group if one[1] or any(holds(user, p) for p in selectors.CASE_WORKERS)]
            shown = [one for one in shown if not one[1] or any(holds(user, p) for p in _perms(one[1]))]
            return [
                Tab(TITLES[key] if key else PENALTIES, reverse(name), active=name == here)
                for name, key in shown
            ]
    return []


def _perms(key: str) -> tuple[str, ...]:
    return selectors.acting_perms(KINDS[key])


def _refused(form: EntryForm, refused: Exception) -> None:
    """Put a refusal where the one who filled in the form sees it."""
    if isinstance(refused, FileRefused):
        form.add_error("evidence", refused.message)
    else:
        form.add_error(None, str(refused))


def _form(kind: EntryKind, request: HttpRequest, enrolments: Sequence[Enrolment]) -> EntryForm:
    extra: dict[str, Any] = {}
    if kind is REWARD:
        able = units_with(user_of(request), "decide_penalty")
        extra["may_except"] = bool(enrolments) and all(one.unit_id in able for one in enrolments)
    if kind is REWARD and enrolments:
        extra["initial"] = {"granting_unit": enrolments[0].school.name}
    return FORMS[kind.key](request.POST or None, request.FILES or None, **extra)


def _enter(kind: EntryKind, user: User, form: EntryForm, chosen: Sequence[Enrolment]) -> bool:
    own = getattr(form, "own", {})
    try:
        ENTER[kind.key](
            actor=user, enrolments=chosen, values=form.values, scan=form.scan, form_key=form.key, **own
        )
    except (EntryRefused, FileRefused) as refused:
        _refused(form, refused)
        return False
    return True


def _not_kept(request: HttpRequest, url: str) -> HttpResponse:
    messages.error(request, _("Schools of compulsory education keep no such entries."))
    return redirect(url)


@dataclass(frozen=True)
class EntryPages:
    """The views of one kind of entry."""

    kind: EntryKind
    plural: str

    def _guard(self, view: View, *perms: str) -> View:
        return requires(*(perms or (self.kind.perm,)))(view)

    def list(self) -> View:
        """Entries on which the reader acts."""

        def view(request: HttpRequest) -> HttpResponse:
            user = user_of(request)
            page = LISTS[self.kind.key](request, selectors.entries(user, self.kind), user=user)
            name = f"records:{self.plural}"
            values = {
                "kind": self.kind, "title": TITLES[self.kind.key], "new": NEW[self.kind.key],
                "tabs": beside(user, name), "may_enter": holds(user, self.kind.perm) and self.kind.many,
            }  # fmt: skip
            if values["may_enter"]:
                values["classes_url"] = reverse(f"records:{self.kind.key}_classes")
            return page.respond("records/merits/entries.html", values)

        return self._guard(require_http_methods(["GET", "POST"])(view), *selectors.acting_perms(self.kind))

    def new(self) -> View:
        """The form for one student."""

        def view(request: HttpRequest, public_id: UUID) -> HttpResponse:
            user = user_of(request)
            enrolment = selectors.enrolment_for(user, public_id, self.kind.perm)
            back = reverse("records:student_section", args=[public_id, self.kind.section])
            if not self.kind.kept_at(enrolment.school.stage):
                return _not_kept(request, back)
            form = _form(self.kind, request, [enrolment])
            if request.method == "POST" and form.is_valid() and _enter(self.kind, user, form, [enrolment]):
                messages.success(request, _("Entered."))
                return redirect(back)
            opening.note(request, student_file(user, public_id), again=True)
            values = {
                "kind": self.kind, "title": NEW[self.kind.key], "form": form, "enrolment": enrolment,
                "student": enrolment.student, "back_url": back, **self._bars([enrolment]),
            }  # fmt: skip
            status = 422 if request.method == "POST" else 200
            return render(request, "records/merits/entry_form.html", values, status=status)

        return self._guard(require_http_methods(["GET", "POST"])(view))

    def _bars(self, rows: Sequence[Enrolment]) -> dict[str, Any]:
        if self.kind is not REWARD:
            return {"bars": {}}
        return {"bars": bars_of([one.student_id for one in rows], act=Hindered.AWARD)}

    def classes(self) -> View:
        """Which class it is for."""

        def view(request: HttpRequest) -> HttpResponse:
            user = user_of(request)
            rows = list(selectors.classes_for(user, self.kind.perm))
            links = [(one, reverse(f"records:{self.kind.key}_class", args=[one.public_id])) for one in rows]
            values = {
                "kind": self.kind, "title": NEW[self.kind.key], "links": links, "plural_title": TITLES[self.kind.key],
                "list_url": reverse(f"records:{self.plural}"),
            }  # fmt: skip
            return render(request, "records/merits/classes.html", values)

        return self._guard(require_GET(view))

    def school_class(self) -> View:
        """One form for several students of a class."""

        def view(request: HttpRequest, class_id: UUID) -> HttpResponse:
            user = user_of(request)
            found = selectors.class_for(user, class_id, self.kind.perm)
            if not self.kind.kept_at(found.school.stage):
                return _not_kept(request, reverse(f"records:{self.plural}"))
            rows = selectors.pupils(user, found)
            form = _form(self.kind, request, rows)
            chosen = [one for one in rows if str(one.public_id) in request.POST.getlist("ids")]
            if request.method == "POST" and form.is_valid():
                done = self._for_chosen(request, user, form, chosen)
                if done is not None:
                    return done
            values = self._class_values(found, rows, form, chosen)
            status = 422 if request.method == "POST" else 200
            return render(request, "records/merits/entry_form.html", values, status=status)

        return self._guard(require_http_methods(["GET", "POST"])(view))

    def _for_chosen(
        self, request: HttpRequest, user: User, form: EntryForm, chosen: Sequence[Enrolment]
    ) -> HttpResponse | None:
        if not chosen:
            form.add_error(None, _("Tick the students whom it concerns."))
            return None
        if not _enter(self.kind, user, form, chosen):
            return None
        text = ngettext("Entered for %(count)s student.", "Entered for %(count)s students.", len(chosen))
        messages.success(request, text % {"count": len(chosen)})
        return redirect(f"records:{self.plural}")

    def _class_values(
        self, found: SchoolClass, rows: Sequence[Enrolment], form: EntryForm, chosen: Sequence[Enrolment]
    ) -> dict[str, Any]:
        bars = self._bars(rows)["bars"]
        pupils = [
            {
                "row": one,
                "ticked": one in chosen,
                "bars": [bar.reason for bar in bars.get(one.student_id, ())],
            }
            for one in rows
        ]
        return {
            "kind": self.kind, "title": NEW[self.kind.key], "form": form, "school_class": found, "pupils": pupils,
            "plural_title": TITLES[self.kind.key], "back_url": reverse(f"records:{self.plural}"),
        }  # fmt: skip

    def show(self) -> View:
        """One entry with its acts."""
        perms = selectors.acting_perms(self.kind)

        def view(request: HttpRequest, public_id: UUID) -> HttpResponse:
            user = user_of(request)
            file, row = selectors.entry_for(user, self.kind, public_id, *perms)
            reading.open_entry(file=file, kind=self.kind, entry=row)
            return render(request, "records/merits/entry.html", self.entry_values(file, row))

        return self._guard(require_GET(view), *perms)

    def entry_values(self, file: StudentFile, row: Any, **more: Any) -> dict[str, Any]:
        """What the page of an entry shows to the reader of the file, and which acts are his."""
        mine = row.entered_by_id == file.reader.pk
        acts = file.allows(self.kind.perm)
        states = LearningProblem.State
        return {
            "kind": self.kind, "row": row, "lines": entry_lines(self.kind, row), "title": self.kind.label,
            "plural_title": TITLES[self.kind.key], "list_url": reverse(f"records:{self.plural}"),
            "evidence_url": self._evidence_url(row),
            "void_url": reverse(f"records:{self.kind.key}_void", args=[row.public_id]),
            "may_void": acts and not mine and not row.voided_at, "own": mine, "words_form": WordsForm(),
            "may_answer": self.kind is PROBLEM and row.state == states.OPEN and not mine and not row.voided_at
            and file.allows(actions.ANSWERS),
            "may_settle": self.kind is PROBLEM and row.state == states.ANSWERED and mine and not row.voided_at,
            "finish_form": FinishForm() if self.kind is INTERNSHIP and acts and not row.ended_on else None,
            **more,
        }  # fmt: skip

    def _evidence_url(self, row: FileEntry) -> str:
        return reverse(f"records:{self.kind.key}_evidence", args=[row.public_id]) if row.evidence_id else ""

    def void(self) -> View:
        """Make an entry void."""
        return self.act(
            lambda user, row, text: actions.make_void(actor=user, entry=row, reason=text), self.kind.perm
        )

    def act(self, run: Callable[[User, Any, str], Any], *perms: str) -> View:
        """An act with words, posted from the entry's page."""

        def view(request: HttpRequest, public_id: UUID) -> HttpResponse:
            user = user_of(request)
            _file, row = selectors.entry_for(user, self.kind, public_id, *perms)
            try:
                run(user, row, request.POST.get("text", "").strip()[:2000])
            except EntryRefused as refused:
                messages.error(request, str(refused))
            else:
                messages.success(request, _("Done."))
            return redirect(f"records:{self.kind.key}", public_id)

        return self._guard(require_POST(view), *perms)

    def evidence(self) -> View:
        """The scan of an entry; each look is an event."""
        perms = tuple(dict.fromkeys((*selectors.acting_perms(self.kind), "reveal_personal")))

        def view(request: HttpRequest, public_id: UUID) -> HttpResponse:
            file, row = selectors.entry_for(user_of(request), self.kind, public_id, *perms)
            if row.evidence is None:
                raise Http404
            if asked := opening.question(request):
                return asked
            response = serve(row.evidence, "inline")
            opening.note(request, file, again=True)
            reading.open_evidence(file=file, kind=self.kind, entry=row)
            return response

        return self._guard(require_GET(view), *perms)


REWARDS = EntryPages(REWARD, "rewards")
CONDUCTS = EntryPages(CONDUCT, "conducts")
PROBLEMS = EntryPages(PROBLEM, "problems")
INTERNSHIPS = EntryPages(INTERNSHIP, "internships")
EMPLOYMENTS = EntryPages(EMPLOYMENT, "employments")
PAGES = (REWARDS, CONDUCTS, PROBLEMS, INTERNSHIPS, EMPLOYMENTS)


def _answer(user: User, row: Any, text: str) -> Any:
    return actions.answer_problem(actor=user, problem=row, answer=text)


def _close(user: User, row: Any, text: str) -> Any:
    return actions.close_problem(actor=user, problem=row)


def _again(user: User, row: Any, text: str) -> Any:
    return actions.ask_again(actor=user, problem=row, text=text)


PROBLEM_ACTS = {
    "answer": PROBLEMS.act(_answer, actions.ANSWERS),
    "close": PROBLEMS.act(_close, PROBLEM.perm),
    "again": PROBLEMS.act(_again, PROBLEM.perm),
}


@requires(INTERNSHIP.perm)
@require_POST
def finish(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Add the last day and the result of a practice."""
    user = user_of(request)
    file, row = selectors.entry_for(user, INTERNSHIP, public_id, INTERNSHIP.perm)
    form = FinishForm(request.POST)
    if form.is_valid():
        try:
            actions.finish_internship(actor=user, internship=row, **form.cleaned_data)
        except EntryRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Done."))
            return redirect("records:internship", public_id)
    values = INTERNSHIPS.entry_values(file, row, finish_form=form)
    return render(request, "records/merits/entry.html", values, status=422)
