"""Making the package of a student file: the file with its sections, its documents and attachments, acts and people."""

import base64
import hashlib
import json
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone, translation
from lxml import etree

from archive.eep.plain import NAMESPACE, put, tag, text_element
from archive.eep.reading import PackageFaulty, demand_valid
from archive.eep.signing import sign
from archive.snapshots import exported
from files.models import Blob
from files.selectors import BlobDamaged, open_blob
from ledger import events
from ledger.models import Event
from records.documents.reading import export as exported_documents
from records.models import Document, Enrolment, Secrecy, Student

FORMAT = "本封装包根据中华人民共和国档案行业标准DA/T 48-2009《基于XML的电子文件封装规范》生成"
ORIGINAL = "本封装包包含电子文件数据及其元数据，原始封装，未经修改"
BASE64 = "本封装包中“编码数据”元素存储的是计算机文件二进制流的Base64编码"
LANGUAGE = "zh-hans"

LOOKING = frozenset(
    {
        "student.viewed", "student.revealed", "student.document_viewed", "document.downloaded", "entry.viewed",
        "entry.evidence_viewed", "penalty.viewed", "penalty.evidence_viewed", "inquiry.read", "applicant.opened",
        "edit.viewed", "consent.viewed", "certificate.viewed", "problem_row.viewed", "catalogue.printed",
        "history.viewed", "history.revealed", "spot_check.opened", "spot_check.handed_back",
        "student.own_file_read", "student.own_numbers_shown",
        "student.own_file_confirmed", "student.correction_asked", "student.correction_answered",
        "request.refused", "request.out_of_scope", "request.csrf_refused",
    }
)  # fmt: skip
"""Events of who looked at a file or said what of it: they stay in the ledger; a package tells what was done to it."""

ACCOUNT = "accounts.User"
"""What the events of a student's account are about: they belong to the file's trace, and tell nothing of the file."""


def build(student: Student) -> bytes:
    """The signed and validated package of a file. Raises PackageFaulty for a damaged content."""
    newest = Enrolment.objects.current().select_related("school").get(student=student)
    unit = newest.school.name
    with translation.override(LANGUAGE):
        package = etree.Element(tag("电子文件封装包"), nsmap={None: NAMESPACE})
        text_element(package, "封装包格式描述", FORMAT)
        text_element(package, "版本", "2009")
        signed = etree.SubElement(package, tag("被签名对象"), {"eep版本": "2009"})
        text_element(signed, "封装包类型", "原始型")
        text_element(signed, "封装包类型描述", ORIGINAL)
        text_element(signed, "封装包创建时间", _when(timezone.now()))
        text_element(signed, "封装包创建单位", unit)
        whole = etree.SubElement(signed, tag("封装内容"))
        people = _People(unit)
        _files(etree.SubElement(whole, tag("文件实体块")), student, newest, people)
        _acts(etree.SubElement(whole, tag("业务实体块")), student, people)
        people.write(etree.SubElement(whole, tag("机构人员实体块")))
        sign(package, unit)
        demand_valid(package)
    content: bytes = etree.tostring(package, xml_declaration=True, encoding="UTF-8")
    return content


