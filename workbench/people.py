"""People: agencies, roles, one-time links, sign-in (security.md 5.7, 5.8)."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.utils import reset as axes_reset
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from workbench import audit, tokens
from workbench.errors import WorkbenchError
from workbench.models import Agency, Membership, Role, SetupLink, User

LINK_HOURS = 72
OPERATOR = "operator"
NOT_WITH_ADMIN = frozenset({Role.INVESTIGATOR, Role.SUPERVISOR, Role.EXPORTER})
_DECOY = make_password("nobody has this password")  # so that an unknown name costs the same time


class LinkSpent(WorkbenchError):
    """This one-time link is used up or too old. Ask an administrator for a new one."""

    code = "link-spent"


class AlreadyThere(WorkbenchError):
    """That name is taken. Choose another one."""

    code = "already-there"


class RolesConflict(WorkbenchError):
    """An administrator cannot also be investigator, supervisor or exporter."""

    code = "roles-conflict"


class WeakPassword(WorkbenchError):
    """The password is too weak."""

    code = "weak-password"


class PasswordBackend:
    """Checks a name and password; the time does not tell whether the name exists."""

    def authenticate(
        self, _request: HttpRequest | None, username: str | None = None, password: str | None = None, **_rest: Any
    ) -> User | None:
        """The person, or None."""
        if not username or password is None:
            return None
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None or not user.has_usable_password():
            check_password(password, _DECOY)
            return None
        return user if user.check_password(password) else None

    def get_user(self, user_id: int) -> User | None:
        """The signed-in person of a session; None ends the session of somebody who was switched off."""
        return User.objects.filter(pk=user_id, is_active=True).select_related("agency").first()


@transaction.atomic
def add_agency(*, slug: str, name: str, by: User | None = None) -> Agency:
    """Add a local agency."""
    if Agency.objects.filter(slug=slug).exists():
        raise AlreadyThere(noop("There is an agency %(slug)s already."), slug=repr(slug))
    agency = Agency.objects.create(slug=slug, name=name)
    audit.record(audit.AGENCY_ADDED, by=by, on=agency, agency=audit.NODE, name=name)
    return agency


@transaction.atomic
def add_person(
    *, username: str, name: str, agency: Agency, roles: set[Role], by: User | None = None, password: str | None = None
) -> User:
    """Add a person with roles; without a password the account opens by a one-time link only."""
    if Role.ADMIN in roles and roles & NOT_WITH_ADMIN:
        raise RolesConflict
    if User.objects.filter(username=username).exists():
        raise AlreadyThere(noop("There is a person %(username)s already."), username=repr(username))
    user = User(username=username, name=name, agency=agency)
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    user.save()
    memberships = Membership.objects.bulk_create(
        Membership(user=user, agency=agency, role=role) for role in sorted(roles)
    )
    audit.record_all(added(user, memberships), by=by, agency=agency)
    return user


def added(user: User, memberships: Sequence[Membership]) -> list[audit.Event]:
    """The events of a new person with these roles."""
    events = [audit.Event(audit.PERSON_ADDED, audit.subject_of(user), details={"username": user.username})]
    return events + [
        audit.Event(audit.ROLE_GIVEN, audit.subject_of(row), details={"user": user.username, "role": row.role})
        for row in memberships
    ]


@transaction.atomic
def make_link(user: User, *, by: User | None = None) -> str:
    """A one-time path `/setup/<token>/`; only its digest is stored. Earlier links and the person's tokens die."""
    token = secrets.token_urlsafe(32)
    SetupLink.objects.filter(user=user, used_at__isnull=True).update(used_at=timezone.now())
    SetupLink.objects.create(
        token_digest=_digest(token), user=user, expires_at=timezone.now() + timedelta(hours=LINK_HOURS)
    )
    audit.record(audit.PERSON_RESET, by=by, on=user, agency=user.agency)
    tokens.end_all(user, by=by)
    return f"/setup/{token}/"


def link_owner(token: str) -> User:
    """The person a link is for. Raises LinkSpent."""
    link = (
        SetupLink.objects.filter(token_digest=_digest(token), used_at__isnull=True, expires_at__gt=timezone.now())
        .select_related("user", "user__agency")
        .first()
    )
    if link is None:
        raise LinkSpent
    return link.user


@transaction.atomic
def set_password(*, token: str, password: str) -> User:
    """Spend a one-time link. Raises LinkSpent, WeakPassword (with the reasons as details)."""
    user = link_owner(token)
    _check_strength(password, user)
    spent = SetupLink.objects.filter(token_digest=_digest(token), used_at__isnull=True).update(used_at=timezone.now())
    if not spent:
        raise LinkSpent
    user.set_password(password)
    user.save(update_fields=["password"])
    axes_reset(username=user.username)
    audit.record(audit.PASSWORD_SET, by=user, on=user)
    tokens.end_all(user, by=user)
    return user


@transaction.atomic
def change_password(user: User, *, password: str) -> None:
    """Give a signed-in person, who has just proven the old password, a new one; tokens end. Raises WeakPassword."""
    _check_strength(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record(audit.PASSWORD_CHANGED, by=user, on=user)
    tokens.end_all(user, by=user)


def _check_strength(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages), details=error.messages) from error


def is_locked(request: HttpRequest, username: str) -> bool:
    """Whether too many failures locked this name, which need not be anybody's."""
    return bool(AxesProxyHandler.is_locked(request, {"username": username}))


@transaction.atomic
def note_failure(username: str, *, locks: bool) -> None:
    """A failed sign-in is an event of the person's agency; under an invented name it is one of the node's.

    The work is the same, so that no clock tells the two apart. What was typed is not kept: it may be a password.
    """
    user = User.objects.filter(username=username).select_related("agency").first()
    subject, agency = (audit.subject_of(user), user.agency) if user else ("user:unknown", audit.NODE)
    failure = audit.Event(audit.SIGN_IN_FAILED, subject, details={"locks": locks}, outcome="refused")
    audit.record_all([failure], by=None, agency=agency)


@transaction.atomic
def unlock(user: User, *, by: User | None = None) -> None:
    """Let a person sign in again after too many failures."""
    axes_reset(username=user.username)
    audit.record(audit.PERSON_UNLOCKED, by=by, on=user, agency=user.agency)


@transaction.atomic
def first_start(*, agency_slug: str = "first", agency_name: str = "First agency") -> tuple[User, str] | None:
    """Make the first agency, its `operator` and an administrator; returns the admin and a one-time path.

    None when the node was started before.
    """
    if User.objects.filter(username=OPERATOR).exists():
        return None
    agency = Agency.objects.filter(is_local=True).order_by("pk").first() or add_agency(
        slug=agency_slug, name=agency_name
    )
    add_person(
        username=OPERATOR, name="Operator", agency=agency, roles={Role.INVESTIGATOR, Role.SUPERVISOR, Role.EXPORTER}
    )
    admin = add_person(username="admin", name="Administrator", agency=agency, roles={Role.ADMIN, Role.AUDITOR})
    return admin, make_link(admin)


def address(path: str) -> str:
    """The full address of a path on this node, as printed by commands."""
    _host, _, port = settings.BIND.rpartition(":")
    return f"http://localhost:{port}{path}"


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
