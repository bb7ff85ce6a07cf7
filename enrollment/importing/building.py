"""Unsaved drafts made quickly from typed values: what `enrollment.cells.apply_values` does, for thousands of rows."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from django.db import models
from django.db.models.base import ModelState

from core.chinese import name_pinyin
from enrollment.cells import NOT_STORED, split
from enrollment.models import Applicant, ApplicantMember, IntakeBatch
from records.cells import CodeBook
from records.checks import lacks_number
from records.columns import LayoutColumns
from records.search import fill

M = TypeVar("M", bound=models.Model)
Put = tuple[str, str, Any, Callable[[Any], Any] | None]


class Maker(Generic[M]):
    """Makes unsaved instances with their defaults, without the work that ``Model.__init__`` does for each field."""

    def __init__(self, model: type[M], **common: Any) -> None:
        blank = model(**common)
        self._model = model
        self._fixed = {name: value for name, value in vars(blank).items() if name != "_state"}
        self._cache = dict(blank._state.fields_cache)
        fields = model._meta.concrete_fields
        self._fresh = [
            (field.attname, field.get_default)
            for field in fields
            if field.has_default() and callable(field.default)
        ]

    def __call__(self) -> M:
        made = self._model.__new__(self._model)
        state = ModelState()
        state.fields_cache = self._cache.copy()
        values = made.__dict__
        values.update(self._fixed)
        values["_state"] = state
        for name, default in self._fresh:
            values[name] = default()
        return made


class Builder:
    """Builds the drafts of one batch and layout. ``common`` are the values that all of them share."""

    def __init__(self, batch: IntakeBatch, layout: LayoutColumns, book: CodeBook, **common: Any) -> None:
        self.book = book
        self._applicant = Maker(Applicant, batch=batch, **common)
        self._member = Maker(ApplicantMember)
        self._own: list[Put] = []
        self._members: dict[int, list[Put]] = {}
        for column in layout.columns:
            if column.field in NOT_STORED:
                continue
            position, name = split(column.field)
            if not position:
                self._own.append(self._put(Applicant, column.field, name))
            else:
                puts = self._members.setdefault(position, [])
                puts.append(self._put(ApplicantMember, column.field, name))

    def _put(self, model: type[models.Model], source: str, name: str) -> Put:
        if source == "programme_code":
            return source, "programme_id", None, self.book.programme_ids.get
        column = model._meta.get_field(name)
        empty = None if getattr(column, "null", False) else ""
        return source, name, empty, int if isinstance(column, models.PositiveSmallIntegerField) else None

    def build(self, values: Mapping[str, Any]) -> tuple[Applicant, list[ApplicantMember]]:
        """A draft and the members of its family, search columns filled; members without any value are left out."""
        applicant = self._applicant()
        _fill_in(applicant.__dict__, self._own, values)
        applicant.school_class_id = self.book.class_ids.get(values.get("class_no", ""))
        applicant.name_pinyin = name_pinyin(applicant.name) if applicant.name else ""
        fill(applicant)
        person = {"id_type": applicant.id_type, "id_number": applicant.id_number}
        applicant.no_hukou = lacks_number(person) and applicant.overseas_status in {"", "00"}
        return applicant, list(self._family(applicant, values))

    def _family(self, applicant: Applicant, values: Mapping[str, Any]) -> Iterator[ApplicantMember]:
        for position, puts in self._members.items():
            if all(values.get(source, "") == "" for source, _name, _empty, _read in puts):
                continue
            member = self._member()
            _fill_in(member.__dict__, puts, values)
            member.position = position
            member.applicant = applicant
            fill(member)
            yield member


def _fill_in(target: dict[str, Any], puts: list[Put], values: Mapping[str, Any]) -> None:
    for source, name, empty, read in puts:
        value = values.get(source, "")
        target[name] = empty if value == "" else read(value) if read else value
