"""Printed forms: a template of `templates/print/` and plain data make a PDF/A-2b.

The data never become markup: they reach typst as JSON, so that a name such as `#import` or `$x$` prints as written.
Pictures pass through a temporary directory that only this user can read and that is gone afterwards; the rest stays in
memory.

`render_pdf("student_card", {...})`. What each template wants stands at the head of its `.typ` file. Common to all:

    lang         "zh" (default) or "en": the form's own words. Values are printed as they come
    school       name of the school, above the title
    purpose      if given, the copy says 仅供〔purpose〕使用
    printed_by   who prints; foot of each page
    printed_at   when, ready to print: "2026-11-22 14:05"
    number       number of the form, foot and QR; per person or per class where the template prints several

Values: text, numbers, booleans, None (no value), lists and dicts of these; dates are `datetime.date` or ISO text
(`2026-11-22`); pictures are bytes (PNG, JPEG, WebP, GIF, SVG). Each dict with a `number` and no `qr` gets its QR code
here, so a number must hold nothing personal: any telephone reads it.
"""

import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from re import compile as pattern
from typing import Any, Final, Literal, cast

import segno
import typst
from django.utils.translation import gettext_lazy as _

ROOT: Final = Path(__file__).resolve().parent.parent
TEMPLATES: Final = ROOT / "templates" / "print"
FONTS: Final = ROOT / "var" / "fonts"
BODY_FONT: Final = "NotoSerifSC-Regular.otf"
BODIES: Final = frozenset(
    {"Noto Serif SC", "Noto Serif CJK SC", "Source Han Serif SC", "Songti SC", "SimSun"}
)
FAMILIES: Final = (
    "Noto Serif SC",
    "Noto Serif CJK SC",
    "Source Han Serif SC",
    "Songti SC",
    "SimSun",
    "HanaMinB",
    "SimSun-ExtB",
    "Noto Sans CJK SC",
    "DejaVu Sans Mono",  # comes with typst: a few signs that the Chinese fonts lack
)

Standard = Literal["a-2b", "a-2u", "ua-1"]
FaultCode = Literal["missing_glyph", "picture", "font", "template"]

_MESSAGES: Final = {
    "missing_glyph": _("The printing fonts lack the character %(character)s (%(code_point)s)"),
    "picture": _("A picture of this form cannot be read; put in a new one"),
    "font": _("No Chinese printing font is installed; tell the system administrator"),
    "template": _("This form could not be made; tell the system administrator"),
}
_LASTING: Final = {
    **_MESSAGES,
    "missing_glyph": _("The printing fonts lack a character of this form; print it by itself to see which"),
}
_UNSHOWN: Final = pattern(r'the text `"(.+?)"` could not be displayed')
_ESCAPED: Final = pattern(r"\\u\{([0-9a-f]+)\}")
_SIGNATURES: Final = {
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpg",
    b"GIF8": "gif",
    b"RIFF": "webp",
    b"<?xml": "svg",
    b"<svg": "svg",
}
_printing: list[int] = []


class PdfFailed(Exception):
    """A form that could not be printed.

    `code` is missing_glyph, picture, font or template; `message` is for the page, in the reader's language, and
    `lasting` for what is kept, since nothing of a person may outlive his file; `character` is the one that no font has,
    `person` the name, `number` the student's or the form's number beside it. `str()` holds no name, so that it may be
    logged.
    """

    def __init__(
        self, code: FaultCode, detail: str, *, character: str = "", person: str = "", number: str = ""
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.character = character
        self.person = person
        self.number = number

    @property
    def message(self) -> str:
        words = str(_MESSAGES[self.code])
        if self.character:
            words %= {"character": self.character, "code_point": _code_point(self.character)}
        return f"{self.person}: {words}" if self.person else words

    @property
    def lasting(self) -> str:
        words = str(_LASTING[self.code])
        return f"{self.number}: {words}" if self.number else words


class _Refused(Exception):
    """typst's own words for why it gave nothing back."""


def qr_svg(text: str) -> bytes:
    """A QR code as SVG, one unit per module, with the quiet zone that readers want; level M (15 % may be spoilt)."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="svg", border=4, xmldecl=False)
    return picture.getvalue()


def render_pdf(template: str, data: dict[str, Any], *, standard: Standard | None = "a-2b") -> bytes:
    """Print `templates/print/<template>.typ` with `data`. Raises PdfFailed; ValueError for an unknown template.

    With a standard, a character that no font has is refused; without one it would print as a box.
    """
    if not (template.isidentifier() and (TEMPLATES / f"{template}.typ").is_file()):
        raise ValueError(f"No printed form is called {template!r}")
    pictures: dict[str, bytes] = {}
    plain = json.dumps(_plain(data, pictures), ensure_ascii=False)
    try:
        return _compile(template, plain, pictures, standard)
    except _Refused as refusal:
        raise _fault(str(refusal), data) from refusal


def _plain(value: Any, pictures: dict[str, bytes]) -> Any:
    """The data as JSON can hold them; pictures move to `pictures`, their place in the data takes the file's name."""
    if isinstance(value, dict):
        if value.get("number") and "qr" not in value:
            value = {**value, "qr": qr_svg(str(value["number"]))}
        return {key: _plain(item, pictures) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, pictures) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return _picture(bytes(value), pictures)
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, str):
        return _readable(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)


