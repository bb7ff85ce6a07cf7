"""Tags, dates and numbers as readers see them; the menu and the frame."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponseNotAllowed
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from core import errors, formatting, menu, shell
from core.menu import MenuItem
from core.templatetags import xueji
from core.ui import Chart, Marks, Progress, Series


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("zh-hans", ["2026-11-22", "2026-11-22 14:05", "2026-11-22 14:05:09", "2026-09"]),
        (
            "en",
            ["22 Nov 2026", "22 Nov 2026, 14:05", "22 Nov 2026, 14:05:09", "Sep 2026"],
        ),
    ],
)
def test_dates_in_both_languages(language: str, shown: list[str]) -> None:
    at = datetime(2026, 11, 22, 6, 5, 9, tzinfo=UTC)
    with translation.override(language):
        assert shown == [
            formatting.day(at.date()),
            formatting.moment(at),
            formatting.moment_seconds(at),
            formatting.month(date(2026, 9, 1)),
        ]


def test_school_years_and_numbers() -> None:
    with translation.override("en"):
        assert formatting.school_year(2026, 1) == "School year 2026–27, term 1"
        assert formatting.span(date(2026, 9, 1), date(2027, 1, 15)) == "1 Sep 2026 – 15 Jan 2027"
        assert formatting.span(date(2026, 9, 1), None) == "since 1 Sep 2026"
    assert formatting.number(12345) == "12,345"
    assert formatting.size(1_200_000) == "1.2 MB"
    assert [formatting.dash(None), formatting.dash(""), formatting.dash(0)] == ["—", "—", 0]


@pytest.mark.parametrize("typed", ["20261122", "2026-11-22", "2026/11/22", "2026.11.22"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_dates_may_be_typed_in_four_ways(typed: str, language: str) -> None:
    with translation.override(language):
        assert forms.DateField().clean(typed) == date(2026, 11, 22)


class NameForm(forms.Form):
    name = forms.CharField(label="Name", help_text="As on the card")


def rendered(source: str, **values: Any) -> str:
    return Template("{% load xueji %}" + source).render(Context(values))


def test_a_field_names_its_fault_its_help_and_its_mark() -> None:
    form = NameForm({"name": ""})
    shown = rendered("{% field form.name marked=marks %}", form=form, marks=Marks({"name": "Blurred scan"}))
    assert 'aria-describedby="id_name-help id_name-mark id_name-error"' in shown
    assert 'aria-invalid="true"' in shown
    assert "Blurred scan" in shown
    assert 'href="#id_name"' in rendered("{% error_summary form %}", form=form)
    assert not rendered("{% error_summary form %}", form=NameForm()).strip()


def test_a_masked_value_has_a_button_only_for_those_who_may() -> None:
    may = rendered('{% masked "110**************X" "ID" "/reveal/" %}')
    may_not = rendered('{% masked "110**************X" "ID" locked=True %}')
    assert 'data-reveal="/reveal/"' in may
    assert "<button" in may
    assert "<button" not in may_not
    assert "#lock" in may_not


def test_a_chart_has_its_numbers_as_data_and_as_a_table() -> None:
    chart = Chart("c", "Faults", ["</script>"], [Series("Rows", [3])])
    shown = rendered("{% chart chart %}", chart=chart)
    assert "</script>" not in shown
    assert 'data-chart="{&quot;kind&quot;: &quot;bar&quot;' in shown
    assert '<td class="num">3</td>' in shown


def test_a_job_asks_for_itself_until_it_has_ended() -> None:
    running = Progress(50, 200, "running", url="/job/")
    assert running.percent == 25
    assert 'hx-get="/job/"' in rendered("{% job_progress p %}", p=running)
    assert "hx-get" not in rendered("{% job_progress p %}", p=Progress(200, 200, "done", url="/job/"))


def request(*, signed_in: bool = True) -> HttpRequest:
    made = RequestFactory().get("/")
    user = SimpleNamespace(is_authenticated=signed_in, pk=1, get_username=lambda: "T001")
    made.user = user  # type: ignore[assignment]  # all that the frame asks of a user
    made.resolver_match = None
    return made


@pytest.fixture
def own_menu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A menu without the rooms' entries."""
    monkeypatch.setattr(menu, "_items", {})
    monkeypatch.setattr(menu, "_checkers", [])
    yield


