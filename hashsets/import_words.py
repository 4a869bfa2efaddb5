"""What an import found, in plain words by code. `tests/hashsets/test_import_words.py` keeps it complete."""

from django.utils.translation import gettext_lazy as _

SKIPPED = {
    "changed-in-place": _("a change of rows that are not here; they stay as they are"),
    "columns-unsaid": _("a row that does not say which of its values is the hash"),
    "taken-away": _("files that are taken away; they stay until a whole list leaves them out"),
    "unknown-statement": _("a statement that names no rows; it is not run"),
    "no-hash": _("no hash"),
    "invalid-hash": _("the hash is not one"),
    "zero-length": _("the hash of a file of zero bytes"),
    "too-long": _("the record is longer than any honest one"),
    "too-deep": _("the record nests deeper than any honest one"),
    "not-a-record": _("no record stands there"),
    "not-a-row": _("the line is no row of such a list"),
    "unreadable-number": _("a number nobody can read"),
    "other-kind": _("a kind of hash that no entry can stand by"),
    "other-type": _("neither picture nor video, and only those were asked for"),
}
KEPT = {  # the record is used; what is odd about it is kept as it came
    "bad-category": _("a category nobody can read; the entry has none"),
    "bad-date": _("a date nobody can read; its text is kept"),
    "bad-date-updated": _("a date nobody can read; its text is kept"),
    "bad-flag": _("a flag that is neither true nor false; left unsaid"),
    "bad-hash": _("one of several hashes is not one; the others are used"),
    "bad-media-id": _("a number that is none; its text is kept"),
    "bad-occurrence": _("a value of a place that nobody can read; its text is kept"),
    "bad-pdq": _("a PDQ that is none; its text is kept"),
    "bad-size": _("a size that is none; the entry has no size"),
    "hash-trimmed": _("blanks around a hash; taken off"),
    "low-quality-pdq": _("a PDQ of a picture too flat to be told by it; left out"),
    "path-refused": _("a path that would lead out of its folder; not used"),
    "photodna-length": _("a PhotoDNA of the wrong length; dropped"),
    "too-many-cells": _("more cells than the table has columns; the rest is kept"),
    "zero-size": _("size 0, which some programs write for unknown; the entry has no size"),
}
WHOLE = {  # about the list
    "conflicting": _("the list holds it under contradicting categories"),
    "context-disagrees": _("it says it is something else than it holds"),
    "member-lost": _("a part of the document was too large to keep"),
    "no-context": _("it does not say which format it is"),
    "not-a-case": _("something beside the cases was passed over"),
    "not-a-list": _("a file beside the lists was passed over"),
    "not-utf8": _("some bytes are no text in its encoding; shown as marks"),
    "only-changes": _("changes to a list, not a whole one: import it with add, or it becomes the whole set"),
    "only-harmless-categories": _("a set of relevant material with nothing but harmless categories"),
    "other-table": _("rows of tables without hashes were passed over"),
    "parts-missing": _("parts that the names speak of are not there"),
    "relevant-in-comparison": _("relevant categories in a set for comparison do nothing"),
    "two-categories": _("the list holds it under several categories that mean the same for the queue"),
    "total-disagrees": _("it claims another number of records than it holds; what it holds is imported"),
    "unknown-context": _("it says a format nobody knows; read as what it looks like"),
    "unknown-region": _("a region nobody knows; imported all the same"),
    "unknown-version": _("a version nobody knows; imported all the same"),
}


def words(code: str) -> str:
    """The words for a code, or the code itself."""
    return str(SKIPPED.get(code) or KEPT.get(code) or WHOLE.get(code) or code)
