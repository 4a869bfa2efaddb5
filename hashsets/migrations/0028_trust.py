"""Trust of each digest (decision 0025); steps of a feed that only the horizon takes out; clashes nobody outside sees.

Of opinions that are there, it is not known which digests they named: those up to the one they rest on.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

NAMES = """
UPDATE hashsets_vote SET names = CASE kind
  WHEN 'md5' THEN ARRAY['md5'] WHEN 'sha1' THEN ARRAY['md5', 'sha1'] ELSE ARRAY['md5', 'sha1', 'sha256'] END
WHERE kind IN ('md5', 'sha1', 'sha256');
UPDATE hashsets_vote v SET voice = encode(p.key, 'hex') FROM hashsets_proof p WHERE p.id = v.proof_id;
"""
STEPS = """
CREATE FUNCTION hashsets_keep_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND OLD.at < now() - interval '400 days' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'hashsets_change is append-only within 400 days';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON hashsets_change
  FOR EACH ROW EXECUTE FUNCTION hashsets_keep_steps();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON hashsets_change
  FOR EACH STATEMENT EXECUTE FUNCTION workbench_refuse();
-- What no reader may need any more: replaced or ended before the horizon, however long ago the entry came.
CREATE FUNCTION hashsets_forget_steps(of_set bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  WITH old AS (
    DELETE FROM public.hashsets_change c WHERE c.set_id = of_set AND c.at < now() - interval '400 days'
      AND (c.deleted OR EXISTS (
        SELECT FROM public.hashsets_change n WHERE n.set_id = c.set_id AND n.public_id = c.public_id
          AND n.seq > c.seq AND n.at < now() - interval '400 days'))
    RETURNING seq)
  UPDATE public.hashsets_feed SET horizon_seq = greatest(horizon_seq, (SELECT max(seq) FROM old)) WHERE set_id = of_set
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON hashsets_clash
  FOR EACH ROW EXECUTE FUNCTION workbench_refuse();
"""
NO_STEPS = """
DROP TRIGGER append_only ON hashsets_clash;
DROP FUNCTION hashsets_forget_steps(bigint);
DROP TRIGGER never_emptied ON hashsets_change;
DROP TRIGGER append_only ON hashsets_change;
DROP FUNCTION hashsets_keep_steps();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("hashsets", "0027_remotes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="peer",
            name="own_voice",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="peer",
            name="moving_to",
            field=models.CharField(max_length=300, null=True),
        ),
        migrations.AddField(
            model_name="peer",
            name="moving_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="waiting",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="vote",
            name="names",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=10), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="vote",
            name="voice",
            field=models.CharField(default="", max_length=64),
        ),
        migrations.CreateModel(
            name="Clash",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ident", models.BinaryField()),
                ("twin", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "known_in",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="hashsets.hashset"
                    ),
                ),
                (
                    "peer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="clashes", to="hashsets.peer"
                    ),
                ),
                (
                    "set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="hashsets.hashset"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="clash",
            constraint=models.UniqueConstraint(fields=("set", "ident", "twin"), name="clash_once"),
        ),
        migrations.RunSQL(NAMES, migrations.RunSQL.noop),
        migrations.RunSQL(STEPS, NO_STEPS),
    ]
