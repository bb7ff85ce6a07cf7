"""Plain values as XML and back without loss: mappings, lists, texts, numbers, truth values, nothing."""

import base64
import re
from typing import Any

from lxml import etree

NAMESPACE = "http://www.saac.gov.cn/standards/ERM/encapsulation"
VALUE = "项"
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def tag(name: str) -> str:
    """A name in the standard's namespace."""
    return f"{{{NAMESPACE}}}{name}"


def text_element(parent: Any, name: str, text: str, **attributes: str) -> Any:
    """A child that holds a text, without characters that XML cannot hold."""
    made = etree.SubElement(parent, tag(name), attributes)
    made.text = NOT_XML.sub("", text)
    return made


def put(parent: Any, name: str, value: Any, *, key: str | None = None, title: str = "") -> None:
    """A child that holds a plain value. Raises TypeError for a value that is not plain."""
    made = etree.SubElement(parent, tag(name))
    if key is not None:
        made.set("名称", key)
    if title:
        made.set("题名", title)
    if isinstance(value, dict):
        made.set("类型", "组")
        for one, held in value.items():
            put(made, VALUE, held, key=one)
    elif isinstance(value, list):
        made.set("类型", "列")
        for held in value:
            put(made, VALUE, held)
    else:
        _put_single(made, value)


def _put_single(made: Any, value: Any) -> None:
    if value is None:
        made.set("类型", "空")
    elif isinstance(value, bool):
        made.set("类型", "真假")
        made.text = "true" if value else "false"
    elif isinstance(value, int):
        made.set("类型", "数")
        made.text = str(value)
    elif isinstance(value, str):
        _put_text(made, value)
    else:
        raise TypeError(f"{type(value).__name__} is no plain value")


def _put_text(made: Any, value: str) -> None:
    try:
        made.text = value
        made.set("类型", "文本")
    except ValueError:  # characters that XML cannot hold
        made.text = base64.b64encode(value.encode()).decode()
        made.set("类型", "编码文本")


def taken(element: Any) -> Any:
    """The value that `put` wrote. Raises ValueError for anything else."""
    kind, text = element.get("类型"), element.text or ""
    if kind == "组":
        return {one.get("名称"): taken(one) for one in element}
    if kind == "列":
        return [taken(one) for one in element]
    singles: dict[str, Any] = {
        "空": lambda: None,
        "真假": lambda: text == "true",
        "数": lambda: int(text),
        "文本": lambda: text,
        "编码文本": lambda: base64.b64decode(text).decode(),
    }
    if kind not in singles:
        raise ValueError(f"Unknown kind of value: {kind}")
    return singles[kind]()
