"""The list scaffold: what a reader sees, what an address holds, what the database is asked."""

import json
import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.safestring import SafeString

from core.listpage import BulkAct, Column, Empty, Filter, ListPage
from core.templatetags.xueji import badge

pytestmark = pytest.mark.django_db

ROOM = "listpage"
TEMPLATE = '{% include "components/list.html" %}'


class KindList(ListPage[ContentType]):
    name = "tests.kinds"
    columns: Sequence[Column[ContentType]] = (
        Column("name", "Name", lambda row: row.model, sort=("model",), fixed=True, link=True, css="name"),
        Column("room", "Room", lambda row: row.app_label, sort=("app_label",)),
        Column("state", "State", lambda row: badge("green", row.app_label)),
        Column("number", "Number", lambda row: row.pk, default=False, css="num"),
    )
    filters: Sequence[Filter] = (
        Filter("q", "Name", "text", lambda rows, text: rows.filter(model__contains=text)),
        Filter("room", "Room", "choice", "app_label", choices=[(f"{ROOM}-a", "A"), (f"{ROOM}-b", "B")]),
        Filter("since", "Since", "date", lambda rows, day: rows.filter(pk__gt=0) if day else rows),
    )
    default_sort = "name"
    empty = Empty("Nothing yet", "Enter the first.", "/new/", "New")

    def row_url(self, row: ContentType) -> str:
        return f"/kinds/{row.pk}/"


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., HttpRequest]:
    """Make requests of one session."""
    session = SessionStore()
    session.create()

    def render(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        engine = engines["django"]
        found = engine.get_template(template) if template.endswith(".html") else engine.from_string(template)
        return HttpResponse(found.render(context, request))

    monkeypatch.setattr("core.listpage.render", render)

    def make(query: str = "", post: dict[str, Any] | None = None, *, fragment: bool = False) -> HttpRequest:
        headers = {"HX-Request": "true", "HX-Target": "list-results"} if fragment else {}
        factory = RequestFactory(headers=headers)
        request = factory.get(f"/kinds/{query}") if post is None else factory.post(f"/kinds/{query}", post)
        request.session = session
        request.user = AnonymousUser()
        return request

    return make


def kinds(count: int, room: str = f"{ROOM}-a") -> None:
    rows = [ContentType(app_label=room, model=f"kind{number:04d}") for number in range(count)]
    ContentType.objects.bulk_create(rows)


def listed(request: HttpRequest, **more: Any) -> KindList:
    rows = ContentType.objects.filter(app_label__startswith=ROOM)
    return KindList(request, rows, user=request.user, **more)


def text(response: HttpResponse) -> str:
    return response.content.decode()


def names(page: KindList) -> list[str]:
    return [re.sub(r"<[^>]+>", "", row.cells[0]) for row in page.rows]


def test_pages_show_every_row_once_though_all_sort_values_are_equal(ask: Callable[..., HttpRequest]) -> None:
    kinds(45)
    seen = [names(listed(ask(f"?sort=-room&page={number}"))) for number in (1, 2, 3)]
    assert [len(page) for page in seen] == [20, 20, 5]
    assert len({name for page in seen for name in page}) == 45


def test_sorting_takes_declared_columns_only(ask: Callable[..., HttpRequest]) -> None:
    kinds(3)
    assert names(listed(ask("?sort=-name"))) == ["kind0002", "kind0001", "kind0000"]
    assert listed(ask("?sort=state")).ordering == ["model", "pk"]
    assert listed(ask("?sort=app_label__secret")).ordering == ["model", "pk"]


@pytest.mark.parametrize("number", ["0", "-3", "x", "٣", "9" * 40])
def test_a_page_number_that_makes_no_sense_gives_a_page(ask: Callable[..., HttpRequest], number: str) -> None:
    kinds(25)
    page = listed(ask(f"?page={number}"))
    assert page.page in {1, 2}
    assert names(page)


def test_the_count_stops_at_its_limit(ask: Callable[..., HttpRequest]) -> None:
    kinds(1001)
    page = listed(ask())
    assert page.count_text == "1,000+"
    assert page.has_next
    ContentType.objects.get(app_label=f"{ROOM}-a", model="kind0000").delete()
    assert listed(ask()).count_text == "1,000"


def test_words_stay_out_of_every_address(ask: Callable[..., HttpRequest]) -> None:
    kinds(30)
    response = listed(ask(post={"list_form": "filter", "q": "kind000", "sort": "-name"})).respond(TEMPLATE)
    assert response.status_code == 302
    address = response.headers["Location"]
    assert "kind000" not in address
    page = listed(ask(address.removeprefix("/kinds/")))
    assert names(page)[0] == "kind0009"
    assert page.total == 10
    shown = text(page.respond(TEMPLATE))
    assert 'value="kind000"' in shown
    assert not re.search(r'(?:href|action|hx-get)="[^"]*kind000["&]', shown)
    typed_in_address = listed(ask("?q=kind0001"))
    assert typed_in_address.total == 30


def test_a_sign_that_the_database_cannot_hold_is_left_out_of_the_words(
    ask: Callable[..., HttpRequest],
) -> None:
    kinds(3)
    response = listed(ask(post={"list_form": "filter", "q": "kind\0" + "0001"})).respond(TEMPLATE)
    assert names(listed(ask(response.headers["Location"].removeprefix("/kinds/")))) == ["kind0001"]


def test_filters_take_their_choices_only_and_say_what_is_no_date(ask: Callable[..., HttpRequest]) -> None:
    kinds(3)
    kinds(2, f"{ROOM}-b")
    assert listed(ask(f"?room={ROOM}-b")).total == 2
    assert listed(ask("?room=elsewhere")).total == 5
    assert listed(ask("?since=20260901")).total == 5
    faulty = listed(ask("?since=2026-99-99"))
    assert faulty.total == 5
    assert 'aria-invalid="true"' in text(faulty.respond(TEMPLATE))


def test_htmx_gets_the_part_that_the_page_includes(ask: Callable[..., HttpRequest]) -> None:
    kinds(3)
    whole = text(listed(ask("?sort=-name")).respond(TEMPLATE))
    part = listed(ask("?sort=-name", fragment=True)).respond(TEMPLATE)
    token = r'value="\w{64}"'
    assert re.sub(token, "", text(part).strip()) in re.sub(token, "", whole)
    assert part.headers["HX-Replace-Url"] == "/kinds/?sort=-name"
    assert "<form class=" not in text(part).split("xj-results-head")[0]


def test_columns_size_and_density_are_remembered(ask: Callable[..., HttpRequest]) -> None:
    kinds(60)
    choice = {
        "list_form": "settings",
        "columns_shown": "1",
        "column": ["number", "unknown"],
        "size": "50",
        "density": "compact",
    }
    response = listed(ask(f"?room={ROOM}-a&page=2", post=choice)).respond(TEMPLATE)
    assert response.headers["Location"] == f"/kinds/?room={ROOM}-a"
    page = listed(ask())
    assert [column.key for column in page.shown_columns] == ["name", "number"]
    assert (page.size, page.density, len(page.rows)) == (50, "compact", 50)
    for size in ("5000", "²", "x", ""):
        listed(ask(post={**choice, "size": size, "density": "tiny"})).respond(TEMPLATE)
    assert (listed(ask()).size, listed(ask()).density) == (50, "compact")


def test_the_number_of_queries_does_not_grow_with_the_rows(ask: Callable[..., HttpRequest]) -> None:
    def queries() -> int:
        request = ask()
        request.session.get("loaded")
        with CaptureQueriesContext(connection) as captured:
            listed(request).respond(TEMPLATE)
        return len(captured)

    kinds(3)
    few = queries()
    kinds(15, f"{ROOM}-b")
    assert queries() == few == 2


def test_cells_are_escaped_and_only_links_lead_on(ask: Callable[..., HttpRequest]) -> None:
    ContentType.objects.create(app_label=f"{ROOM}-a", model="<script>alert(1)</script>")
    shown = text(listed(ask()).respond(TEMPLATE))
    assert "<script>alert(1)" not in shown
    assert re.search(r'<td class="name" data-label="Name"><a href="/kinds/\d+/">&lt;script', shown)


def test_two_kinds_of_nothing(ask: Callable[..., HttpRequest]) -> None:
    nothing = text(listed(ask()).respond(TEMPLATE))
    assert "Nothing yet" in nothing
    assert 'href="/new/"' in nothing
    kinds(1)
    no_match = listed(ask(f"?room={ROOM}-b"))
    assert no_match.empty_kind == "no_match"
    assert 'href="/kinds/"' in text(no_match.respond(TEMPLATE))


def test_bulk_acts_post_the_keys_of_ticked_rows(ask: Callable[..., HttpRequest]) -> None:
    kinds(2)
    act = BulkAct("Approve", "/approve/", primary=True)
    shown = text(listed(ask(), bulk=[act]).respond(TEMPLATE))
    keys = {str(pk) for pk in ContentType.objects.filter(app_label=f"{ROOM}-a").values_list("pk", flat=True)}
    assert set(re.findall(r'name="ids" value="(\d+)"', shown)) == keys
    assert 'formaction="/approve/"' in shown
    assert 'name="ids"' not in text(listed(ask()).respond(TEMPLATE))


def test_an_export_takes_all_rows_that_pass_and_the_shown_columns(ask: Callable[..., HttpRequest]) -> None:
    kinds(25)
    kinds(5, f"{ROOM}-b")
    rows = list(listed(ask(f"?room={ROOM}-a&sort=-name&page=2")).export_rows())
    assert rows[0] == ["Name", "Room", "State"]
    assert rows[1][:2] == ["kind0024", f"{ROOM}-a"]
    assert len(rows) == 26


def test_a_badge_escapes_text_even_after_the_same_text_came_as_safe_html() -> None:
    assert "<b>x</b>" in badge("grey", SafeString("<b>x</b>"))
    assert "&lt;b&gt;x&lt;/b&gt;" in badge("grey", "<b>x</b>")
    with pytest.raises(KeyError):
        badge("pink", "x")


def test_typed_words_do_not_lie_readable_in_the_session(ask: Callable[..., HttpRequest]) -> None:
    kinds(3)
    request = ask(post={"list_form": "filter", "q": "420106201906030017"})
    listed(request).respond(TEMPLATE)
    assert "420106201906030017" not in json.dumps(dict(request.session.items()))
    before = dict(request.session.items())
    listed(ask(post={"list_form": "filter", "q": "420106201906030017"})).respond(TEMPLATE)
    assert dict(request.session.items()) == before


class PlainList(KindList):
    """The same list from named tuples, of the columns that are shown."""

    name = "tests.plain"
    columns = (
        Column(
            "name", "Name", lambda row: row.model, sort=("model",), fixed=True, link=True, reads=("model",)
        ),
        Column("room", "Room", lambda row: row.app_label, sort=("app_label",), reads=("app_label",)),
        Column("number", "Number", lambda row: row.pk, default=False, reads=("pk",)),
    )

    def dressed(self, rows: Any) -> Any:
        return rows.values_list("pk", *(path for path in self.shown_paths if path != "pk"), named=True)


def plain(request: HttpRequest) -> PlainList:
    rows = ContentType.objects.filter(app_label__startswith=ROOM)
    return PlainList(request, rows, user=request.user)


def test_a_list_may_ask_for_the_shown_columns_alone(ask: Callable[..., HttpRequest]) -> None:
    kinds(25)
    page = plain(ask("?page=2"))
    with CaptureQueriesContext(connection) as queries:
        assert len(page.rows) == 5
    assert '"app_label"' in queries[-1]["sql"]
    assert page.rows[0].cells[0].count('<a href="/kinds/') == 1
    plain(ask(post={"list_form": "settings", "columns_shown": "1", "column": "number"})).respond(TEMPLATE)
    with CaptureQueriesContext(connection) as queries:
        assert len(plain(ask()).rows) == 20
    shown = queries[-1]["sql"].partition(" FROM ")[0]
    assert "app_label" not in shown


def test_words_are_looked_for_among_what_the_other_filters_leave(ask: Callable[..., HttpRequest]) -> None:
    """A search that stops at a bound must not spend it on rows that another filter takes away."""
    kinds(5, f"{ROOM}-a")
    kinds(5, f"{ROOM}-b")

    class Bounded(KindList):
        filters = (
            Filter(
                "q",
                "Name",
                "text",
                lambda rows, text: rows.filter(pk__in=rows.order_by("pk").values("pk")[:3]),
            ),
            *KindList.filters[1:],
        )

    rows = ContentType.objects.filter(app_label__startswith=ROOM)
    request = ask(post={"list_form": "filter", "q": "kind", "room": f"{ROOM}-b"}, fragment=True)
    page = Bounded(request, rows, user=request.user)
    assert {row.app_label for row in page.objects} == {f"{ROOM}-b"}
    assert len(page.objects) == 3


@pytest.mark.parametrize("label", ["<b>1</b>", 'a"b', "a&b", "甲'乙"])
def test_options_are_escaped_each(ask: Callable[..., HttpRequest], label: str) -> None:
    class Options(KindList):
        filters = (Filter("room", "Room", "choice", "app_label", choices=[("x", "plain"), (label, label)]),)

    request = ask(f"?room={quote(label)}")
    page = Options(request, ContentType.objects.none(), user=request.user)
    html = page.shown_filters[0].options_html
    shown = escape(label)
    assert html == f'<option value="x">plain</option><option value="{shown}" selected>{shown}</option>'


def test_one_cell_leads_a_row_on_phones_and_the_whole_row_follows_its_link(
    ask: Callable[..., HttpRequest],
) -> None:
    """A name leads where there is one; elsewhere the first cell that phones show."""
    kinds(1)
    unnamed = plain(ask()).rows[0].cells
    assert 'class="link lead"' in unnamed[0]
    assert "lead" not in unnamed[1]

    class Named(PlainList):
        columns = (
            *PlainList.columns,
            Column("by", "By", lambda row: row.model, css="name", reads=("model",)),
        )

    named = Named(ask(), ContentType.objects.filter(app_label__startswith=ROOM), user=plain(ask()).user)
    assert 'class="link"' in named.rows[0].cells[0]
    assert "lead" not in "".join(named.rows[0].cells)
