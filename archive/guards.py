"""What the database itself wants of appraisals and destructions, as SQL for the first migration.

The lines of the register of destruction decide: none can be written but for a file that an approved request destroys
by two executors, with votes that all say so; and only what stands in the register can be erased.
"""

VOTING = """
CREATE FUNCTION archive_round_open() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    target bigint;
BEGIN
    IF TG_TABLE_NAME = 'archive_appraisalvote' THEN
        SELECT f.round_id INTO target FROM archive_appraisedfile f
        JOIN archive_appraiser a ON a.round_id = f.round_id AND a.id = NEW.appraiser_id
        WHERE f.id = NEW.file_id AND f.outcome = '';
    ELSE
        target := NEW.round_id;
    END IF;
    PERFORM FROM archive_appraisalround WHERE id = target AND closed_at IS NULL FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'This appraisal is closed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER vote_in_open_round BEFORE INSERT ON archive_appraisalvote
    FOR EACH ROW EXECUTE FUNCTION archive_round_open();
CREATE TRIGGER appraiser_of_open_round BEFORE INSERT ON archive_appraiser
    FOR EACH ROW EXECUTE FUNCTION archive_round_open();

CREATE FUNCTION archive_no_appraiser() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF EXISTS (
        SELECT FROM archive_appraiser WHERE round_id = NEW.round_id
        AND user_id IN (NEW.approver_id, NEW.first_executor_id, NEW.second_executor_id)
    ) THEN
        RAISE EXCEPTION 'Who appraised neither approves nor destroys' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER destruction_by_others BEFORE INSERT OR UPDATE ON archive_destructionrequest
    FOR EACH ROW EXECUTE FUNCTION archive_no_appraiser();
"""

REGISTER = """
CREATE FUNCTION archive_destruction_is_due() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    appraised archive_appraisedfile;
BEGIN
    SELECT f.* INTO appraised FROM archive_destructionrequest d
    JOIN approvals_request r ON r.id = d.request_id AND r.number = NEW.number AND r.kind = 'destruction'
        AND r.state = 'approved' AND r.school_id = NEW.school_id
    JOIN archive_appraisedfile f ON f.round_id = d.round_id AND f.outcome = 'destroy'
    JOIN records_student s ON s.id = f.student_id AND s.public_id = NEW.subject
    WHERE d.approver_id = NEW.approver_id AND d.first_executor_id = NEW.first_executor_id
        AND d.second_executor_id = NEW.second_executor_id AND d.executed_at IS NOT NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'No approved and doubly executed request destroys this file' USING ERRCODE = 'check_violation';
    END IF;
    IF (
        SELECT count(DISTINCT a.user_id) < 3 OR count(DISTINCT a.department_id) FILTER (WHERE u.duty <> 'archives') < 2
            OR bool_or(v.verdict <> 'destroy')
        FROM archive_appraisalvote v JOIN archive_appraiser a ON a.id = v.appraiser_id
        JOIN school_unit u ON u.id = a.department_id WHERE v.file_id = appraised.id
    ) THEN
        RAISE EXCEPTION 'The appraisers did not all vote to destroy' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM archive_legalhold WHERE student_id = appraised.student_id AND lifted_at IS NULL)
        OR EXISTS (SELECT FROM archive_paperloan WHERE student_id = appraised.student_id AND returned_on IS NULL)
        OR EXISTS (SELECT FROM records_enrolment WHERE student_id = appraised.student_id AND ended_on IS NULL)
    THEN
        RAISE EXCEPTION 'Something stands in the way of this destruction' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER destruction_is_due BEFORE INSERT ON archive_destroyedfile
    FOR EACH ROW EXECUTE FUNCTION archive_destruction_is_due();

CREATE FUNCTION archive_is_registered() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NOT EXISTS (SELECT FROM archive_destroyedfile WHERE subject = NEW.public_id) THEN
        RAISE EXCEPTION 'This file does not stand in the register of destruction' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$body$;
CREATE TRIGGER student_destroyed_by_register BEFORE INSERT OR UPDATE OF destroyed_on ON records_student
    FOR EACH ROW WHEN (NEW.destroyed_on IS NOT NULL) EXECUTE FUNCTION archive_is_registered();

DO $body$
DECLARE
    held text;
BEGIN
    FOREACH held IN ARRAY ARRAY[
        'editchange', 'legalhold', 'paperloan', 'deletionrequest', 'inquirystudent', 'sharingstudent', 'consent',
        'appraisedfile', 'retentionterm'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER file_destroyed BEFORE INSERT ON archive_%s '
            'FOR EACH ROW EXECUTE FUNCTION records_refuse_destroyed()', held
        );
    END LOOP;
END
$body$;
"""

