"""Archival packages: the schema holds, a package says what the file says, and no changed byte passes."""

import base64
import hashlib
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from lxml import etree

from approvals import actions as requests
from archive.edits import actions as edits
from archive.edits.checking import asked
from archive.eep import reading, signing
from archive.eep.building import build, plain
from archive.eep.plain import put, tag, taken
from archive.eep.reading import PackageFaulty, read
from archive.models import FourCheckRun
from archive.snapshots import attachments_of, exported
from files.selectors import open_blob
from ledger.models import Event
from records.documents import actions as documents
from records.documents.actions import Description
from records.entry_models import Reward
from records.merits.actions import entries
from records.models import Document, Enrolment, Student
from records.selectors import student_file
from tests.archive.asking import draft_edit, proof, walk
from tests.archive.test_deletions import REWARD
from tests.archive.test_four_checks import another_picture, first, overwrite, student
from tests.cast import Cast
from tests.records.files import make_student
from tests.records.merits.people import officer, scan

__all__ = ["student"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def full(cast: Cast, student: Student) -> Student:
    """A file with documents, a second version, related documents, and a reward with its certificate."""
    file = student_file(cast.archivist, student.public_id)
    one, two = Document.objects.filter(student=student).order_by("item_no")
    told = Description(title="户口簿首页 <&>\x0b", secrecy="secret")
    documents.add_version(
        actor=cast.archivist,
        file=file,
        document=one,
        content=another_picture(50),
        filename="b.jpg",
        told=told,
    )
    documents.relate(actor=cast.archivist, file=file, document=two, item_no=1)
    entries.enter_rewards(
        actor=officer(cast), enrolments=[Enrolment.objects.get(student=student)],
        values={**REWARD, "name": "三好学生"}, scan=scan(),
    )  # fmt: skip
    return student


@pytest.mark.requirement("S0-1.1-1", "S3-1.3-1")
def test_a_package_read_back_says_what_the_file_says(cast: Cast, full: Student) -> None:
    content = build(full)
    assert reading.schema().validate(etree.fromstring(content)), reading.schema().error_log
    found = read(content)
    assert found.archive_no == full.archive_no
    assert found.sections == plain(
        {key: value for key, (_title, value) in exported(full, outside=True).items()}
    )
    rows = list(Document.objects.filter(student=full).select_related("blob", "student"))
    kept = {f"{row.number}-V{row.version}": open_blob(row.blob) for row in rows}
    kept |= {str(blob.public_id): open_blob(blob) for blob in attachments_of(full)}
    assert len(kept) == 4
    assert found.contents == kept
    first_version = found.metadata[f"{full.archive_no}-001-V2"]
    assert (first_version["title"], first_version["secrecy"]) == ("户口簿首页 <&>\x0b", "secret")
    acts = [one["业务行为"] for one in found.acts]
    assert acts[:2] == ["applicant.started", "applicant.saved"]
    assert {"student.opened", "applicant.accepted", "document.version_added"} <= set(acts)
    assert {one["机构人员标识符"] for one in found.acts} <= set(found.people)
    assert found.people[f"P-{cast.archivist.staff_no}"] == cast.archivist.name


def test_a_package_holds_nobody_elses_data_and_nothing_that_does_not_hold(
    cast: Cast, student: Student
) -> None:
    other = make_student("李小红", cast)
    stay = Enrolment.objects.get(student=student)
    wanted = [asked(one, Enrolment.objects.get(student=one), {"talent": "围棋"}) for one in (student, other)]
    both = edits.draft(
        actor=cast.registrar, school=cast.school, asked=wanted, cause="change", reason="全班名单", basis="名单",
        proofs=[proof()],
    )  # fmt: skip
    requests.submit(actor=cast.registrar, request=both.request)
    walk(cast, both, "archivist")
    draft_edit(cast, student, {"name": "王晓明"})
    by = officer(cast)
    entries.enter_rewards(actor=by, enrolments=[stay], values={**REWARD, "name": "误录奖项"}, scan=scan())
    entries.make_void(actor=cast.student_affairs_head, entry=Reward.objects.get(), reason="误录")
    found = read(build(student))
    assert [one["reason"] for one in found.sections["edits"]] == ["全班名单"]
    assert found.sections["edits"][0]["evidence"] == []
    assert "误录奖项" not in str(found.sections)
    held = {str(public_id) for public_id in Document.objects.values_list("blob__public_id", flat=True)}
    assert len(found.contents) == len(held), "only the documents"


def test_the_frame_is_the_standards(cast: Cast, student: Student) -> None:
    tree = etree.fromstring(build(student))
    assert etree.QName(tree).namespace == "http://www.saac.gov.cn/standards/ERM/encapsulation"
    names = [etree.QName(one).localname for one in tree]
    assert names == ["封装包格式描述", "版本", "被签名对象", "电子签名块"]
    signed = tree.find(tag("被签名对象"))
    assert [etree.QName(one).localname for one in signed] == [
        "封装包类型", "封装包类型描述", "封装包创建时间", "封装包创建单位", "封装内容",
    ]  # fmt: skip
    assert [etree.QName(one).localname for one in signed[-1]] == [
        "文件实体块",
        "业务实体块",
        "机构人员实体块",
    ]


def changed(content: bytes, pattern: bytes, into: bytes) -> bytes:
    made, count = re.subn(pattern, into, content, count=1)
    assert count == 1
    assert made != content
    return made


def signed_anew(content: bytes, key: Ed25519PrivateKey) -> bytes:
    """The package with a signature by this key that holds."""
    tree = etree.fromstring(content)
    block = tree.find(f"{tag('电子签名块')}/{tag('电子签名')}")
    result = key.sign(signing.canonical(tree.find(tag("被签名对象"))))
    block.find(tag("公钥")).text = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    block.find(tag("签名结果")).text = base64.b64encode(result).decode()
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8")


@pytest.mark.parametrize(
    ("pattern", "into"),
    [
        ("王小明学生档案".encode(), "王晓明学生档案".encode()),
        ("<编码数据>....".encode(), "<编码数据>AAAA".encode()),
        (b"applicant.accepted", b"applicant.returned"),
    ],
)  # fmt: skip
def test_a_changed_byte_is_caught(student: Student, pattern: bytes, into: bytes) -> None:
    content = build(student)
    assert read(content)
    with pytest.raises(PackageFaulty, match="签名无效"):
        read(changed(content, pattern, into))


def test_an_unknown_key_and_a_wrong_digest_are_caught(student: Student) -> None:
    content, key = build(student), Ed25519PrivateKey.generate()
    with pytest.raises(PackageFaulty, match="未知"):
        read(signed_anew(content, key))
    digest = hashlib.sha256(open_blob(first(student).blob)).hexdigest().encode()
    wrong = signed_anew(changed(content, b'SHA-256">' + digest, b'SHA-256">' + b"0" * 64), key)
    with pytest.raises(PackageFaulty, match="摘要不符"):
        read(wrong, keys={key.public_key().public_bytes_raw()})


@pytest.mark.parametrize(
    ("pattern", "into"),
    [
        ("<版本>2009</版本>".encode(), b""),
        ("<聚合层次>案卷".encode(), "<聚合层次>别的".encode()),
        (rb"^<\?xml[^>]*\?>", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        (b"$", b"<"),
    ],
)
def test_what_does_not_follow_the_schema_is_not_read(student: Student, pattern: bytes, into: bytes) -> None:
    with pytest.raises(PackageFaulty):
        read(changed(build(student), pattern, into))


@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, -7, "", " a\n\r\tb ", "\x00\x0b", "𠮷<&>", [], {}, [{"a": [None, "b"]}, 3]],
)
def test_plain_values_survive(value: Any) -> None:
    root = etree.Element(tag("元数据"))
    put(root, "项", value, key="k")
    assert taken(etree.fromstring(etree.tostring(root, encoding="UTF-8"))[0]) == value


