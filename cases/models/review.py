"""Items, stacks, batches, and what people decided about them."""

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as lazy

from cases import scope
from cases.models.evidence import Content
from cases.models.investigation import Case
from hashsets.models import Scheme
from workbench.models import Agency

OPEN = Q(state="open")
# What filters of the queue ask for, in the index of each order: what does not fit is never fetched (queue/seeking.py).
ASKED = ("content", "stack", "kind", "size", "taken_at", "camera", "latitude", "longitude", "near")
MOMENT = Q(until_ms__isnull=True) | Q(from_ms__isnull=False, until_ms__gte=F("from_ms"))  # of a film


class Batch(models.Model):
    """Up to 200 items claimed by one person for a day: new ones, or for a second view (cases/second)."""

    class Kind(models.TextChoices):
        """What the person is asked for."""

        FIRST = "first"
        SECOND = "second"

    class State(models.TextChoices):
        """open -> closed, expired, released."""

        OPEN = "open"
        CLOSED = "closed"
        EXPIRED = "expired"
        RELEASED = "released"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.FIRST, db_default=Kind.FIRST)
    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    size = models.PositiveIntegerField(default=0)  # items claimed
    on_screen_ms = models.BigIntegerField(default=0)
    order = models.CharField(max_length=10, default="alike", db_default="alike")  # cases/queue/orders.py
    wanted = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))  # cases/queue/filters.py
    opened_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = scope.BatchQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "case", "kind"], condition=Q(state="open"), name="one_open_batch"),
            models.UniqueConstraint(fields=["case", "number"], name="batch_number_once"),
        ]


class Stack(models.Model):
    """Exact and near copies, one unit of review: the row of the queue.

    Every claim, act and release writes its row anew into each index, so there are as few as can be.
    """

    class State(models.TextChoices):
        """open exactly when open_items > 0."""

        OPEN = "open"
        DONE = "done"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, db_index=False)
    sort_key = models.CharField(max_length=240, db_collation="C")
    state = models.CharField(max_length=5, choices=State.choices, default=State.DONE)
    version = models.PositiveIntegerField(default=1)
    open_items = models.PositiveIntegerField(default=0)
    cover = models.ForeignKey("Item", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, db_index=False)
    position = models.PositiveIntegerField(default=0)  # in its batch
    lease_until = models.DateTimeField(null=True)

    objects = scope.OfCaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", open_items__gt=0) | Q(state="done", open_items=0),
                name="stack_open_when_items_are",
            )
        ]
        indexes = [
            models.Index(fields=["case", "sort_key", "id"], condition=Q(state="open"), name="stack_queue"),
            models.Index(fields=["batch", "position"], condition=Q(batch__isnull=False), name="stack_batch"),
        ]