def _readable(text: str) -> str:
    """Without control, surrogate and direction-changing characters, which no font can show; line ends stay."""
    text = text.replace("\r\n", "\n").replace("\t", " ")
    return "".join(
        mark for mark in text if mark == "\n" or unicodedata.category(mark) not in ("Cc", "Cf", "Cs")
    )


def _picture(content: bytes, pictures: dict[str, bytes]) -> str | None:
    if not content:
        return None
    kind = next((kind for start, kind in _SIGNATURES.items() if content.startswith(start)), None)
    if kind is None:
        raise PdfFailed("picture", "neither PNG, JPEG, WebP, GIF nor SVG")
    name = f"picture-{len(pictures)}.{kind}"
    pictures[name] = content
    return name


@cache
def _fonts() -> typst.Fonts:
    """Our own fonts alone, so that every machine prints alike; the system's where ours are missing."""
    ours = (FONTS / BODY_FONT).is_file()
    return typst.Fonts(include_system_fonts=not ours, font_paths=[str(FONTS)] if FONTS.is_dir() else [])


def _compile(template: str, data: str, pictures: dict[str, bytes], standard: Standard | None) -> bytes:
    """Compile here, or in a process of its own if we are the child of a process that has already printed.

    typst's threads do not survive a fork, and the child would wait for them for ever.
    """
    if _printing and _printing[0] != os.getpid():
        return _compile_apart(template, data, pictures, standard)
    if not _printing:
        _printing.append(os.getpid())
    families = _families()
    if not BODIES.intersection(families):
        raise PdfFailed("font", "run: python -m tools.fonts")
    with tempfile.TemporaryDirectory(prefix="xueji-print-") as folder:
        root = Path(folder)
        for path in TEMPLATES.glob("*.typ"):
            shutil.copyfile(path, root / path.name)
        for name, content in pictures.items():
            (root / name).write_bytes(content)
        try:
            return typst.compile(
                root / f"{template}.typ",
                root=root,
                font_paths=_fonts(),
                ignore_system_fonts=True,
                format="pdf",
                sys_inputs={"data": data, "fonts": json.dumps(families)},
                pdf_standards=[standard] if standard else [],
            )
        except RuntimeError as error:  # TypstError is one
            raise _Refused(getattr(error, "message", str(error))) from error


@cache
def _families() -> tuple[str, ...]:
    """The families to print with, in order: a body, then what knows the rare characters."""
    here = {family.casefold() for family in _fonts().families()}
    return tuple(family for family in FAMILIES if family.casefold() in here)


def _compile_apart(template: str, data: str, pictures: dict[str, bytes], standard: Standard | None) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "core.pdf"],
        input=pickle.dumps((template, data, pictures, standard)),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise PdfFailed("template", "the printing process ended")
    content, refusal = pickle.loads(done.stdout)  # noqa: S301 - written by our own child, a line below
    if refusal:
        raise _Refused(refusal)
    return cast("bytes", content)


def _answer_parent() -> None:
    """The other end of `_compile_apart`."""
    template, data, pictures, standard = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by our own parent
    content, refusal = b"", ""
    try:
        content = _compile(template, data, pictures, standard)
    except _Refused as error:
        refusal = str(error)
    sys.stdout.buffer.write(pickle.dumps((content, refusal)))


def _fault(words: str, data: dict[str, Any]) -> PdfFailed:
    unshown = _UNSHOWN.search(words)
    if unshown:
        text = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), unshown[1])
        character = text[0]
        around = list(_around(character, data))
        return PdfFailed(
            "missing_glyph",
            _code_point(character),
            character=character,
            person=next(filter(None, map(_name_in, around)), ""),
            number=next(filter(None, map(_number_in, around)), ""),
        )
    if "decode" in words or "image" in words or "SVG" in words:
        return PdfFailed("picture", "not decodable")
    return PdfFailed("template", "typst refused the template")


def _around(character: str, value: Any) -> Iterator[dict[str, Any]]:
    """The dicts in whose data the character stands, innermost first."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _around(character, item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _around(character, item)
        if character in json.dumps(value, default=str, ensure_ascii=False):
            yield value


def _name_in(value: dict[str, Any]) -> str:
    values = value.get("values")
    return str(value.get("name") or (values.get("name") if isinstance(values, dict) else None) or "")


def _number_in(value: dict[str, Any]) -> str:
    return str(value.get("student_no") or value.get("number") or "")


def _code_point(character: str) -> str:
    return f"U+{ord(character):04X}"


if __name__ == "__main__":
    _answer_parent()
