"""The events of the hash sets."""

from workbench import audit

SET_CREATED = audit.verb("set.create", "Hash set created")
SET_RETIRED = audit.verb("set.retire", "Hash set retired")
SET_IMPORTED = audit.verb("set.import", "File imported into a hash set")
IMPORT_REFUSED = audit.verb("set.import.fail", "Import refused; nothing stored")
SET_VERSION = audit.verb("set.version", "New version of a hash set in force")
SET_ROLLED_BACK = audit.verb("set.rollback", "Earlier version of a hash set put in force again")
SET_EXPORTED = audit.verb("set.export", "Hash set exported")
SET_SEARCHED = audit.verb("set.search", "Hashes looked up")
ENTRIES_READ = audit.verb("set.read", "Entries of a hash set looked through")
SETS_COMPARED = audit.verb("set.compare", "How much of a hash set another one holds")
HEALTH_READ = audit.verb("set.health", "Health of the hash sets looked at")
POLICY_SET = audit.verb("set.policy", "Policy for matches of a hash set")
VOTE_CAST = audit.verb("vote.cast", "Opinion on an entry published")
ENTRY_WITHDRAWN = audit.verb("entry.withdraw", "Opinion on an entry withdrawn")
SCHEME_DRAFTED = audit.verb("scheme.draft", "Category scheme drafted or changed; not in force")
SCHEME_APPROVED = audit.verb("scheme.approve", "Category scheme put in force by a second person")
SCHEME_DISCARDED = audit.verb("scheme.discard", "Draft of a category scheme discarded")