@pytest.mark.usefixtures("own_menu")
def test_the_menu_shows_what_the_reader_may_open() -> None:
    menu.register(MenuItem("Health", "health", "tool", "school.look", "system"))
    menu.register(MenuItem("Nowhere", "no:such", "tool"))
    assert menu.build(request()) == []
    menu.set_checker(lambda _user, perm: perm == "school.look")
    [group] = menu.build(request())
    assert [(entry.label, entry.url) for entry in group.entries] == [("Health", "/health/")]
    menu.set_checker(lambda _user, _perm: False)
    assert menu.build(request()) == []
    assert menu.build(request(signed_in=False)) == []
    with pytest.raises(KeyError):
        menu.register(MenuItem("X", "x", "x", group="unknown"))


def test_links_of_the_frame_that_lead_nowhere_are_left_out(settings: Any) -> None:
    settings.SHELL_URLS = {"home": "health", "search": "no:such"}
    assert shell.urls()["home"] == "/health/"
    assert "search" not in shell.urls()


def test_error_pages_say_what_to_do_and_carry_a_number(rf: RequestFactory) -> None:
    asked = rf.get("/")
    refused = errors.not_permitted(asked, PermissionError("Ask <b>Li</b>"))
    assert refused.status_code == 403
    assert "Ask &lt;b&gt;Li&lt;/b&gt;" in refused.content.decode()
    fault = errors.server_error(asked)
    assert fault.status_code == 500
    assert "data-error-number" in fault.content.decode()
    assert errors.not_found(asked).status_code == 404


def test_the_address_of_a_button_opens_a_page_that_says_so(rf: RequestFactory) -> None:
    answered = errors.MethodPage(lambda request: HttpResponseNotAllowed(["POST"]))
    page = answered(rf.get("/", headers={"accept": "text/html"}))
    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert "data-error-text" in page.content.decode()
    for other in (
        rf.get("/", headers={"accept": "application/json"}),
        rf.put("/", headers={"accept": "text/html"}),
    ):
        assert not answered(other).content


def test_icons_carry_words_where_they_stand_alone() -> None:
    assert 'aria-hidden="true"' in xueji.icon("home")
    assert 'aria-label="Home"' in xueji.icon("home", 20, "Home")


def nameless(folder: Path) -> list[str]:
    """Pages of the frame that give the browser's tab no name."""
    pages = {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.html")}
    return sorted(
        path.name
        for path, text in pages.items()
        if '{% extends "base.html" %}' in text and "{% block page_name %}" not in text
    )


def test_every_page_names_the_tab(tmp_path: Path) -> None:
    assert nameless(Path(settings.BASE_DIR) / "templates") == []
    (tmp_path / "planted.html").write_text('{% extends "base.html" %}{% block title %}A{% endblock %}')
    assert nameless(tmp_path) == ["planted.html"]


def test_a_line_breaks_between_two_days_and_never_within_one() -> None:
    shown = rendered("{% span a b %}", a=date(2026, 9, 1), b=date(2027, 1, 15))
    assert shown.count('<span class="xj-nowrap">2026-09-01</span>') == 1
    assert shown.count('<span class="xj-nowrap">2027-01-15</span>') == 1
    with translation.override("en"):
        shown = rendered("{% span a b %}", a=date(2026, 11, 2), b=date(2026, 11, 22))
        since = rendered("{% span a b %}", a=date(2026, 11, 2), b=None)
    whole = '<span class="xj-nowrap">%s</span>'
    assert shown == f"{whole % '2 Nov 2026'} – {whole % '22 Nov 2026'}"
    assert since == f"since {whole % '2 Nov 2026'}"
