"""Whatever list comes is imported whole or refused with a reason (a small form of `make prove NAME=lists`)."""

from functools import partial

from tests.hashsets import makers
from tests.people import People
from tests.programmes import lists

DOCUMENTS, SEED = 60, 4


def test_any_list_is_imported_whole_or_refused_with_a_reason(people: People) -> None:
    hash_set = makers.hash_set(people.supervisor, "Any", scheme="us-pvic")
    ends = lists.run(partial(lists.ended, hash_set), DOCUMENTS, SEED)
    assert ends.total() >= DOCUMENTS
    assert {"dry run", "imported", "refused, malformed-document"} <= ends.keys()
