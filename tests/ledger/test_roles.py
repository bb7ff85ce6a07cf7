"""What the application's database role may do: temporary tables for bulk writing, and nothing by shadowing a table."""

import pytest
from django.db import DatabaseError, connection, transaction

pytestmark = pytest.mark.django_db


def one(statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_only_the_two_roles_enter_and_the_application_makes_temporary_tables() -> None:
    assert one("SELECT current_user") == "xueji_app"
    assert one("SELECT has_database_privilege(current_database(), 'CONNECT, TEMPORARY')")
    assert not one("SELECT has_database_privilege(current_database(), 'CREATE')")
    granted = "SELECT count(*) FROM pg_database d, aclexplode(d.datacl) a WHERE datname = current_database()"
    assert one(f"{granted} AND a.grantee = 0") == 0
    assert one(f"{granted} AND pg_get_userbyid(a.grantee) = 'xueji_app'") == 2


def test_no_function_finds_a_temporary_table_before_the_real_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace "
            "AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e') "
            "AND 'search_path=pg_catalog, public, pg_temp' <> ALL (coalesce(proconfig, '{}'))"
        )
        assert [name for (name,) in cursor.fetchall()] == []
        cursor.execute("SELECT count(*) FROM pg_proc WHERE proname IN ('archive_by_owner', 'archive_forget')")
        assert cursor.fetchone() == (2,)


def test_a_table_of_the_same_name_opens_no_way_into_the_register_of_destruction() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.archive_by_owner()")
        assert cursor.fetchone() == (False,)
        cursor.execute("CREATE TEMPORARY TABLE archive_destroyedfile (subject uuid) ON COMMIT DROP")
        cursor.execute("SELECT public.archive_by_owner()")
        assert cursor.fetchone() == (False,)
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute("SELECT public.archive_forget(ARRAY[gen_random_uuid()])")
