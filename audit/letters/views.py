"""Pages of responsibility letters: one's own, signing, the register of the office, publishing, papers."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import SIGNED_IN, requires, user_of
from accounts.scope import holds, units_with
from approvals.confirming import confirmed
from approvals.refusals import RequestRefused
from approvals.telling import handed_pdf, told
from audit.bulletins.selectors import schools
from audit.letters import actions, selectors
from audit.letters.forms import LetterForm, PaperForm, RegisterForm, SignForm
from audit.letters.lists import LetterList, PeopleList, version_badge
from audit.letters.printing import role_names
from audit.letters.selectors import PUBLISH, READERS, REGISTER
from audit.models import LetterVersion
from files.refusals import FileRefused
from files.serving import serve
from ledger.middleware import note_refusal
from school.rules import rule


@requires(*READERS)
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """The letters of one's schools, with how many signed."""
    user = user_of(request)
    page = LetterList(request, selectors.letters(user), user=user)
    return page.respond("audit/letters.html", {"may_publish": holds(user, PUBLISH)})


@requires(SIGNED_IN)
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """What one has to sign, and what one has signed."""
    user = user_of(request)
    context = {"to_sign": selectors.to_sign(user), "signed": selectors.signed_by(user)}
    return render(request, "audit/letters_mine.html", context)


@requires(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def sign(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """The whole text; below it one signs with the own password, once more."""
    user = user_of(request)
    version = selectors.version_to_read(user, version_id)
    form = SignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not confirmed(request, user):
            form.add_error("password", _("The password is not right. Nothing was signed."))
            note_refusal(request, "letter.password_refused", obj=version, unit_id=version.letter.school_id)
        else:
            told(request, _("Signed."), lambda: actions.sign(actor=user, version=version))
            return redirect("audit:letters_mine")
    signature = selectors.signature_of(user, version)
    context = {
        "version": version,
        "signature": signature,
        "form": form,
        "signs": signature is None and selectors.is_asking(version) and selectors.must_sign(user, version),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "audit/letter_sign.html", context, status=status)


@requires(SIGNED_IN)
@require_POST
def print_letter(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """The letter as PDF, with one's own signature or with room for one."""
    user = user_of(request)
    version = selectors.version_to_read(user, version_id)
    back = redirect("audit:letter_sign", version_id)
    name = f"{version.letter.number}-{version.version}"
    return handed_pdf(request, name, lambda: actions.print_letter(actor=user, version=version), back)


@requires(*READERS)
@require_http_methods(["GET", "POST"])
def letter(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """A version with its text, and who signed it."""
    user = user_of(request)
    version = selectors.version_for(user, version_id)
    page = PeopleList(request, selectors.people(version), user=user)
    versions = selectors.versions_of(version.letter)
    superseded = versions[0].pk != version.pk
    publishes = version.letter.school_id in units_with(user, PUBLISH)
    context = {
        "version": version,
        "state": version_badge(version, superseded=superseded),
        "roles": role_names(version),
        "register_form": RegisterForm(user=user),
        "others": [one for one in versions if one.pk != version.pk],
        "may_publish": publishes and not superseded and version.letter.ended_at is None,
        "may_register": version.letter.school_id in units_with(user, REGISTER),
    }
    return page.respond("audit/letter.html", context)


@requires(*READERS)
@require_POST
def print_register(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """The people of a version as PDF, of one department on demand."""
    user = user_of(request)
    version = selectors.version_for(user, version_id)
    form = RegisterForm(request.POST, user=user)
    if not form.is_valid():
        messages.error(request, _("Choose a department of the list."))
        return redirect("audit:letter", version_id)
    return handed_pdf(
        request, f"{version.letter.number}-{version.version}-list",
        lambda: actions.print_register(actor=user, version=version, **form.cleaned_data),
        redirect("audit:letter", version_id),
    )  # fmt: skip


@requires(PUBLISH)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Publish a letter, after looking at it on demand."""
    return _publish(request, None)


@requires(PUBLISH)
@require_http_methods(["GET", "POST"])
def new_version(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Publish the next version of a letter, filled with the present one."""
    return _publish(request, selectors.version_for(user_of(request), version_id))


def _publish(request: HttpRequest, old: LetterVersion | None) -> HttpResponse:
    user = user_of(request)
    school = old.letter.school if old is not None else schools(user).first()
    start: dict[str, Any] = {"key": uuid4(), "months": rule(school, "letter_months") if school else None}
    if old is not None:
        start |= {"title": old.title, "text": old.text, "roles": old.roles}
    form = LetterForm(request.POST or None, initial=start, user=user, instead_of=old)
    looked = False
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        if old is not None:
            values["school"] = old.letter.school
        looked = "preview" in request.POST
        try:
            if not looked:
                made = actions.publish(actor=user, instead_of=old, **values)
                messages.success(request, _("Published. Who has to sign finds it in the inbox."))
                return redirect("audit:letter", made.public_id)
        except RequestRefused as refused:
            form.add_error(None, str(refused))
    status = 422 if request.method == "POST" and not looked else 200
    return render(
        request, "audit/letter_new.html", {"form": form, "old": old, "looked": looked}, status=status
    )


@requires(PUBLISH)
@require_POST
def end(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Ask nobody any more to sign a letter."""
    user = user_of(request)
    version = selectors.version_for(user, version_id)
    told(
        request,
        _("Nobody is asked any more. The signatures stay."),
        lambda: actions.end(actor=user, version=version),
    )
    return redirect("audit:letter", version_id)


@requires(REGISTER)
@require_http_methods(["GET", "POST"])
def paper(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Register a letter that somebody signed on paper."""
    user = user_of(request)
    version = selectors.version_for(user, version_id)
    form = PaperForm(request.POST or None, request.FILES or None, user=user, version=version)
    if request.method == "POST" and form.is_valid():
        try:
            actions.register(actor=user, version=version, **form.cleaned_data)
        except (RequestRefused, FileRefused) as refused:
            form.add_error("scan" if isinstance(refused, FileRefused) else None, str(refused))
        else:
            messages.success(request, _("Recorded."))
            return redirect("audit:letter", version_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "audit/letter_paper.html", {"form": form, "version": version}, status=status)


@requires(*READERS)
@require_GET
def scan(request: HttpRequest, signature_id: UUID) -> HttpResponse:
    """The scan of a letter signed on paper."""
    user = user_of(request)
    found = selectors.signature_for(user, signature_id)
    if found.scan is None:
        raise Http404
    response = serve(found.scan, "inline")
    actions.note_viewed(actor=user, signature=found)
    return response
