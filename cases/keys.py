"""What each key means on a unit of a batch (ux.md section 4): what it would change, or why it is refused.

Nothing is written here. A plan follows from the facts read under the lock; `acts.py` carries plans out together.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from cases import reasons
from cases.errors import UnknownCategory
from cases.facts import Before, Facts, Named
from cases.models import Decision
from cases.moments import FILMS, Moment
from cases.stacking.gathering import MOST
from cases.standing import Held
from cases.units import Member, Round, Unit, Wish, marked, reached
from workbench.words import digits

NOTHING_HERE = noop("There is nothing to take back here.")
NOTHING_AGAIN = noop("There is nothing to do again.")
ANOTHER_SHOWN = noop("This stack shows another picture by now. Look at it and decide it.")
NOBODY_GOES = noop("None of these can be moved out: they are decided, or elsewhere by now.")
SOMEBODY_STAYS = noop("One picture at least stays in the stack.")
NOBODY_COMES = noop("None of these can be joined: they are decided, or elsewhere by now.")
DONE_ALREADY = noop("Everything in this stack is decided. Join others to one that is still open.")
TOO_MANY = noop("A stack holds %(most)s pictures at most.")
NOT_OPEN = noop("Only a picture that is still open can be shown first.")
LATER_STANDS = noop("A later decision stands here; it is not yours to take back.")
COLLEAGUES = noop("A colleague decided this meanwhile. His decision stands; it is not yours to take back.")
PUBLISHED = noop("This decision is published. Ask for its withdrawal on the Publish page.")
NO_FILM = noop("Only a film has moments that can be marked.")
GIVEN = noop("Your second opinion on this is kept already, and is not changed.")

KEEP = "keep"  # a plan's mark that stays as it is
OUTCOMES = {"unsure": reasons.UNSURE, "skip": reasons.SKIPPED, "clear": None}
REPEATED = {"decide", "unsure", "skip", "clear", "flag", "split", "join"}
MOVES = {"split", "join"}  # acts that move items from stack to stack


@dataclass(frozen=True, slots=True)
class Change:
    """A decision to be written; `code` None takes back what stands."""

    content: int
    code: str | None
    inherited: bool = False
    reason: str = ""
    distance: int = 0
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an act changes. `mark`: unsure, skipped, None for neither; KEEP leaves it. `items`: what is marked.

    `code` and `outcome` are what the unit shows afterwards; `told` is what the log says of the mark, '' for nothing;
    `late` the colleague's decision beside which this one is kept as a second opinion.
    """

    wish: Wish
    changes: tuple[Change, ...] = ()
    mark: str | None = KEEP
    items: tuple[int, ...] = ()
    cover: int | None = None  # the item to be shown first again
    flag: bool = False
    undoes: int | None = None
    code: str | None = None
    outcome: str | None = None
    told: str = ""
    late: Held | None = None
    parted: tuple[int, ...] = ()  # items that become a stack of their own, its cover first
    rejoined: UUID | None = None  # the stack whose items come back
    united: tuple[UUID, ...] = ()  # stacks whose open items come into this one
    disunited: tuple[UUID, ...] = ()  # stacks that get back what came from them


def plan(now: Round, facts: Facts, wish: Wish) -> Plan | str:
    """What the act changes on its unit, or the sentence that refuses it."""
    return PLANS[wish.kind](now, facts, wish, now.units[wish.stack])


def _decide(now: Round, facts: Facts, wish: Wish, unit: Unit) -> Plan | str:
    """Digits: one decision per content reached. Where a colleague decided the picture shown first, a second opinion;
    where he decided others of the stack, his decisions stand.
    """
    if wish.code not in now.codes:
        return str(UnknownCategory())
    if wish.moment and not _is_film(unit):
        return NO_FILM
    late = _colleagues(now, facts, unit.cover_content)
    if late:
        return GIVEN if late.decision in facts.given else Plan(wish, code=late.code, late=late)
    changes = tuple(
        Change(
            one.content, wish.code, inherited=_inherits(facts, unit, one), distance=one.distance or 0,
            moment=wish.moment if one.item == unit.cover else None,
        )
        for one in reached(wish, unit, facts.opened)
        if not _colleagues(now, facts, one.content)
    )  # fmt: skip
    return Plan(wish, changes, code=wish.code)