class _People:
    """Who appears in the package: the school, and persons by their staff numbers."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._known: dict[str, tuple[str, str]] = {}

    def add(self, user: Any) -> str:
        """The identifier of a person."""
        unit = user.unit.name if user.unit else ""
        self._known[f"P-{user.staff_no}"] = (user.name, unit)
        return f"P-{user.staff_no}"

    def write(self, block: Any) -> None:
        """The entities, the school first."""
        school = etree.SubElement(block, tag("机构人员实体"), {"标识符": "U-1"})
        text_element(school, "机构人员类型", "单位")
        text_element(school, "机构人员名称", self._unit)
        for identifier, (name, unit) in sorted(self._known.items()):
            person = etree.SubElement(block, tag("机构人员实体"), {"标识符": identifier})
            text_element(person, "机构人员类型", "个人")
            text_element(person, "机构人员名称", name or "—")
            if unit:
                text_element(person, "所属机构", unit)


def _entity(block: Any, identifier: str, level: str, *facts: str) -> Any:
    """``facts``: the school, the archive number, the title, the date, the secrecy."""
    made = etree.SubElement(block, tag("文件实体"), {"文件标识符": identifier})
    text_element(made, "聚合层次", level)
    for name, fact in zip(("立档单位名称", "档号", "题名", "日期", "密级"), facts, strict=True):
        text_element(made, name, fact or "—")
    return made


def _files(block: Any, student: Student, newest: Enrolment, people: _People) -> None:
    unit, number = newest.school.name, student.archive_no
    begun = timezone.make_aware(datetime.combine(newest.started_on, time()))
    ordinary = str(Secrecy.ORDINARY.label)
    title = f"{student.name}学生档案"
    volume = _entity(block, number, "案卷", unit, number, title, _when(begun), ordinary)
    held = exported(student, outside=True)
    for key, (section, value) in held.items():
        put(volume, "元数据", plain(value), key=key, title=section)
    _documents(block, student, unit, people)
    papers = Blob.objects.filter(public_id__in=_papers(plain([value for _title, value in held.values()])))
    documents = Document.objects.filter(student=student).values("blob")
    for blob in papers.exclude(pk__in=documents).order_by("pk"):
        name = str(blob.public_id)
        made = _entity(block, name, "附件", unit, number, blob.filename, _when(blob.created_at), ordinary)
        etree.SubElement(made, tag("关系"), {"类型": "属于", "文件标识符": number})
        _content(made, blob, name)


def _papers(value: Any) -> set[str]:
    """The stored scans that exported data name: evidence of entries, penalties and requests."""
    if isinstance(value, dict):
        own = {str(value[name]) for name in ("id", "blob") if "sha256" in value and name in value}
        return own.union(*(_papers(one) for one in value.values()))
    return set().union(*(_papers(one) for one in value)) if isinstance(value, list) else set()


def _documents(block: Any, student: Student, unit: str, people: _People) -> None:
    rows = Document.objects.filter(student=student).order_by("item_no", "version")
    told = {(one["item_no"], one["version"]): one for one in exported_documents(student)}
    newest = {one["item_no"]: one["version"] for one in told.values() if one["newest"]}
    for row in rows.select_related("blob", "student", "added_by__unit", "reviewed_by__unit"):
        one = told[row.item_no, row.version]
        for person in (row.added_by, row.reviewed_by):
            if person is not None:
                people.add(person)
        made = _entity(
            block, _identifier(row.number, row.version), "文件", unit, row.number, row.title or one["kind_label"],
            _when(row.added_at), one["secrecy_label"],
        )  # fmt: skip
        _relations(made, row, one["related_items"], newest)
        for key, value in plain(one).items():
            put(made, "元数据", value, key=key)
        _content(made, row.blob, row.number)


def _identifier(number: str, version: int) -> str:
    return f"{number}-V{version}"


def _relations(made: Any, row: Document, items: list[int], newest: dict[int, int]) -> None:
    number = row.student.archive_no
    related = [("属于", number)]
    if row.version > 1:
        related.append(("替代", _identifier(row.number, row.version - 1)))
    related += [("相关", _identifier(f"{number}-{item:03d}", newest[item])) for item in items]
    for kind, identifier in related:
        etree.SubElement(made, tag("关系"), {"类型": kind, "文件标识符": identifier})


def _content(made: Any, blob: Blob, number: str) -> None:
    try:
        content = open_blob(blob)
    except BlobDamaged as damaged:
        raise PackageFaulty(f"{number}: {damaged}") from damaged
    document = etree.SubElement(made, tag("文档"))
    text_element(document, "格式信息", blob.content_type)
    text_element(document, "计算机文件名", blob.filename or "—")
    text_element(document, "计算机文件大小", str(len(content)))
    if blob.pages:
        text_element(document, "页数", str(blob.pages))
    text_element(document, "摘要", hashlib.sha256(content).hexdigest(), 算法="SHA-256")
    if blob.sm3:
        text_element(document, "摘要", blob.sm3, 算法="SM3")
    text_element(document, "编码描述", BASE64)
    text_element(document, "编码数据", base64.b64encode(content).decode())


def _acts(block: Any, student: Student, people: _People) -> None:
    rows = Event.objects.filter(subject=student.public_id).exclude(action__in=LOOKING)
    rows = rows.exclude(object_type=ACCOUNT)
    for row in rows.select_related("actor__unit").order_by("at", "pk"):
        attributes = {"业务标识符": f"E-{row.pk}"}
        if row.actor is not None:
            attributes["机构人员标识符"] = people.add(row.actor)
        if row.role:
            attributes["职责"] = row.role
        made = etree.SubElement(block, tag("业务实体"), attributes)
        text_element(made, "业务行为", row.action)
        text_element(made, "业务行为名称", events.label(row.action))
        text_element(made, "行为时间", _when(row.at))
        text_element(made, "业务状态", str(row.get_result_display()))
        if row.request_no:
            text_element(made, "行为依据", row.request_no)
        described = {"reason": row.reason, "purpose": row.purpose, **row.detail}
        held = {key: value for key, value in described.items() if value not in ("", None)}
        if held:
            text_element(made, "行为描述", json.dumps(held, ensure_ascii=False, sort_keys=True))


def plain(value: Any) -> Any:
    """A section's data as JSON would hold them: dates and decimals as text."""
    return json.loads(json.dumps(value, ensure_ascii=False, default=_as_text))


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _when(moment: datetime) -> str:
    return timezone.localtime(moment).isoformat(timespec="seconds")
