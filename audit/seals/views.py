"""Pages of seals: the chain, one seal, verifications, and the public keys for everybody."""

import base64
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires, user_of
from accounts.models import User
from accounts.scope import holds
from audit.seals import actions, selectors
from audit.seals.lists import FindingList, SealList, VerificationList, result
from core.signing import public_keys
from ledger.seals.header import BadHeader, digest, parse


@requires(selectors.PERM)
@require_http_methods(["GET", "POST"])
def seals(request: HttpRequest) -> HttpResponse:
    """How the proof stands, and every seal."""
    user = user_of(request)
    now = selectors.state()
    shown = now.faulty[0] if now.faulty else now.last
    context = {"now": now, "result": result(shown) if shown else ""}
    return SealList(request, selectors.seals(), user=user).respond("audit/seals/seals.html", context)


@requires(selectors.PERM)
@require_GET
def seal(request: HttpRequest, number: int) -> HttpResponse:
    """One seal: what is signed, of which tables how many rows."""
    row = selectors.seal_for(number)
    try:
        header = parse(row.header)
    except BadHeader:
        header = None
    context = {
        "row": row,
        "header": header,
        "digest": digest(row.header),
        "signature": bytes(row.signature).hex(),
        "parts": [(*part, selectors.table_words(part[1])) for part in selectors.parts_of(row)],
    }
    return render(request, "audit/seals/seal.html", context)


@requires(selectors.PERM)
@require_http_methods(["GET", "POST"])
def verifications(request: HttpRequest) -> HttpResponse:
    """Every verification."""
    page = VerificationList(request, selectors.verifications(), user=user_of(request))
    return page.respond("audit/seals/verifications.html")


@requires(selectors.PERM)
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Have everything verified now."""
    actions.order(actor=user_of(request))
    messages.success(request, _("The ledger is being verified. You are told when it is done."))
    return redirect("audit:verifications")


@requires(selectors.PERM)
@require_http_methods(["GET", "POST"])
def verification(request: HttpRequest, verification_id: UUID) -> HttpResponse:
    """One verification with its faults."""
    row = selectors.verification_for(verification_id)
    page = FindingList(request, row.findings.all(), user=user_of(request))
    context = {"row": row, "result": result(row), "kinds": selectors.by_kind(row)}
    return page.respond("audit/seals/verification.html", context)


@require_GET
def keys(request: HttpRequest) -> HttpResponse:
    """The public keys by which anybody can check a seal, that which signs now first. Open to everybody."""
    known = public_keys(settings.LEDGER_SEAL_KEY)
    rows = [
        {"id": key_id, "text": base64.b64encode(key).decode(), "fingerprint": sha256(key).hexdigest()}
        for key_id, key in known.items()
    ]
    audits = isinstance(request.user, User) and holds(request.user, selectors.PERM)
    return render(request, "audit/seals/keys.html", {"rows": rows, "audits": audits})