class Item(models.Model):
    """A content in a case. `state` is computed (states.py); `unsure` and `flagged` are a person's marks."""

    class State(models.TextChoices):
        """First that holds, in this order."""

        EXCLUDED = "excluded"
        DECIDED = "decided"
        UNSURE = "unsure"
        KNOWN = "known"
        CONFIRM = "confirm"
        WAITING = "waiting"
        OPEN = "open"

    class Joined(models.TextChoices):
        """By what it lies in a stack with others."""

        ALONE = "", lazy("Alone")
        PDQ = "pdq", lazy("Looks alike")
        FRAMES = "frames", lazy("Shares frames")
        PERSON = "person", lazy("Put there by a person")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, db_index=False)
    content = models.ForeignKey(Content, on_delete=models.PROTECT)
    stack = models.ForeignKey(Stack, on_delete=models.PROTECT, related_name="items")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    known = models.BooleanField(default=False)
    unsure = models.BooleanField(default=False)
    flagged = models.BooleanField(default=False)
    # How it came into a stack that was not its own (cases/stacking). `aligned`: its PDQ, turned as it lies nearest to
    # the stack's leader; null: as it is. Distances in a stack are those between aligned hashes.
    joined = models.CharField(max_length=6, choices=Joined.choices, blank=True, default="", db_default="")
    turned = models.PositiveSmallIntegerField(default=0, db_default=0)  # variant of hashsets.near.dihedral
    aligned = models.BinaryField(max_length=32, null=True)
    apart = models.PositiveSmallIntegerField(null=True)  # of a film: bits to the leader (cases/stacking/films.py)
    follows = models.PositiveIntegerField(default=0, db_default=0)  # others that it would decide as a cover
    # What orders and filters of the queue ask for, set by the database whenever the item opens (migration 0022): what
    # the content and its metadata say, kept where the queue is read so that a claim costs the same in any case.
    kind = models.CharField(max_length=10, blank=True, default="", db_default="")
    size = models.BigIntegerField(null=True)  # bytes
    taken_at = models.DateTimeField(null=True)  # its own time, else the earliest its files give
    camera = models.CharField(max_length=170, blank=True, default="", db_default="", db_collation="C")  # lower case
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    near = models.BooleanField(default=False, db_default=False)  # resembles what a set holds
    promise = models.PositiveSmallIntegerField(default=0, db_default=0)  # 0-100, what is likely to matter (promise.py)

    objects = scope.OfCaseQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "content"], name="item_once")]
        indexes = [
            models.Index(fields=["case", "state", "id"], name="item_by_state"),
            models.Index(
                F("case"),
                F("taken_at").asc(nulls_last=True),
                F("id"),
                include=[name for name in ASKED if name != "taken_at"],
                condition=OPEN,
                name="item_order_taken",
            ),
            models.Index(
                F("case"),
                F("size").desc(nulls_last=True),
                F("id"),
                include=[name for name in ASKED if name != "size"],
                condition=OPEN,
                name="item_order_size",
            ),
            models.Index(
                F("case"),
                F("promise").desc(),
                F("id"),
                include=ASKED,
                condition=OPEN,
                name="item_order_promise",
            ),
            models.Index(fields=["case", "camera", "id"], condition=OPEN & ~Q(camera=""), name="item_open_camera"),
            models.Index(fields=["case", "id"], condition=OPEN & Q(kind="video"), name="item_open_video"),
            models.Index(
                fields=["case", "latitude", "id"], condition=OPEN & Q(latitude__isnull=False), name="item_open_place"
            ),
            models.Index(fields=["case", "id"], condition=OPEN & Q(near=True), name="item_open_near"),
            models.Index(  # the map, whatever became of the items (cases/found_at.py)
                fields=["case", "latitude", "longitude", "state"],
                condition=Q(latitude__isnull=False),
                name="item_place",
            ),
        ]


class Uncompared(models.Model):
    """An item whose look-alikes in its case nobody has sought so far: a queue, emptied by `cases.stacking`."""

    item = models.OneToOneField(Item, on_delete=models.CASCADE, primary_key=True, related_name="+")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+", db_index=False)
    # What it resembles, or lies in, and somebody holds: it waits until that batch is over.
    to = models.ForeignKey(Stack, on_delete=models.SET_NULL, null=True, related_name="arrivals", db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["case", "item"], name="uncompared_of_case"),
            models.Index(fields=["to"], condition=Q(to__isnull=False), name="uncompared_to"),
        ]


class StackRule(models.Model):
    """What a person said of two items: detection never brings together what was put apart, nor parts the others."""

    class Kind(models.TextChoices):
        """The word of a person."""

        APART = "apart", lazy("Not one stack")
        TOGETHER = "together", lazy("One stack")

    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    one = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")  # the lower id
    other = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    act = models.ForeignKey("Act", on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="stack_rule_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="stack_rule_lower_first"),
        ]


class Act(models.Model):
    """One key press or command; its answer is kept, so that sending it again changes nothing."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    idempotency_key = models.UUIDField()
    kind = models.CharField(max_length=12)
    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True)
    stack = models.ForeignKey(Stack, on_delete=models.PROTECT, null=True)
    view = models.ForeignKey("SecondView", on_delete=models.PROTECT, null=True, related_name="acts")
    seen_version = models.PositiveIntegerField(null=True)
    cover = models.ForeignKey(Item, on_delete=models.PROTECT, null=True)
    via = models.CharField(max_length=20)
    code = models.CharField(max_length=40, null=True)  # noqa: DJ001 null = not a category
    undoes = models.ForeignKey("self", on_delete=models.PROTECT, null=True)
    answer = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "idempotency_key"], name="act_once")]
        indexes = [
            models.Index(fields=["user", "case", "id"], condition=Q(kind__in=["unsure", "skip"]), name="act_marks")
        ]


class StackMove(models.Model):
    """An item that an act moved to another stack: where it lay before, and how, so that it can be put back."""

    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="moves", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    left = models.ForeignKey(Stack, on_delete=models.PROTECT, related_name="+", db_index=False)
    to = models.ForeignKey(Stack, on_delete=models.PROTECT, related_name="+", db_index=False)
    place = models.PositiveIntegerField()  # of the stack it left, in the batch
    first = models.BooleanField()  # it was shown first there
    joined = models.CharField(max_length=6, choices=Item.Joined.choices, blank=True)
    turned = models.PositiveSmallIntegerField()
    aligned = models.BinaryField(max_length=32, null=True)
    apart = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["act", "item"], name="stack_move_once")]


class Grounds(models.Model):
    """Why a person gave a category, and how sure he was; append-only: of several on one act the last counts."""

    class Confidence(models.TextChoices):
        """How sure, in the person's own judgement."""

        SURE = "sure"
        RATHER = "rather"
        UNSURE = "unsure"

    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="grounds")
    confidence = models.CharField(max_length=6, choices=Confidence.choices, blank=True)
    text = models.CharField(max_length=400, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(confidence="", text=""), name="grounds_say_something"),
        ]


