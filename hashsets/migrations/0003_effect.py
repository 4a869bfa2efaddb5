"""What a match may do: the policies as two views, so that pages and statements follow one rule.

`hashsets_rule`: agency x set it uses x disposition, with the action in force. `hashsets_verdict`: every entry
version beside each agency that uses its set, with its effect: 2 closes an item, 1 proposes, 0 is only a tag.
model.md section 3. Both are plain joins, which the planner takes apart; indexes of the entries stay usable.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION hashsets_trust_rank(trust text) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE trust WHEN 'trusted' THEN 3 WHEN 'corroborated' THEN 2 WHEN 'provisional' THEN 1 ELSE 0 END::smallint
$$;

CREATE VIEW hashsets_rule AS
SELECT a.id AS agency_id, s.id AS set_id, d.disposition, s.role, s.generation, s.retired_at IS NOT NULL AS retired,
  COALESCE(one.action, every.action, CASE WHEN s.owner_id = a.id THEN 'accept' ELSE 'propose' END) AS action,
  COALESCE(one.min_trust, every.min_trust, CASE WHEN s.owner_id = a.id THEN 'provisional' ELSE 'trusted' END)
    AS min_trust,
  COALESCE(one.may_discard, every.may_discard, false) AS may_discard
FROM workbench_agency a
JOIN hashsets_hashset s ON s.owner_id = a.id OR s.reach = 'node'
CROSS JOIN (VALUES ('relevant'), ('relevant_restricted'), ('comparison'), ('not_relevant'), ('no_verdict'),
                   ('unmapped')) AS d (disposition)
LEFT JOIN hashsets_policy one ON one.agency_id = a.id AND one.set_id = s.id AND one.disposition = d.disposition
LEFT JOIN hashsets_policy every ON every.agency_id = a.id AND every.set_id = s.id AND every.disposition IS NULL;

CREATE VIEW hashsets_verdict AS
SELECT r.agency_id, e.set_id, e.id AS entry_id, e.public_id, e.md5, e.sha1, e.sha256, e.size,
  e.code, e.disposition, e.trust, e.state, e.conflict, e.added_in, e.removed_in,
  e.added_in <= r.generation AND (e.removed_in IS NULL OR e.removed_in > r.generation) AS in_force,
  (CASE
    WHEN r.retired OR e.state <> 'published' OR e.conflict OR e.trust = 'disputed' THEN 0
    WHEN e.disposition NOT IN ('relevant', 'relevant_restricted', 'not_relevant') THEN 0
    WHEN hashsets_trust_rank(e.trust) < greatest(hashsets_trust_rank(r.min_trust), 1) THEN 0
    WHEN r.action = 'propose' THEN 1
    WHEN r.action NOT IN ('accept', 'hide') THEN 0
    WHEN (r.role = 'known-good' OR e.code = '0') AND NOT r.may_discard THEN 1
    ELSE 2
  END)::smallint AS effect
FROM hashsets_entry e
JOIN hashsets_rule r ON r.set_id = e.set_id AND r.disposition = e.disposition;
"""
DROP = """
DROP VIEW hashsets_verdict;
DROP VIEW hashsets_rule;
DROP FUNCTION hashsets_trust_rank(text);
"""


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0002_entries")]
    operations = [migrations.RunSQL(CREATE, DROP)]
