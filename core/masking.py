"""How sensitive values look to those who may not see them whole."""

import re
from typing import Final

STAR: Final = "*"
MIDDLE_DOT: Final = "\u00b7"

_MOBILE: Final = re.compile(r"(?:\+?86[- ]?)?(1\d{2})\d{4}(\d{4})")
_LANDLINE: Final = re.compile(r"(010|02\d|0[3-9]\d{2})[- ]?\d{3,4}(\d{4})(?:-\d{1,6})?")
_HAN: Final = r"\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af"
_CHINESE: Final = re.compile(f"[{_HAN}]")
_START: Final = f"(?:路|(?![街巷弄村号楼])[{_HAN}])(?:(?![路街巷弄村号楼])[{_HAN}])?"
_MORE: Final = f"(?:[道镇乡](?=[市县])|(?![路街巷弄村号楼道镇乡])[{_HAN}])"
_PROVINCE: Final = f"[{_HAN}]{{2,8}}?(?:省|自治区|特别行政区)"
_CITY_END: Final = "(?:自治州|地区|盟|市(?!区))"
_NO_COUNTY_YET: Final = "(?![^市州盟]{0,11}[县旗])(?![^市州盟]{0,11}(?<!地)区)"
_CITY: Final = f"(?:{_NO_COUNTY_YET}{_START}{_MORE}{{0,10}}?{_CITY_END})"
_COUNTY: Final = f"(?:{_START}{_MORE}{{0,13}}?(?:自治县|县|旗|(?<![小社园校厂库苑])区|市(?!区)))"
_PLACE: Final = re.compile(f"(?:{_PROVINCE})?{_CITY}?{_COUNTY}?")


def mask_id_number(value: str, *, posted: bool = False) -> str:
    """First three characters and the last; on lists that are posted (`posted`) the first three alone.

    Fits national pupil numbers and passports as well; a value of six characters or fewer is hidden whole.
    """
    if len(value) <= 6:
        return STAR * len(value)
    if posted:
        return value[:3] + STAR * (len(value) - 3)
    return value[:3] + STAR * (len(value) - 4) + value[-1]


def mask_phone(value: str) -> str:
    """`138****5678` for a mobile, `027-****1234` for a landline; anything else keeps at most its last four digits."""
    text = value.strip()
    if mobile := _MOBILE.fullmatch(text):
        return f"{mobile[1]}****{mobile[2]}"
    if landline := _LANDLINE.fullmatch(text):
        return f"{landline[1]}-****{landline[2]}"
    return "****" + text[-4:] if len(text) >= 7 else STAR * len(text)


def mask_email(value: str) -> str:
    """First letter and what follows the @: `w***@example.cn`; anything else is hidden whole."""
    name, at, place = value.strip().partition("@")
    return f"{name[:1]}***@{place}" if name and at and place else STAR * len(value.strip())


def mask_address(value: str) -> str:
    """The address down to its county (or city, where there is no county), then `***`; no place found: `***` alone."""
    text = value.strip()
    if not text:
        return ""
    place = _PLACE.match(text)
    return (place[0] if place else "") + "***"


def mask_name(value: str) -> str:
    """First and last character of a name (`王*明`), of two the first (`王*`); Latin words keep their initials."""
    name = value.strip()
    if not _CHINESE.search(name):
        return " ".join(f"{word[0]}***" for word in name.split())
    if len(name) <= 2:
        return name[:1] + STAR if len(name) == 2 else STAR * len(name)
    inner = "".join(MIDDLE_DOT if character == MIDDLE_DOT else STAR for character in name[1:-1])
    return name[0] + inner + name[-1]
