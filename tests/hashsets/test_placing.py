"""Whatever organisations send, and in whatever order: what comes to be believed of each digest (decision 0025)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hashsets.placing import Digests, Named, Place, Places, contradict
from hashsets.trust import DIGESTS, ORDER, Opinion, Trust, Vote, judge

BEARS = {Trust.TRUSTED: 3, Trust.CORROBORATED: 2}  # organisations that a trust needs
FILE: Digests = (b"X", b"Y", b"Z")


@dataclass
class Node:
    """A set's owner: takes opinions as `entries.publish` does, with neither database nor network."""

    entries: dict[Named, Digests] = field(default_factory=dict)
    votes: dict[Named, list[Vote]] = field(default_factory=dict)
    named: dict[bytes, set[str]] = field(default_factory=dict)  # by digest, who ever named it
    at: int = 0

    def say(self, organisation: str, digests: Digests, disposition: str = "relevant") -> None:
        (ident, twin), self.at = self._places(organisation).of(digests), self.at + 1
        key = ident, twin
        had = self.entries[key] if self._stands(key) else (None, None, None)
        self.entries[key] = tuple(mine or theirs for mine, theirs in zip(had, digests, strict=True))  # type: ignore[assignment]
        kinds = frozenset(name for name, digest in zip(DIGESTS, self.entries[key], strict=True) if digest)
        said = Vote(organisation, disposition, "1", hash_kind="md5", at=self.at, names=kinds, twin=twin)
        self.votes.setdefault(key, []).append(said)
        for digest in digests:
            if digest:
                self.named.setdefault(digest, set()).add(organisation)

    def take_back(self, organisation: str, number: int) -> None:
        """What it says of one of the entries, counted round."""
        if not self.entries:
            return
        key = list(self.entries)[number % len(self.entries)]
        self.votes[key] = [
            replace(vote, until=vote.until or self.at) if vote.organisation == organisation else vote
            for vote in self.votes[key]
        ]

    def believed(self) -> dict[Named, Opinion]:
        """What each entry that somebody stands for comes to."""
        return {key: self._judged(key) for key in self.entries if self._stands(key)}

    def acts(self, of: Digests) -> Trust:
        """The most that a file of these digests is matched with: by SHA-256, or MD5 and SHA-1 (model.md section 3)."""
        strong = [
            self._judged(key).trust
            for key, digests in self.entries.items()
            if self._stands(key) and (digests[2] == of[2] or (digests[2] is None and digests[:2] == of[:2]))
        ]
        return max(strong, key=ORDER.index, default=Trust.RETRACTED)

    def _places(self, organisation: str) -> Places:
        return Places(
            (key[0], Place(key[1], digests, self._stands(key), self._standing(key) == {organisation}))
            for key, digests in self.entries.items()
        )

    def _standing(self, key: Named) -> set[str]:
        return {vote.organisation for vote in self.votes[key] if vote.until is None}

    def _stands(self, key: Named) -> bool:
        return bool(self._standing(key)) if key in self.entries else False

    def _judged(self, key: Named) -> Opinion:
        beside = [
            vote
            for other, digests in self.entries.items()
            if other[0] == key[0] and not contradict(digests, self.entries[key])
            for vote in self.votes[other]
        ]
        kinds = [name for name, digest in zip(DIGESTS, self.entries[key], strict=True) if digest]
        return judge(beside, digests=kinds, twin=key[1])


def some_of(*values: bytes) -> st.SearchStrategy[bytes | None]:
    return st.none() | st.sampled_from(values)


ANY = st.tuples(some_of(b"X", b"x"), some_of(b"Y", b"y"), some_of(b"Z", b"z")).filter(any)
TRUE = st.tuples(some_of(b"X"), some_of(b"Y"), some_of(b"Z")).filter(any)
DISPOSITIONS = st.sampled_from(["relevant", "relevant", "not_relevant"])
SAID = st.tuples(st.sampled_from("abcd"), ANY, DISPOSITIONS) | st.tuples(st.sampled_from("abcd"), st.integers(0, 9))


def told(node: Node, said: tuple[object, ...]) -> None:
    """One opinion, or one taken back."""
    if len(said) == 3:
        node.say(*said)  # type: ignore[arg-type]
    else:
        node.take_back(*said)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=300)
@given(st.lists(SAID, max_size=12))
def test_no_digest_is_believed_more_than_the_organisations_that_named_it_bear(said: list[tuple[object, ...]]) -> None:
    node = Node()
    for one in said:
        told(node, one)
    for key, opinion in node.believed().items():
        for digest in filter(None, node.entries[key]):
            assert len(node.named[digest]) >= BEARS.get(opinion.trust, 0), (node.entries[key], opinion)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.just("m"), ANY, DISPOSITIONS), max_size=8), st.lists(st.sampled_from("abc"), max_size=3))
def test_one_that_means_harm_makes_nothing_trusted_with_what_others_honestly_say(
    harm: list[tuple[str, Digests, str]], honest: list[str]
) -> None:
    node = Node()
    for one in harm:
        node.say(*one)
    for organisation in honest:
        node.say(organisation, (b"X", None, None))
    for key, opinion in node.believed().items():
        if node.entries[key] != (b"X", None, None):
            assert opinion.trust not in BEARS


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), TRUE), max_size=8),
    st.lists(st.tuples(st.integers(0, 8), ANY, st.booleans()), max_size=6),
)
def test_nobody_lowers_what_others_say_of_a_file_by_naming_more_or_fewer_digests(
    honest: list[tuple[str, Digests]], harm: list[tuple[int, Digests, bool]]
) -> None:
    alone, beset = Node(), Node()
    for number, (organisation, digests) in enumerate(honest):
        for at, theirs, takes_back in harm:
            if at == number:
                beset.say("m", theirs)
                if takes_back:
                    beset.take_back("m", at)
        alone.say(organisation, digests)
        beset.say(organisation, digests)
    assert ORDER.index(beset.acts(FILE)) >= ORDER.index(alone.acts(FILE))
