"""Whatever list comes is imported whole or refused with a reason (a small form of `make prove NAME=lists`)."""

from tests.hashsets import makers
from tests.people import People
from tests.programmes import lists

DOCUMENTS, SEED = 60, 4


def test_any_list_is_imported_whole_or_refused_with_a_reason(people: People) -> None:
    ends = lists.run(makers.hash_set(people.supervisor, "Any", scheme="us-pvic"), DOCUMENTS, SEED)
    assert ends.total() >= DOCUMENTS
    assert {"dry run", "imported", "refused, malformed-document"} <= ends.keys()