class Decision(models.Model):
    """One person's category for one content. Append-only; `code` null takes the earlier one back."""

    class Basis(models.TextChoices):
        """How the person knew: only `viewed` counts as an opinion to share."""

        VIEWED = "viewed", lazy("Viewed")
        VEILED = "veiled", lazy("Veiled")
        INHERITED = "inherited", lazy("Inherited")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="decisions")
    content = models.ForeignKey(Content, on_delete=models.PROTECT)
    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT)
    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT)
    code = models.CharField(max_length=40, null=True)  # noqa: DJ001 null = taken back
    basis = models.CharField(max_length=10, choices=Basis.choices)
    distance = models.PositiveSmallIntegerField(default=0)  # bits of 256 from the cover that was shown
    reason = models.CharField(max_length=400, blank=True, default="")
    from_ms = models.PositiveIntegerField(null=True)  # the moment of a film that it rests on, or where the range begins
    until_ms = models.PositiveIntegerField(null=True)  # where it ends; null with `from_ms`: a moment
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    by_name = models.CharField(max_length=120)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["act", "content"], name="decision_once_per_act"),
            models.UniqueConstraint(fields=["id", "by"], name="decision_of_person"),  # migration 0009 refers to it
            models.CheckConstraint(condition=MOMENT, name="decision_moment"),
        ]
        indexes = [
            models.Index(fields=["content", "id"], name="decision_content"),
            models.Index(fields=["case", "id"], name="decision_case"),  # pages of the API
            BrinIndex(fields=["at"], name="decision_at", autosummarize=True),  # samples (cases/second/samples.py)
        ]


class Standing(models.Model):
    """The decision in force for a content under a scheme."""

    pk = models.CompositePrimaryKey("content_id", "scheme_id")
    content = models.ForeignKey(Content, on_delete=models.PROTECT)
    scheme_id = models.CharField(max_length=60)  # of any version
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT)
    code = models.CharField(max_length=40, null=True)  # noqa: DJ001 null = taken back
    version = models.PositiveIntegerField(default=1)


class Viewing(models.Model):
    """One clear picture, or a piece of a film, sent to one person; its milliseconds follow when it was unveiled."""

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    content = models.ForeignKey(Content, on_delete=models.PROTECT)
    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True)
    at = models.DateTimeField(db_default=Now())
    revealed_ms = models.PositiveIntegerField(null=True)
    enlarged_ms = models.PositiveIntegerField(null=True)  # of these; null: it was not enlarged
    from_ms = models.PositiveIntegerField(null=True)  # of the film; null: one picture
    until_ms = models.PositiveIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "at"], name="viewing_user"),
            models.Index(fields=["content", "user"], name="viewing_content"),
        ]


class Listening(models.Model):
    """A piece of sound sent to one person; its milliseconds follow when it was heard. No look (decision 0017)."""

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    content = models.ForeignKey(Content, on_delete=models.PROTECT)
    case = models.ForeignKey(Case, on_delete=models.PROTECT)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True)
    at = models.DateTimeField(db_default=Now())
    heard_ms = models.PositiveIntegerField(null=True)
    from_ms = models.PositiveIntegerField()  # of the film
    until_ms = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["content", "user"], name="listening_content"),
            models.Index(fields=["user", "at"], name="listening_user"),
        ]
