"""Times of evidence that no calendar of ours reaches are none: an item that had one could not be read any more.

Nor could a filter with a box whose last number was none, nor the page of a case that has one: it loses its box.
"""

from django.db import migrations

# As in 0022, within the years that Python knows; what lies beyond becomes one of the two ends, and that becomes none.
MOMENT = """
CREATE OR REPLACE FUNCTION cases_moment(said text) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN said ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]|$)' AND pg_input_is_valid(said, 'timestamptz')
    THEN nullif(nullif(greatest(timestamptz '0001-01-02 00:00+00', least(timestamptz '9999-12-31 00:00+00',
      CASE WHEN said ~ '(Z|[+-][0-9]{2}(:?[0-9]{2})?)$' AND length(said) > 10 THEN said::timestamptz
      ELSE said::timestamp AT TIME ZONE 'UTC' END)),
      timestamptz '0001-01-02 00:00+00'), timestamptz '9999-12-31 00:00+00') END
$$;
UPDATE cases_item SET taken_at = NULL
WHERE taken_at < timestamptz '0001-01-02 00:00+00' OR taken_at >= timestamptz '9999-12-31 00:00+00';
UPDATE cases_savedfilter SET wanted = wanted - 'box' WHERE wanted -> 'box' @> 'null';
UPDATE cases_batch SET wanted = wanted - 'box' WHERE wanted -> 'box' @> 'null';
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0028_seeking")]

    operations = [migrations.RunSQL(MOMENT, migrations.RunSQL.noop)]
