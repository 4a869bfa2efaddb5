"""The events of a case, each with the sentence the log shows."""

from workbench.audit import verb

CASE_CREATED = verb("case.create", "Case created")
CASE_EDITED = verb("case.edit", "Case changed")
CASE_CLOSED = verb("case.close", "Case closed")
MEMBER_ADDED = verb("case.member.add", "Person added to the team")
MEMBER_REMOVED = verb("case.member.remove", "Person removed from the team")

EVIDENCE_ADDED = verb("evidence.add", "Evidence added")
SOURCE_VERIFIED = verb("evidence.verify", "Source compared with its hashes")
UPLOAD_CUT_SHORT = verb("upload.end", "Upload ended without all that was announced")
UPLOAD_DISCARDED = verb("upload.discard", "A file that came in part was given up and removed")
UPLOAD_EXPIRED = verb("upload.expire", "Files that came in part were removed: nobody went on with them")
DROP_REFUSED = verb("drop.refuse", "Not taken from the drop folder")
PASSWORD_GIVEN = verb("evidence.password", "Passwords given for encrypted files")
EXHIBIT_VERIFIED = verb("exhibit.verify", "Exhibit compared with its seal, all bytes read again")
INGEST_STARTED = verb("ingest.start", "Ingest started")
INGEST_PAUSED = verb("ingest.pause", "Ingest paused")
INGEST_RESUMED = verb("ingest.resume", "Ingest resumed")
INGEST_CANCELLED = verb("ingest.cancel", "Ingest cancelled")
INGEST_STOPPED = verb("ingest.stop", "Ingest stopped: the source is not what it should be")
INGEST_DONE = verb("ingest.done", "Ingest done")
PROBLEMS_FETCHED = verb("problems.fetch", "List of problems downloaded")
SOURCE_COMPARED = verb("evidence.compare", "Source compared with the ledger")
TRIED_AGAIN = verb("ingest.again", "Tried again what could not be read or shown")
REMOVAL_ASKED = verb("evidence.remove", "Removal of an exhibit asked for")
REMOVED = verb("evidence.removed", "Exhibit removed from the case")

MATCH_NOTED = verb("match.note", "A hash set or policy changed after the case was closed")
MATCH_UPDATED = verb("match.update", "Matched again: a hash set or policy changed")

STACKED = verb("stack.build", "Look-alikes put into stacks")

BATCH_CLAIMED = verb("batch.claim", "Batch claimed")
BATCH_CLOSED = verb("batch.close", "Batch closed")
BATCH_EXPIRED = verb("batch.expire", "Batch returned: its time was over")
DECIDED = verb("decision.set", "Decided")
TAKEN_BACK = verb("decision.undo", "Decision taken back")
SUPERSEDED = verb("decision.change", "Decision superseded")
SECOND_OPINION = verb("decision.second", "Kept as a second opinion")
MARKED = verb("item.mark", "Marked unsure, skipped or flagged")
REVEALED = verb("media.reveal", "Clear picture sent, not decided")
OPENED = verb("media.open", "Clear picture opened outside a batch")

OFFERED = verb("publish.offer", "Offered to a hash set")
APPROVED = verb("publish.approve", "Approved and published")
RETURNED = verb("publish.return", "Offer returned")
HELD = verb("publish.hold", "Offer held")
WITHDRAWAL_OFFERED = verb("publish.withdraw", "Withdrawal asked for")
WITHDRAWN = verb("publish.withdrawn", "Withdrawn from the hash set")
WITHDRAWAL_REFUSED = verb("publish.keep", "Withdrawal refused")

STORE_VERIFIED = verb("store.verify", "Evidence store read again")
STORE_COLLECTED = verb("store.collect", "Files that no row names removed from the store")

EXPORTED = verb("export.build", "Export built")
EXPORT_FETCHED = verb("export.fetch", "Export downloaded")
