"""Field encryption: bound to its field and key, replaceable keys, two ciphers, and a blind index beside it."""

import base64
from typing import Any

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from core import crypto
from core.crypto import DecryptFailed, blind_index, decrypt, encrypt
from ledger.context import acting
from records.models import Student
from tests.ledger.people import service_account

FIELD = "records.Student.id_number"
NUMBER = "11010520180101123X"


def key(number: int) -> str:
    return base64.urlsafe_b64encode(bytes([number]) * 32).decode()


@pytest.fixture(params=["AES-256-GCM", "SM4-GCM"])
def cipher(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.FIELD_KEYS = f"year-2026:{key(1)}"
    settings.FIELD_CIPHER = request.param
    return str(request.param)


def test_text_comes_back_and_does_not_show(cipher: str) -> None:
    for text in (NUMBER, "", "𠮷林省·某地", "x" * 10_000):
        blob = encrypt(text, FIELD)
        assert decrypt(blob, FIELD) == text
        assert not text or text.encode() not in blob


def test_two_ciphertexts_of_one_text_differ(cipher: str) -> None:
    assert encrypt(NUMBER, FIELD) != encrypt(NUMBER, FIELD)


def test_a_ciphertext_of_another_field_is_refused(cipher: str) -> None:
    with pytest.raises(DecryptFailed):
        decrypt(encrypt(NUMBER, FIELD), "records.Student.phone")


def test_every_changed_byte_is_noticed(cipher: str) -> None:
    blob = encrypt(NUMBER, FIELD)
    for place in range(len(blob)):
        changed = bytearray(blob)
        changed[place] ^= 1
        with pytest.raises(DecryptFailed):
            decrypt(bytes(changed), FIELD)
    for length in range(len(blob)):
        with pytest.raises(DecryptFailed):
            decrypt(blob[:length], FIELD)


@given(st.binary(max_size=80))
def test_rubbish_is_refused(blob: bytes) -> None:
    with pytest.raises(DecryptFailed):
        decrypt(blob, FIELD)


def test_keys_are_replaced_while_old_rows_stay_readable(settings: Any, cipher: str) -> None:
    old = encrypt(NUMBER, FIELD)
    settings.FIELD_KEYS = f"year-2027:{key(2)},year-2026:{key(1)}"
    new = encrypt(NUMBER, FIELD)
    assert (b"year-2026" in old, b"year-2027" in new) == (True, True)
    assert decrypt(old, FIELD) == decrypt(new, FIELD) == NUMBER
    settings.FIELD_KEYS = f"year-2027:{key(2)}"
    with pytest.raises(DecryptFailed):
        decrypt(old, FIELD)
    settings.FIELD_KEYS = f"year-2026:{key(3)}"
    with pytest.raises(DecryptFailed):
        decrypt(old, FIELD)


def test_the_cipher_changes_while_old_rows_stay_readable(settings: Any) -> None:
    settings.FIELD_CIPHER = "AES-256-GCM"
    blob = encrypt(NUMBER, FIELD)
    settings.FIELD_CIPHER = "SM4-GCM"
    assert decrypt(blob, FIELD) == decrypt(encrypt(NUMBER, FIELD), FIELD) == NUMBER


def test_many_at_once_equal_one_by_one(cipher: str) -> None:
    blobs = crypto.encrypt_many([NUMBER, "13800000000"], FIELD)
    assert [decrypt(blob, FIELD) for blob in blobs] == [NUMBER, "13800000000"]


@pytest.mark.parametrize(
    "keys", ["", "a", "a:", "a:AAAA", f":{key(1)}", f"a:{key(1)},a:{key(2)}", f"a:{key(1)}!"]
)
def test_bad_keys_are_refused(settings: Any, keys: str) -> None:
    settings.FIELD_KEYS = keys
    with pytest.raises(ImproperlyConfigured):
        encrypt(NUMBER, FIELD)


def test_an_unknown_cipher_is_refused(settings: Any) -> None:
    settings.FIELD_CIPHER = "DES"
    with pytest.raises(ImproperlyConfigured):
        encrypt(NUMBER, FIELD)


def test_the_blind_index_goes_by_kind_and_key_and_not_by_spelling(settings: Any) -> None:
    settings.BLIND_INDEX_KEY = f"a:{key(1)}"
    index = blind_index("id_number", NUMBER)
    assert len(index) == 32
    assert index == blind_index("id_number", " １１０１０５２０１８０１０１１２３x ")
    assert index != blind_index("phone", NUMBER)
    settings.BLIND_INDEX_KEY = f"b:{key(2)}"
    assert index != blind_index("id_number", NUMBER)
    with pytest.raises(ValueError, match="blank"):
        blind_index("id_number", " ")
    assert crypto.blind_index_or_none("id_number", "") is None


@pytest.fixture
def student(db: None) -> Student:
    student = Student(name="王小明", id_number=NUMBER, id_number_index=blind_index("id_number", NUMBER))
    with acting(service_account()):
        student.save()
    return student


def test_the_database_never_holds_the_text(student: Student) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_number, phone FROM records_student WHERE id = %s", [student.pk])
        stored, blank = cursor.fetchone()
        cursor.execute("SELECT id_number FROM records_historicalstudent WHERE id = %s", [student.pk])
        in_history = cursor.fetchone()[0]
    assert NUMBER.encode() not in bytes(stored)
    assert bytes(blank) == b""
    assert decrypt(bytes(stored), FIELD) == NUMBER
    assert bytes(in_history) == bytes(stored)


def test_the_row_and_its_history_are_read_as_text(student: Student) -> None:
    read = Student.objects.get(pk=student.pk)
    assert (read.id_number, read.phone) == (NUMBER, "")
    assert Student.history.get(id=student.pk).id_number == NUMBER
    assert Student.objects.values_list("id_number", flat=True).get(pk=student.pk) == NUMBER
    assert "id_number" in Student.objects.defer("id_number").get(pk=student.pk).get_deferred_fields()


def test_the_row_is_found_through_the_blind_index_alone(student: Student) -> None:
    assert Student.objects.get(id_number_index=blind_index("id_number", NUMBER.lower())) == student
    for lookup in ("id_number", "id_number__contains", "id_number__in", "id_number__lower", "id_number__gt"):
        with pytest.raises(FieldError):
            Student.objects.filter(**{lookup: NUMBER}).exists()
    with pytest.raises(FieldError):
        Student.objects.filter(id_number_index__gt=b"").exists()
    assert Student.objects.filter(id_number__isnull=False).exists()


def test_a_value_moved_to_another_column_does_not_decrypt(student: Student) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE records_student SET phone = id_number WHERE id = %s", [student.pk])
    with pytest.raises(DecryptFailed):
        Student.objects.get(pk=student.pk)
