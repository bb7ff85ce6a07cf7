"""Signatures of this installation: Ed25519, of a package over the canonical bytes (C14N 1.0) of 被签名对象."""

import base64
from typing import Any

from django.conf import settings
from django.utils import timezone
from lxml import etree

from archive.eep.plain import tag, text_element
from core.signing import holds, public_keys
from core.signing import sign as signed

RULE = "对被签名对象按C14N 1.0(http://www.w3.org/TR/2001/REC-xml-c14n-20010315)规范化后的字节签名"


def canonical(signed: Any) -> bytes:
    """The bytes that are signed."""
    found: bytes = etree.tostring(signed, method="c14n")
    return found


def signature_of(content: bytes) -> tuple[str, bytes, bytes]:
    """Under the key that signs now: its id, its public half, the signature."""
    return signed(settings.PACKAGE_SIGNING_KEY, content)


def sign(package: Any, signer: str) -> None:
    """Put the signature block of ``signer`` behind what is signed."""
    key_id, public, result = signature_of(canonical(package.find(tag("被签名对象"))))
    block = etree.SubElement(etree.SubElement(package, tag("电子签名块")), tag("电子签名"))
    text_element(block, "签名规则", RULE)
    text_element(block, "签名时间", timezone.localtime().isoformat(timespec="seconds"))
    text_element(block, "签名人", signer)
    text_element(block, "签名算法标识", "Ed25519")
    text_element(block, "密钥标识", key_id)
    text_element(block, "公钥", base64.b64encode(public).decode())
    text_element(block, "签名结果", base64.b64encode(result).decode())


def own_keys() -> set[bytes]:
    """The public keys of this installation, those too that sign no more."""
    return set(public_keys(settings.PACKAGE_SIGNING_KEY).values())


def signed_by(package: Any) -> bytes | None:
    """The raw public key under which the signature holds; None when it does not hold."""
    block = package.find(f"{tag('电子签名块')}/{tag('电子签名')}")
    public = base64.b64decode(block.findtext(tag("公钥")))
    result = base64.b64decode(block.findtext(tag("签名结果")))
    signed = canonical(package.find(tag("被签名对象")))
    return public if holds(public, result, signed) else None
