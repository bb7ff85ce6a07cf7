from django.db import migrations

# An assessment is confirmed once and ended once; nothing else of it changes, and nothing removes it.
KEPT = """
CREATE FUNCTION archive_keep_assessment() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $body$
DECLARE
    steps CONSTANT text[] := ARRAY['confirmed_by_id', 'confirmed_at', 'ended_by_id', 'ended_at', 'end_reason'];
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - steps = to_jsonb(OLD) - steps
        AND ((OLD.confirmed_at IS NULL AND OLD.ended_at IS NULL)
            OR (NEW.confirmed_by_id, NEW.confirmed_at) IS NOT DISTINCT FROM (OLD.confirmed_by_id, OLD.confirmed_at))
        AND (OLD.ended_at IS NULL OR (NEW.ended_by_id, NEW.ended_at, NEW.end_reason)
            IS NOT DISTINCT FROM (OLD.ended_by_id, OLD.ended_at, OLD.end_reason))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'An impact assessment is confirmed once and ended once, and never changed or removed'
        USING ERRCODE = 'check_violation';
END
$body$;
CREATE TRIGGER assessment_kept BEFORE UPDATE OR DELETE ON archive_impactassessment
    FOR EACH ROW EXECUTE FUNCTION archive_keep_assessment();
"""


class Migration(migrations.Migration):
    dependencies = [("archive", "0004_assessments_ended")]

    operations = [migrations.RunSQL(KEPT)]
