"""Tokens: with one, a person's script reaches the public API as that person (docs/api.md).

A token never gives more than its person's roles give at that moment. It dies with the account, with the last role, and
with the password under which it was made. It is shown once.
Kept is its plain SHA-256: what is hashed are 256 random bits, so nobody can try them all, and a slow hash or a salt
would only make every request slower.
"""

import hashlib
import secrets
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from workbench import access, audit
from workbench.errors import BadInput, NotFound, WorkbenchError
from workbench.models import ApiToken, User

TOKEN_MADE = audit.verb("token.make", "Token made for the API")
TOKEN_REVOKED = audit.verb("token.revoke", "Token revoked")
TOKEN_USED = audit.verb("token.use", "Token used, for the first time on that day")
TOKEN_REFUSED = audit.verb("token.refuse", "Token used after it had ended, for the first time on that day")

PREFIX = "winnow_"  # so that scanners for lost secrets find one
MOST_DAYS = 365
MOST = 20  # that are good at once, of one person


class TokenNeeded(WorkbenchError):
    """Send a token that is good: Authorization: Bearer winnow_... You make one on your account page."""

    code = "token-needed"
    status = HTTPStatus.UNAUTHORIZED


class TooManyTokens(WorkbenchError):
    """You have 20 tokens already. Revoke one that you do not need."""

    code = "too-many-tokens"
    status = HTTPStatus.CONFLICT


@transaction.atomic
def make(*, name: str, days: int, scope: str, by: User) -> tuple[ApiToken, str]:
    """A token of the person, and its text, which nobody can read again. Raises BadInput, TooManyTokens."""
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(noop("A token is good for 1 to %(most_days)s days."), most_days=MOST_DAYS)
    if scope not in ApiToken.Scope.values or not name.strip() or not name.isprintable():
        raise BadInput(
            noop("A token needs a name of letters, and one of: %(values)s."), values=", ".join(ApiToken.Scope.values)
        )
    _hold(by)
    if len(good_of(by)) >= MOST:
        raise TooManyTokens
    text = PREFIX + secrets.token_urlsafe(32)
    made = ApiToken.objects.create(
        user=by,
        name=name.strip()[:60],
        scope=scope,
        digest=_digest(text),
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record(TOKEN_MADE, by=by, on=made, name=made.name, scope=scope, days=days)
    return made, text


def _hold(user: User) -> None:
    """Hold the person's row: of tokens made at once each counts the others, and none outlives an end of all."""
    User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()


def good_of(user: User) -> list[ApiToken]:
    """The person's tokens that work, newest first."""
    found = ApiToken.objects.filter(user=user, revoked_at__isnull=True, expires_at__gt=timezone.now())
    return list(found.order_by("-pk"))


def own(public_id: UUID, *, by: User) -> ApiToken:
    """A token of the person's own. Raises NotFound."""
    return _one(ApiToken.objects.filter(user=by), public_id)


def anybodys(public_id: UUID) -> ApiToken:
    """A token of anybody on the node, for those who administer its people. Raises NotFound."""
    return _one(ApiToken.objects.all(), public_id)


def _one(found: QuerySet[ApiToken], public_id: UUID) -> ApiToken:
    token = found.filter(public_id=public_id).select_related("user__agency").first()
    if token is None:
        raise NotFound
    return token


@transaction.atomic
def revoke(token: ApiToken, *, by: User) -> None:
    """End it at once; a token that was revoked stays as it is."""
    done = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
    if done:
        audit.record(
            TOKEN_REVOKED, by=by, on=token, agency=token.user.agency, name=token.name, user=token.user.username
        )


def end_all(user: User, *, by: User | None) -> None:
    """End every token of the person. In a transaction; one event each."""
    _hold(user)
    ended = good_of(user)
    ApiToken.objects.filter(pk__in=[token.pk for token in ended]).update(revoked_at=timezone.now())
    events = [
        audit.Event(TOKEN_REVOKED, audit.subject_of(token), details={"name": token.name, "user": user.username})
        for token in ended
    ]
    audit.record_all(events, by=by, agency=user.agency)


def bearer(text: str) -> ApiToken:
    """The token of that text, its person read anew. Two queries; a day's first use is an event. Raises TokenNeeded."""
    found = ApiToken.objects.filter(digest=_digest(text)).select_related("user__agency").first()
    if found is None:
        raise TokenNeeded
    audit.came_by(f"token {found.public_id.hex[:12]}")
    if not is_good(found):
        _note(found, "refused_on", TOKEN_REFUSED, outcome="refused")
        raise TokenNeeded(noop("This token has ended. Make a new one on your account page."))
    _note(found, "used_on", TOKEN_USED)
    return found


def is_good(token: ApiToken) -> bool:
    """Neither revoked nor too old, and its person may still sign in and has a role. One query, for the roles."""
    lives = token.revoked_at is None and token.expires_at > timezone.now() and token.user.is_active
    return lives and bool(access.roles(token.user))


def _note(token: ApiToken, column: str, verb: str, outcome: str = "ok") -> None:
    """Keep the day and tell the log, once a day: what each request did is told by its own event."""
    today = timezone.now().date()
    if getattr(token, column) == today:
        return
    with transaction.atomic():
        first = ApiToken.objects.filter(pk=token.pk).exclude(**{column: today}).update(**{column: today})
        if first:
            event = audit.Event(verb, audit.subject_of(token), details={"name": token.name}, outcome=outcome)
            audit.record_all([event], by=token.user)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
