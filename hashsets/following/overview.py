"""How each following goes, in words, for the pages: its state, what came, what was left out, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as lazy

from hashsets import import_words
from hashsets.following.applying import Applied
from hashsets.models import Remote
from hashsets.remotes import BY_ID, Connector
from workbench.models import User

FOLLOWED, NEW, RETRIED, STANDS_STILL, PAUSED = "followed", "new", "retried", "stands-still", "paused"
STATES = {
    FOLLOWED: (lazy("followed"), "ok"),
    NEW: (lazy("not asked yet"), ""),
    RETRIED: (lazy("is tried again"), "warn"),
    STANDS_STILL: (lazy("stands still"), "bad"),
    PAUSED: (lazy("paused"), "warn"),
}
REFUSED = lazy(
    "It refuses what we ask. Either the secret counts no more: ask whoever runs it, give another below, then resume. "
    "Or the address is not quite right: stop following, and follow the right one with a new set."
)
WRONG_ADDRESS = lazy(
    "Compare the address with WINNOW_PEER_HOSTS and with what whoever runs the server says. What is wrong with an "
    "address cannot be changed here: stop following, and follow the right one with a new set."
)
WHOEVER = lazy("Ask whoever runs the server; when that is settled, resume. What is in force stays.")
AGAIN = lazy(
    "Nothing to do: it is tried again by itself, and nothing is lost. If it stays so for a day, ask who runs it."
)
# By the error's code (docs/reference.md, "Errors").
TO_DO = {
    "peer-busy": AGAIN,
    "peer-unreachable": AGAIN,
    "peer-too-slow": AGAIN,
    "answer-unreadable": AGAIN,
    "pull-overtaken": AGAIN,
    "answer-refused": REFUSED,
    "bad-input": lazy("Correct what the sentence names, then resume."),
    "not-allowed": lazy("Who had the set follow it may not any more. Stop following; a supervisor follows it anew."),
    "not-found": lazy("Who had the set follow it does not reach it any more. Stop following, then follow it anew."),
    "address-refused": WRONG_ADDRESS,
    "redirect-refused": WRONG_ADDRESS,
    "certificate-refused": lazy(
        "Ask whoever runs the server whether its certificate changed. An authority of one's own goes into "
        "WINNOW_PEER_AUTHORITIES. Then resume."
    ),
    "checkpoint-went-back": lazy(
        "Ask whoever runs the server whether it was restored from a backup. If so, start anew; else resume."
    ),
    "answer-hostile": WHOEVER,
    "answer-too-large": WHOEVER,
    "folder-empty": lazy("Mount the disk, or put the release there. It is looked for again by itself."),
    "release-waits": lazy("Nothing to do: it is taken once it stands still and no import of the set is running."),
    "release-refused": lazy("Look at the last import of the set: it says why. Put a whole release into the folder."),
    "set-retired": lazy("The set is retired. Stop following."),
}
OTHERWISE = lazy("Look into it with whoever runs Winnow; when it is settled, resume.")


@dataclass(frozen=True, slots=True)
class Count:
    """Records that were left out, or used in part, for one reason. `words`: the reason in words."""

    words: str
    number: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A following as pages show it. `came`: since everything was last fetched; `to_do` "" while nothing is wrong."""

    remote: Remote
    connector: Connector
    state: str
    came: Applied
    to_do: str

    @property
    def pill(self) -> tuple[str, str]:
        """The state's word and its kind."""
        word, kind = STATES[self.state]
        return str(word), kind

    @property
    def left_out(self) -> int:
        """Records that were put aside, for whatever reason."""
        return self.came.skipped.total()

    @property
    def skipped(self) -> list[Count]:
        """Records that were put aside, by reason, most first."""
        return _counts(self.came.skipped)

    @property
    def odd(self) -> list[Count]:
        """Records of which a part was left out, by reason, most first."""
        return _counts(self.came.odd)


def every(user: User) -> list[Standing]:
    """What the sets of the person's agencies follow, those that need somebody first. One query."""
    rows = Remote.objects.for_actor(user).filter(ended_at=None).select_related("set").order_by("set__name", "pk")
    return sorted(map(of, rows), key=lambda one: one.state not in {STANDS_STILL, RETRIED})


def of(remote: Remote) -> Standing:
    """One of them."""
    state = _state(remote)
    wrong = state in {STANDS_STILL, RETRIED} or (state == PAUSED and remote.failure)
    to_do = str(TO_DO.get(remote.failure_code, OTHERWISE)) if wrong else ""
    return Standing(remote, BY_ID[remote.kind], state, Applied.of_json(remote.counts), to_do)


def _state(remote: Remote) -> str:
    if remote.paused:
        return PAUSED if remote.paused_by_name else STANDS_STILL
    if remote.failure:
        return RETRIED
    return FOLLOWED if remote.asked_at else NEW


def _counts(numbers: Mapping[str, int]) -> list[Count]:
    rows = sorted(numbers.items(), key=lambda row: (-row[1], row[0]))
    return [Count(import_words.words(code), number) for code, number in rows]