def _is_film(unit: Unit) -> bool:
    """Whether the picture that the act is about moves, or is heard."""
    return any(one.item == unit.cover and one.kind in FILMS for one in unit.members)


def _inherits(facts: Facts, unit: Unit, one: Member) -> bool:
    """Whether a decision rests on the look at another picture."""
    return one.item != unit.cover and one.content not in facts.opened


def _colleagues(now: Round, facts: Facts, content: int) -> Held | None:
    """Another person's decision: it came after the claim, or the unit had not been open."""
    found = facts.held.get(content)
    return found if found and found.code is not None and found.by != now.by.pk else None


def _mark(now: Round, facts: Facts, wish: Wish, unit: Unit) -> Plan | str:
    """X, S and Backspace: unsure, skip to the end, clear. Outcomes, not failures; a decision does not outlive them."""
    if (shown := facts.closing(now, unit.cover_content)) and shown.by != now.by.pk:
        return COLLEAGUES
    about = [
        one for one in marked(wish, unit) if not ((held := facts.closing(now, one.content)) and held.by != now.by.pk)
    ]
    standing = {one.content: held for one in about if (held := facts.closing(now, one.content))}
    if not facts.out.isdisjoint(held.decision for held in standing.values()):
        return PUBLISHED
    clears = wish.kind == "clear"
    if clears and not standing and unit.mark is None:
        return NOTHING_HERE
    outcome = OUTCOMES[wish.kind]
    changes = (Change(content, None, reason=outcome or reasons.CLEARED) for content in standing)
    told = "cleared" if clears and unit.mark else "" if clears else wish.kind
    return Plan(wish, tuple(changes), mark=outcome, items=tuple(one.item for one in about), outcome=outcome, told=told)


def _flag(_now: Round, _facts: Facts, wish: Wish, unit: Unit) -> Plan | str:
    """F: flags, or takes the flag away; what was decided stays."""
    return Plan(wish, flag=True, items=(unit.cover,), told="flag")


def _split(_now: Round, _facts: Facts, wish: Wish, unit: Unit) -> Plan | str:
    """Shift+S: these pictures become a stack of their own, which shows the one in focus first."""
    wanted, open_ones = set(wish.items), [one for one in unit.members if one.state == "open"]
    moved = [one.item for one in open_ones if one.public_id in wanted]
    if not moved:
        return NOBODY_GOES
    if len(moved) == len(open_ones):
        return SOMEBODY_STAYS
    return Plan(wish, parted=tuple(sorted(moved, key=lambda item: item != unit.cover)), outcome=unit.mark)


def _join(now: Round, _facts: Facts, wish: Wish, unit: Unit) -> Plan | str:
    """U: what is open in other stacks of the batch comes into this one, which goes on showing what it shows."""
    wanted = [now.units[stack] for stack, _version in wish.joins if stack in now.units]
    others = [other for other in wanted if other.held and other is not unit]
    coming = [(other, sum(one.state == "open" for one in other.members)) for other in others]
    united = tuple(other.public_id for other, number in coming if number)
    if unit.is_over:
        return DONE_ALREADY
    if not united:
        return NOBODY_COMES
    if len(unit.members) + sum(number for _other, number in coming) > MOST:
        return gettext(TOO_MANY) % {"most": digits(MOST)}
    return Plan(wish, united=united, outcome=unit.mark)


def _cover(_now: Round, _facts: Facts, wish: Wish, unit: Unit) -> Plan | str:
    """Show the named picture first: the others' distances are told from it, and Shift reaches what is near it."""
    if not any(one.item == unit.cover and one.state == "open" for one in unit.members):
        return NOT_OPEN
    return Plan(wish, cover=unit.cover, outcome=unit.mark)


