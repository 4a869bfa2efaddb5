"""Agencies, people, their roles, the audit log and running jobs (model.md section 2, `workbench`)."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as lazy


class Agency(models.Model):
    """An organisation on this node, or a foreign one whose sets we read."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    organisation = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=200)
    is_local = models.BooleanField(default=True)
    store_made_at = models.DateTimeField(null=True)  # from then on a missing folder means that the store is gone

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a person may do in an agency; `admin` excludes the first three."""

    INVESTIGATOR = "investigator", lazy("Investigator")
    SUPERVISOR = "supervisor", lazy("Supervisor")
    EXPORTER = "exporter", lazy("Exporter")
    AUDITOR = "auditor", lazy("Auditor")
    WELFARE = "welfare", lazy("Welfare officer")
    ADMIN = "admin", lazy("Administrator")


class UserManager(BaseUserManager["User"]):
    """Looks people up by the name they sign in with."""


class User(AbstractBaseUser):
    """A person (or the `operator` account of the command line)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    username = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="people")
    is_active = models.BooleanField(default=True)
    language = models.CharField(max_length=10, default="", blank=True)  # empty: the browser's (languages.py)
    created_at = models.DateTimeField(db_default=Now())
    # Keys of his own, {keys: {command: key}, single: bool}; keyboard.py
    keyboard = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))

    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def initials(self) -> str:
        """Two letters for the top bar."""
        return "".join(word[0] for word in (self.name or self.username).split()[:2]).upper()


class Membership(models.Model):
    """One role of one person in one agency."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT)
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "agency", "role"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]


class SetupLink(models.Model):
    """A one-time link with which a person sets a password; only the digest of its token is kept."""

    token_digest = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class ApiToken(models.Model):
    """With it a person's script speaks to the public API; only the digest of its text is kept (tokens.py)."""

    class Scope(models.TextChoices):
        """What it may do of what its person may."""

        READ = "read", lazy("Read and look up")
        WRITE = "write", lazy("Read, look up and decide")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=60)
    scope = models.CharField(max_length=5, choices=Scope.choices)
    digest = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_on = models.DateField(null=True)  # the last day
    refused_on = models.DateField(null=True)  # the last day somebody tried it after its end

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(scope__in=["read", "write"]), name="token_scope_known")
        ]


class AuditLog(models.Model):
    """The head of one chain: one per agency, and one for the node (`agency` null)."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True)
    head_seq = models.BigIntegerField(default=0)
    head_hash = models.BinaryField(max_length=32, default=bytes(32))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency"], nulls_distinct=False, name="one_log_per_agency")]


class AuditEvent(models.Model):
    """One event of a chain. Written only by `audit`; never changed (triggers and grants forbid it)."""

    pk = models.CompositePrimaryKey("log_id", "seq")
    log = models.ForeignKey(AuditLog, on_delete=models.PROTECT)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    actor = models.CharField(max_length=60)
    case = models.UUIDField(null=True)
    subject = models.CharField(max_length=120)
    body = models.TextField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        indexes = [
            models.Index(fields=["log", "verb", "seq"], name="audit_verb"),
            models.Index(fields=["log", "case", "seq"], name="audit_case"),
            models.Index(fields=["log", "actor", "seq"], name="audit_actor"),
            models.Index(fields=["subject"], name="audit_subject"),
        ]


class Job(models.Model):
    """A long-running piece of work: who holds it, until when, and how far it came."""

    class State(models.TextChoices):
        """Live states first."""

        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    LIVE = (State.QUEUED, State.RUNNING)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=30)
    subject = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    lease_until = models.DateTimeField(null=True)
    cursor = models.JSONField(default=dict)
    message = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=models.Q(state__in=["queued", "running"]), name="one_live_job"
            )
        ]
        indexes = [models.Index(fields=["kind", "subject", "id"], name="job_subject")]  # of ended ones, too
