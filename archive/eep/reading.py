"""Reading a package back: its form, its signature and every digest are held against it before anything is told."""

import base64
import binascii
import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from archive.eep.plain import tag, taken
from archive.eep.signing import own_keys, signed_by

SCHEMA = Path(__file__).with_name("eep.xsd")


class PackageFaulty(Exception):
    """A package that is not what it says; ``str()`` tells why in the reader's language."""


@dataclass(slots=True)
class Package:
    """What a package holds: sections of the file, contents by identifier, acts, people."""

    archive_no: str
    sections: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    acts: list[dict[str, str]] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=1)
def schema() -> Any:
    """The schema that every package follows."""
    return etree.XMLSchema(etree.parse(SCHEMA))


def demand_valid(package: Any) -> None:
    """Raise PackageFaulty unless the package follows the schema. No value of the package is told."""
    checked = schema()
    if not checked.validate(package):
        line = checked.error_log.last_error.line if checked.error_log else 0
        raise PackageFaulty(_("The package does not follow its schema (line %(line)s).") % {"line": line})


def parsed(content: bytes) -> Any:
    """The package as a tree, nothing fetched and nothing expanded. Raises PackageFaulty."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        tree = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as broken:
        raise PackageFaulty(_("The package is no XML.")) from broken
    if tree.getroottree().docinfo.doctype:
        raise PackageFaulty(_("The package declares a document type; none is expected."))
    return tree


def read(content: bytes, *, keys: Collection[bytes] | None = None) -> Package:
    """The verified content of a package. ``keys``: public keys that are trusted, this installation's by default.

    Raises PackageFaulty.
    """
    tree = parsed(content)
    demand_valid(tree)
    public = signed_by(tree)
    if public is None:
        raise PackageFaulty(_("The signature does not hold: the package was changed."))
    if public not in (own_keys() if keys is None else keys):
        raise PackageFaulty(_("The package is signed with a key that is not known here."))
    whole = tree.find(f"{tag('被签名对象')}/{tag('封装内容')}")
    volume, *others = whole.find(tag("文件实体块"))
    found = Package(volume.findtext(tag("档号")), _values(volume))
    for entity in others:
        name = entity.get("文件标识符")
        found.metadata[name] = _values(entity)
        if (document := entity.find(tag("文档"))) is not None:
            found.contents[name] = _content(document, entity.findtext(tag("档号")))
    found.acts = [_act(one) for one in whole.find(tag("业务实体块"))]
    found.people = {
        one.get("标识符"): one.findtext(tag("机构人员名称")) for one in whole.find(tag("机构人员实体块"))
    }
    return found


def _values(entity: Any) -> dict[str, Any]:
    return {one.get("名称"): taken(one) for one in entity.findall(tag("元数据"))}


def _content(document: Any, number: str) -> bytes:
    try:
        content = base64.b64decode(document.findtext(tag("编码数据")), validate=False)
    except binascii.Error:
        content = b""
    digests = {one.get("算法"): one.text for one in document.findall(tag("摘要"))}
    size = int(document.findtext(tag("计算机文件大小")))
    if len(content) != size or hashlib.sha256(content).hexdigest() != digests.get("SHA-256"):
        words = _("The content of %(number)s is not what its digest says.")
        raise PackageFaulty(words % {"number": number})
    return content


def _act(entity: Any) -> dict[str, str]:
    told = {etree.QName(one).localname: one.text or "" for one in entity}
    return {**told, "机构人员标识符": entity.get("机构人员标识符", "")}