FORGET = """
CREATE FUNCTION archive_demand_registered(subjects uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $body$
BEGIN
    IF EXISTS (
        SELECT FROM unnest(subjects) AS one
        WHERE NOT EXISTS (SELECT FROM public.archive_destroyedfile WHERE subject = one)
    ) THEN
        RAISE EXCEPTION 'Only what stands in the register of destruction is erased'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$body$;

CREATE FUNCTION archive_forget(subjects uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $body$
DECLARE
    over bigint[];
BEGIN
    PERFORM public.archive_demand_registered(subjects);
    WITH named AS (
        SELECT i.request_id, x.student_id FROM public.archive_inquirystudent x
        JOIN public.archive_inquiryrequest i ON i.id = x.inquiry_id
        UNION ALL
        SELECT h.request_id, x.student_id FROM public.archive_sharingstudent x
        JOIN public.archive_sharingrequest h ON h.id = x.sharing_id
    ), ended AS (
        SELECT n.request_id FROM named n JOIN public.records_student s ON s.id = n.student_id
        GROUP BY 1 HAVING bool_and(s.destroyed_on IS NOT NULL) AND bool_or(s.public_id = ANY (subjects))
        UNION
        SELECT id FROM public.approvals_request WHERE subject = ANY (subjects)
        UNION
        SELECT e.request_id FROM public.archive_historicaleditchange c
        JOIN public.archive_editrequest e ON e.id = c.edit_id
        WHERE c.history_subject = ANY (subjects)
            AND NOT EXISTS (SELECT FROM public.archive_editchange x WHERE x.edit_id = e.id)
    )
    SELECT coalesce(array_agg(request_id), '{}') INTO over FROM ended;
    PERFORM public.ledger_forget(
        subjects,
        ARRAY['approvals_historicalrequest', 'archive_historicalappraisedfile'],
        ARRAY['archive_historicaleditrequest', 'archive_historicaldeletionrequest']
    );
    PERFORM set_config('xueji.erasing', pg_current_xact_id()::text, true);
    WITH done AS (
        UPDATE public.approvals_decision SET comment = '' WHERE request_id = ANY (over) RETURNING id
    )
    INSERT INTO public.ledger_erasure (subject, "table", rows)
    SELECT subjects[1], 'approvals_decision', array_agg(id ORDER BY id) FROM done HAVING count(*) > 0;
    WITH done AS (
        UPDATE public.archive_historicalinquiryrequest SET purpose = '', report = '', history_change_reason = ''
        WHERE request_id = ANY (over) RETURNING history_id
    )
    INSERT INTO public.ledger_erasure (subject, "table", rows)
    SELECT subjects[1], 'archive_historicalinquiryrequest', array_agg(history_id ORDER BY history_id)
    FROM done HAVING count(*) > 0;
    WITH done AS (
        UPDATE public.archive_historicaleditrequest SET reason = '', basis = '', history_change_reason = ''
        WHERE request_id = ANY (over) AND history_subject IS NULL RETURNING history_id
    )
    INSERT INTO public.ledger_erasure (subject, "table", rows)
    SELECT subjects[1], 'archive_historicaleditrequest', array_agg(history_id ORDER BY history_id)
    FROM done HAVING count(*) > 0;
    WITH done AS (
        UPDATE public.archive_tombstone SET name_digest = '' WHERE subject = ANY (subjects) RETURNING id, subject
    )
    INSERT INTO public.ledger_erasure (subject, "table", rows)
    SELECT subject, 'archive_tombstone', array_agg(id ORDER BY id) FROM done GROUP BY 1;
    WITH done AS (
        UPDATE public.archive_retentionterm t SET reason = '' FROM public.records_student s
        WHERE s.id = t.student_id AND s.public_id = ANY (subjects) RETURNING t.id, s.public_id
    )
    INSERT INTO public.ledger_erasure (subject, "table", rows)
    SELECT public_id, 'archive_retentionterm', array_agg(id ORDER BY id) FROM done GROUP BY 1;
    WITH done AS (
        UPDATE public.files_blob b SET filename = '' FROM public.archive_destroyedblob g, public.archive_destroyedfile d
        WHERE g.blob_id = b.id AND d.id = g.destroyed_id AND d.subject = ANY (subjects) RETURNING b.id, d.subject
    )
    INSERT INTO public.ledger_erasure (subject, "table", rows)
    SELECT subject, 'files_blob', array_agg(id ORDER BY id) FROM done GROUP BY 1;
    PERFORM set_config('xueji.erasing', '', true);
END
$body$;
"""
