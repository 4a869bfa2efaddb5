"""What a match may do, written once: pages and statements ask here (model.md section 3).

`hashsets_rule`: agency x set it uses x disposition, with the action in force. `hashsets_verdict`: every entry
version beside each agency that uses its set, with its effect: 2 closes an item, 1 proposes, 0 is only a tag;
plain joins, which the planner takes apart, so the entries' indexes stay usable. `hashsets_effect` answers the
same for one entry, `hashsets_rules` tells whether an agency's rules for a set have changed.
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

-- May stand in any statement: a single expression, which the planner copies in.
CREATE FUNCTION hashsets_effect_by(
  role text, retired boolean, action text, min_trust text, may_discard boolean,
  code text, disposition text, trust text, conflict boolean, state text
) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (CASE
    WHEN retired OR conflict OR state <> 'published' OR trust = 'disputed' THEN 0
    WHEN role = 'comparison' OR disposition NOT IN ('relevant', 'relevant_restricted', 'not_relevant') THEN 0
    WHEN hashsets_trust_rank(trust) < greatest(hashsets_trust_rank(min_trust), 1) THEN 0
    WHEN action = 'propose' THEN 1
    WHEN action NOT IN ('accept', 'hide') THEN 0
    WHEN (role = 'known-good' OR code = '0') AND NOT may_discard THEN 1
    ELSE 2
  END)::smallint
$$;

CREATE VIEW hashsets_verdict AS
SELECT r.agency_id, e.set_id, e.id AS entry_id, e.public_id, e.md5, e.sha1, e.sha256, e.size,
  e.code, e.disposition, e.trust, e.state, e.conflict, e.added_in, e.removed_in,
  e.added_in <= r.generation AND (e.removed_in IS NULL OR e.removed_in > r.generation) AS in_force,
  hashsets_effect_by(r.role, r.retired, r.action, r.min_trust, r.may_discard,
                     e.code, e.disposition, e.trust, e.conflict, e.state) AS effect
FROM hashsets_entry e
JOIN hashsets_rule r ON r.set_id = e.set_id AND r.disposition = e.disposition;

CREATE FUNCTION hashsets_effect(
  agency bigint, of_set bigint, code varchar, disposition varchar, trust varchar, conflict boolean, state varchar
) RETURNS smallint LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce((
    SELECT hashsets_effect_by(r.role, r.retired, r.action, r.min_trust, r.may_discard,
                              $3, $4, $5, $6, $7)
    FROM hashsets_rule r WHERE r.agency_id = $1 AND r.set_id = $2 AND r.disposition = $4), 0::smallint)
$$;

CREATE FUNCTION hashsets_rules(agency bigint, of_set bigint) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT coalesce(md5(string_agg(concat_ws(' ', r.disposition, r.role, r.retired, r.action, r.min_trust,
                                           r.may_discard), ';' ORDER BY r.disposition)), '')
  FROM hashsets_rule r WHERE r.agency_id = $1 AND r.set_id = $2
$$;
"""
DROP = """
DROP FUNCTION hashsets_rules(bigint, bigint);
DROP FUNCTION hashsets_effect(bigint, bigint, varchar, varchar, varchar, boolean, varchar);
DROP VIEW hashsets_verdict;
DROP FUNCTION hashsets_effect_by(text, boolean, text, text, boolean, text, text, text, boolean, text);
DROP VIEW hashsets_rule;
DROP FUNCTION hashsets_trust_rank(text);
"""


class Migration(migrations.Migration):
    dependencies = [("hashsets", "0002_entries")]
    operations = [migrations.RunSQL(CREATE, DROP)]