def _undo(now: Round, facts: Facts, wish: Wish, unit: Unit) -> Plan | str:
    """Z: goes back to what was before the named act, as a new entry."""
    named = facts.named.get(wish.undoes) if wish.undoes else None
    if named is None or named.stack != unit.id or named.taken_back or named.kind not in REPEATED:
        return NOTHING_HERE
    if named.kind in MOVES:
        return _undo_move(named, wish, unit)
    standing = {content: facts.held[content] for content in named.before if _own(now, facts, content)}
    if named.followed or (not standing and (named.before or named.kind == "decide")):
        return LATER_STANDS
    if not facts.out.isdisjoint(held.decision for held in standing.values()):
        return PUBLISHED
    changes = tuple(_restored(content, named.before[content]) for content in standing)
    shown = next((one.content for one in unit.members if one.item == named.cover), None)
    code = next((change.code for change in changes if change.content == shown), None)
    if named.kind == "flag":
        return Plan(
            wish, undoes=named.id, flag=True, items=(named.cover,), code=code, outcome=unit.mark, told="flag taken back"
        )
    told = "" if named.kind == "decide" else f"{named.kind} taken back"
    mark = KEEP if named.kind == "decide" and named.outcome != "unsure" else named.outcome  # a decision ends unsure
    return Plan(
        wish, changes, mark=mark, items=(named.cover,), cover=named.cover, undoes=named.id, code=code,
        outcome=None if code else named.outcome, told=told,
    )  # fmt: skip


def _undo_move(named: Named, wish: Wish, unit: Unit) -> Plan | str:
    """What a split moved out comes back, what a join brought goes back, unless something was done there since."""
    if named.kind == "split" and named.made is not None:
        return Plan(wish, undoes=named.id, rejoined=named.made, outcome=unit.mark)
    here = {one.public_id for one in unit.members}
    if named.kind == "split" or named.followed or here.isdisjoint(item for item, _stack in named.moved):
        return LATER_STANDS
    return Plan(wish, undoes=named.id, disunited=named.left, outcome=unit.mark)


def _own(now: Round, facts: Facts, content: int) -> bool:
    """Whether what stands was made in this batch: the named act's decision, or what an undo brought back of it."""
    return content in facts.held and facts.held[content].batch == now.batch.pk


def _restored(content: int, before: Before) -> Change:
    inherited = before.basis == Decision.Basis.INHERITED
    why = reasons.TAKEN_BACK
    return Change(content, before.code, inherited=inherited, reason=why, distance=before.distance, moment=before.moment)


def _redo(now: Round, facts: Facts, wish: Wish, unit: Unit) -> Plan | str:
    """Shift+Z: does the named act once more, under a key of its own."""
    named = facts.named.get(wish.undoes) if wish.undoes else None
    if named is None or named.stack != unit.id or named.kind not in REPEATED:
        return NOTHING_AGAIN
    if named.cover != unit.cover:
        return ANOTHER_SHOWN
    again = Wish(wish.key, named.kind, wish.stack, wish.version, named.code, moment=named.moment)
    if named.kind == "split":
        again = replace(again, items=tuple(item for item, _stack in named.moved))
    if named.kind == "join":
        again = replace(again, joins=tuple((stack, None) for stack in named.left))
    if not named.before.keys() <= {unit.cover_content}:
        same = tuple(one.public_id for one in unit.members if one.content in named.before)
        again = replace(again, scope="stack", items=same)
    return PLANS[named.kind](now, facts, again, unit)


PLANS: dict[str, Callable[[Round, Facts, Wish, Unit], Plan | str]] = {
    "decide": _decide,
    "unsure": _mark,
    "skip": _mark,
    "clear": _mark,
    "flag": _flag,
    "split": _split,
    "join": _join,
    "cover": _cover,
    "undo": _undo,
    "redo": _redo,
}