# The command


def test_the_command_writes_for_its_owner_alone_and_never_over_a_file(
    cast: Cast, student: Student, tmp_path: Path
) -> None:
    number, target = Enrolment.objects.get(student=student).student_no, tmp_path / "a.xml"
    call_command("export_eep", number, "--output", str(target))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert read(target.read_bytes()).archive_no == student.archive_no
    event = Event.objects.get(action="student.packaged")
    assert (event.subject, event.actor.staff_no, event.role) == (student.public_id, "system", "service")
    assert FourCheckRun.objects.filter(subject=student.public_id, occasion="package", faults=0).exists()
    before = target.read_bytes()
    with pytest.raises(CommandError):
        call_command("export_eep", number, "--output", str(target))
    assert target.read_bytes() == before
    target.chmod(0o644)
    call_command("export_eep", number, "--output", str(target), "--force")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_number_of_two_schools_is_asked_about(cast: Cast, student: Student, tmp_path: Path) -> None:
    number = Enrolment.objects.get(student=student).student_no
    make_student("李小红", cast, school=cast.other_school, student_no=number)
    target = str(tmp_path / "a.xml")
    with pytest.raises(CommandError, match=f"{cast.school.code}.*{cast.other_school.code}"):
        call_command("export_eep", number, "--output", target)
    call_command("export_eep", number, "--school", cast.school.code, "--output", target)
    with pytest.raises(CommandError):
        call_command("export_eep", "no such number")


@pytest.mark.parametrize("gone", [True, False])
def test_no_package_of_a_file_that_is_not_sound(
    cast: Cast, student: Student, tmp_path: Path, *, gone: bool
) -> None:
    blob = first(student).blob
    default_storage.delete(blob.storage_key) if gone else overwrite(blob, another_picture(99))
    target = tmp_path / "a.xml"
    with pytest.raises(CommandError, match="四性检测"):
        call_command("export_eep", Enrolment.objects.get(student=student).student_no, "--output", str(target))
    assert not target.exists()
    assert not Event.objects.filter(action="student.packaged").exists()
    assert FourCheckRun.objects.filter(occasion="package", faults__gt=0).exists()
