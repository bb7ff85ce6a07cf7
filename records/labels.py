"""Codes and regions in words; what is no longer in use keeps its words."""

from collections.abc import Iterable

from school.models import Code, Region, labels_in_use


def code_labels(keys: Iterable[str], codes: Iterable[str] | None = None) -> dict[str, dict[str, str]]:
    """Labels of code lists by list and code: of all entries, or of ``codes`` alone."""
    found: dict[str, dict[str, str]] = {key: {} for key in keys}
    rows = Code.objects.filter(code_list__key__in=list(found))
    if codes is not None:
        rows = rows.filter(code__in=list(codes))
    label = labels_in_use()
    for key, code, *labels in rows.values_list("code_list__key", "code", "label_zh", "label_en"):
        found[key][code] = label(*labels)
    return found


def region_names(codes: Iterable[str]) -> dict[str, str]:
    """Full names of regions by their code of twelve digits; unknown ones are left out."""
    wanted = {code: (f"{code[:2]}0000", f"{code[:4]}00", code[:6]) for code in codes if code}
    every = {part for parts in wanted.values() for part in parts}
    names = dict(Region.objects.filter(code__in=every).values_list("code", "name_zh"))
    return {
        code: "".join(names[part] for part in dict.fromkeys(parts) if part in names)
        for code, parts in wanted.items()
        if parts[-1] in names
    }
