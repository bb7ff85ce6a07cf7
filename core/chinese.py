"""Chinese text: cleaning of typed cells, pinyin of names, and search by any part of a name.

A name becomes the lexemes of a `tsvector`: each character, each adjacent pair, the whole name, and from each syllable
on the full pinyin (prefix `p`) and the initials (prefix `i`). `name_query` writes the matching tsquery. Both sides keep
letters only, so neither can hold anything that the query language reads as a sign.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from pypinyin import Style, pinyin

from core.readings import COMPOUND_SURNAMES, NAME_READINGS, RARE_READINGS, SURNAME_READINGS

MIDDLE_DOT: Final = "\u00b7"
SORT_KEY_LENGTH: Final = 200
"""No sort key is longer, in characters."""

_WIDE_RANGES: Final = ((0xFF10, 0xFF1A), (0xFF21, 0xFF3B), (0xFF41, 0xFF5B))
_SPACES: Final = (0x00A0, 0x2002, 0x2003, 0x2007, 0x2009, 0x202F, 0x3000)
_INVISIBLE_RANGES: Final = (
    (0x00, 0x09), (0x0B, 0x0D), (0x0E, 0x20), (0x7F, 0xA0), (0xAD, 0xAE), (0x200B, 0x2010), (0x202A, 0x202F),
    (0x2060, 0x2065), (0x2066, 0x206A), (0xFEFF, 0xFF00), (0xD800, 0xE000),
)  # fmt: skip
_CLEANING: Final[dict[int, int | str | None]] = {
    **{code: code - 0xFEE0 for first, end in _WIDE_RANGES for code in range(first, end)},
    **dict.fromkeys(_SPACES, " "),
    **{code: None for first, end in _INVISIBLE_RANGES for code in range(first, end)},
}
_DOTS: Final = dict.fromkeys((0x2022, 0x2027, 0x2219, 0x22C5, 0x30FB, 0xFF65, 0x2E31, 0xFF0E), MIDDLE_DOT)
_REGULAR: Final = re.compile(r"[ -~\u3400-\u4dbf\u4e00-\u9fff]*")
_PLAIN_CHINESE: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]*")
_MOST_READINGS: Final = 6
_LONGEST_SEARCHED: Final = 60
_UMLAUTS: Final = frozenset("üǖǘǚǜ")
_LATIN_EXTRA: Final = {
    "ß": "ss",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "æ": "ae",
    "œ": "oe",
    "ð": "d",
    "þ": "th",
    "ı": "i",
}


class _Unit(NamedTuple):
    """One step of a name: a character with its readings, or (empty `character`) a word in Latin letters.

    `shown` is the reading to show, the first of `readings` is the one to sort by.
    """

    character: str
    readings: tuple[str, ...]
    shown: str


def clean_text(text: str) -> str:
    """A typed cell made regular: NFC, full-width digits, letters and space to ASCII, invisible marks dropped, trimmed.

    Full-width punctuation, U+00B7, line breaks and rare characters stay as they are.
    """
    if _REGULAR.fullmatch(text):
        return text.strip(" ")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).translate(_CLEANING)).strip()


def clean_name(text: str) -> str:
    """A person's name made regular: clean_text, look-alikes of the middle dot to U+00B7, no space beside Chinese.

    Words in Latin letters stay one space apart.
    """
    if _PLAIN_CHINESE.fullmatch(text):
        return text
    name = ""
    for word in clean_text(text).translate(_DOTS).split():
        apart = name and _latin(name[-1]) and _latin(word[0])
        name += f" {word}" if apart else word
    return unicodedata.normalize("NFC", name)


def name_pinyin(name: str) -> str:
    """How a name is read, the surname apart: `wang xiaoming`, `ouyang feifei`, `lü bu`; no tones.

    Parts around U+00B7 and Latin words stay apart. It is a first proposal that people may correct: many characters
    have several readings. A character without a known reading stands as itself.
    """
    cleaned = clean_name(name)
    if not _is_surname_first(cleaned):
        parts = cleaned.replace(MIDDLE_DOT, " ").split()
        return " ".join("".join(unit.shown for unit in _units(part, surname=False)) for part in parts)
    spelled = [unit.shown for unit in _units(cleaned, surname=True)]
    cut = 2 if len(spelled) > 2 and cleaned[:2] in COMPOUND_SURNAMES else 1
    return f"{''.join(spelled[:cut])} {''.join(spelled[cut:])}".strip()


def name_sort_key(name: str) -> str:
    """Text that sorts names by syllable, tone and character when compared by code point; Latin names by letters."""
    cleaned = clean_name(name)
    units = _units(cleaned, surname=_is_surname_first(cleaned))
    return " ".join(map(_sorted_by, units))[:SORT_KEY_LENGTH]


def search_tokens(name: str) -> list[str]:
    """The lexemes under which a name is found, sorted, for array_to_tsvector; empty for an empty name."""
    cleaned = clean_name(name)[:_LONGEST_SEARCHED]
    units = _units(cleaned, surname=_is_surname_first(cleaned))
    characters = [unit.character for unit in units]
    tokens = {one for one in characters if one}
    tokens.update(one + two for one, two in pairwise(characters) if one and two)
    if all(characters):
        tokens.add("".join(characters))
    bounded = _bounded(units)
    endings, initials = [""], [""]
    for unit in reversed(bounded):
        endings = [reading + ending for reading in unit.readings for ending in endings]
        initials = [first + rest for first in {reading[:1] for reading in unit.readings} for rest in initials]
        tokens.update(["p" + ending for ending in endings])
        tokens.update(["i" + letters for letters in initials])
        if not unit.character:
            tokens.update("p" + endings[0][cut:] for cut in range(1, len(unit.readings[0])))
    return sorted(tokens - {"p", "i", ""})


def name_query(text: str) -> str | None:
    """The raw tsquery that finds names by what was typed, or None when no letter was typed.

    Cast it (`%s::tsquery`). to_tsquery would parse it again and drop the characters that the server's locale does not
    count as letters, among them the newest rare ones.

    Chinese characters must stand in the name, neighbours as neighbours; Latin letters are full pinyin or initials from
    any syllable on, in any case, with or without spaces and tone marks. `王xm` and `wang xm` work as well.
    """
    typed = clean_text(text[: 4 * _LONGEST_SEARCHED]).translate(_DOTS)[:_LONGEST_SEARCHED]
    words = [pieces for pieces in map(_pieces, typed.split()) if pieces]
    latin = [_folded(run) for pieces in words for chinese, run in pieces if not chinese]
    if latin and len(latin) == sum(map(len, words)):
        return _latin_query(latin)
    terms = dict.fromkeys(term for pieces in words for piece in pieces for term in _terms(*piece))
    return " & ".join(terms) or None


def _latin_query(words: Sequence[str]) -> str:
    joined = _either("".join(words))
    if len(words) == 1 or all(len(word) == 1 for word in words):
        return joined
    return f"({joined} | {' & '.join(_either(word) for word in words)})"


def _either(letters: str) -> str:
    return f"('p{letters}':* | 'i{letters}':*)"


def _terms(chinese: bool, run: str) -> Iterator[str]:
    if not chinese:
        yield _either(_folded(run))
    elif len(run) == 1:
        yield f"'{run}'"
    else:
        yield from (f"'{one}{two}'" for one, two in pairwise(run))


def _pieces(word: str) -> list[tuple[bool, str]]:
    """Runs of one kind in a word: (True, characters) or (False, Latin letters); signs and digits are left out."""
    if _PLAIN_CHINESE.fullmatch(word):
        return [(True, word)] if word else []
    pieces: list[tuple[bool, str]] = []
    for symbol in word:
        kept = _kept(symbol)
        if not kept:
            continue
        chinese = not _latin(symbol)
        if pieces and pieces[-1][0] == chinese:
            pieces[-1] = (chinese, pieces[-1][1] + kept)
        else:
            pieces.append((chinese, kept))
    return pieces


@lru_cache(maxsize=64)
def _units(name: str, *, surname: bool) -> tuple[_Unit, ...]:
    """The steps of a cleaned name. `surname`: the name begins with a Chinese surname, read as such.

    The last few are kept: pinyin, sort key and tokens of one name are asked for one after the other.
    """
    return tuple(_steps(name, surname))


def _steps(name: str, surname: bool) -> Iterator[_Unit]:
    heads: tuple[str, ...] = ()
    if surname:
        heads = (COMPOUND_SURNAMES.get(name[:2], ()) if len(name) > 2 else ()) or (
            SURNAME_READINGS.get(name[:1], ""),
        )
    for word in name.split():
        for chinese, run in _pieces(word):
            if not chinese:
                yield _Unit("", tuple(dict.fromkeys((_folded(run), _plain(run)))), run)
                continue
            for character in run:
                head, heads = (heads[0], heads[1:]) if heads else ("", ())
                yield _unit(character, head)


@lru_cache(maxsize=16384)
def _unit(character: str, head: str) -> _Unit:
    """A character with its readings, `head` first when given; lv is also typed lu and lyu."""
    known = NAME_READINGS.get(character) or tuple(reading[:-1] for reading in _dictionary(character)[:1])
    readings = dict.fromkeys((head, *known) if head else known)
    for reading in tuple(readings):
        if reading[1:2] == "v":
            readings.update(dict.fromkeys((f"{reading[0]}u{reading[2:]}", f"{reading[0]}yu{reading[2:]}")))
    first = next(iter(readings), "")
    shown = f"{first[0]}ü{first[2:]}" if first[1:2] == "v" else first or character
    return _Unit(character, tuple(readings) or ("",), shown)


@lru_cache(maxsize=16384)
def _dictionary(character: str) -> tuple[str, ...]:
    """Every reading that the library knows, with a tone digit (5: none), the commonest first."""
    if character in RARE_READINGS:
        return (RARE_READINGS[character],)
    found = pinyin(character, style=Style.TONE3, heteronym=True, errors="ignore", neutral_tone_with_five=True)
    return tuple(found[0]) if found else ()


def _bounded(units: Sequence[_Unit]) -> list[_Unit]:
    """The same steps with second readings only as long as the combinations stay few."""
    ways, bounded = 1, []
    for unit in units:
        fits = ways * len(unit.readings) <= _MOST_READINGS
        ways *= len(unit.readings) if fits else 1
        bounded.append(unit if fits else unit._replace(readings=unit.readings[:1]))
    return bounded


@lru_cache(maxsize=16384)
def _sorted_by(unit: _Unit) -> str:
    """Syllable, tone and character; what has no reading comes after all that has."""
    reading = unit.readings[0]
    if not unit.character:
        return reading
    if not reading:
        return f"~{unit.character}"
    toned = [known for known in _dictionary(unit.character) if known[:-1] == reading]
    return f"{min(toned, key=_is_neutral, default=reading + '5')}{unit.character}"


def _is_neutral(toned: str) -> bool:
    return toned.endswith("5")


def _is_surname_first(name: str) -> bool:
    if _PLAIN_CHINESE.fullmatch(name):
        return len(name) > 1
    return len(name) > 1 and all(_kept(symbol) and not _latin(symbol) for symbol in name)


@lru_cache(maxsize=16384)
def _kept(symbol: str) -> str:
    """The symbol in lower case when it counts in a search: letters of any script, number characters, private use."""
    kind = unicodedata.category(symbol)
    if symbol.isascii():
        return symbol.lower() if symbol.isalpha() else ""
    return "" if kind[0] in "MPSZ" or kind in ("Cc", "Cf", "Cs", "Nd") else symbol.lower()


@lru_cache(maxsize=4096)
def _latin(symbol: str) -> bool:
    return symbol.lower() in _LATIN_EXTRA or (
        unicodedata.normalize("NFD", symbol)[0].isascii() and symbol.isalpha()
    )


def _folded(letters: str) -> str:
    """Latin letters to a-z. A ü is v, as typed on a Chinese keyboard, but u after j, q, x and y."""
    folded = ""
    for letter in letters:
        umlaut = letter in _UMLAUTS and folded[-1:] not in ("j", "q", "x", "y")
        folded += "v" if umlaut else _plain(letter)
    return folded


def _plain(letters: str) -> str:
    spelled = "".join(_LATIN_EXTRA.get(letter, letter) for letter in letters)
    return "".join(letter for letter in unicodedata.normalize("NFD", spelled) if "a" <= letter <= "z")
