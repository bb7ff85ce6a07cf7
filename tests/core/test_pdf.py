"""What comes out of the printer: pages, words, codes and refusals."""

import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from core import pdf
from core.pdf import PdfFailed, qr_svg, render_pdf

BASE = {"school": "红花小学", "printed_by": "王芳", "printed_at": "2026-11-22 14:05"}
LONG_NAME = "阿不都热合曼·买买提艾力·吐尔逊江·艾合买提江·努尔艾合买提·艾则"
LONG_ADDRESS = "湖北省武汉市东湖新技术开发区" + "关山街道光谷大道七十七号" * 5 + "三单元六号房"
HOSTILE = "#import $x$ *b* _i_ `c` <l> @r // // \\u{41} #panic()"
RARE = "𠮷䶮㛃"
NOWHERE = "\U000323af"
FIELDS = (
    "学校标识码",
    "姓名",
    "性别",
    "出生日期",
    "出生地行政区划代码",
    "籍贯",
    "民族",
    "国籍/地区",
    "身份证件类型",
    "港澳台侨外",
    "健康状况",
    "政治面貌",
    "身份证件号",
    "户口性质",
    "户口所在地行政区划",
    "班号",
    "入学年月",
    "入学方式",
    "就读方式",
    "现住址",
    "通信地址",
    "家庭地址",
    "联系电话",
    "邮政编码",
    "是否独生子女",
    "是否受过学前教育",
    "是否留守儿童",
    "是否需要申请资助",
    "是否享受一补",
    "是否孤儿",
    "是否烈士或优抚子女",
    "关系说明",
    "是否监护人",
    "是否进城务工人员随迁子女",
    "学籍辅号",
    "家长一（签字）",
    "家长二（签字）",
    "经办人",
    "部门负责人（签字）",
    "档案室（盖章）",
)


def pages(content: bytes) -> list[str]:
    """The words of each page; lines joined, so that a wrapped cell reads as one, and each tick beside its words."""
    with pypdfium2.PdfDocument(content) as document:
        return [
            page.get_textpage().get_text_bounded().replace("\r\n", "").replace("✓ ", "✓") for page in document
        ]


def codes(content: bytes, page: int = 0) -> set[str]:
    with pypdfium2.PdfDocument(content) as document:
        picture = document[page].render(scale=200 / 72).to_pil()
    return {code.text for code in zxingcpp.read_barcodes(picture)}


def jpeg(colour: tuple[int, int, int] = (150, 190, 235)) -> bytes:
    with tempfile.TemporaryFile() as file:
        Image.new("RGB", (358, 441), colour).save(file, "JPEG")
        file.seek(0)
        return file.read()


def roster(*pupils: dict) -> dict:
    return {
        **BASE,
        "classes": [{"number": "HM-2026-000001", "class_name": "一年级（3）班", "pupils": list(pupils)}],
    }


def pupil(seat: int, name: str = "王小明", sex: str = "1") -> dict:
    return {
        "seat_no": seat,
        "student_no": f"20261030{seat:02}",
        "name": name,
        "sex": sex,
        "birth_date": "2019-09-15",
    }


def card(**fields: object) -> dict:
    return {
        "number": "KA-2026-000001",
        "name": "王小明",
        "sex": "男",
        "birth_date": "2019-09-15",
        "photo": jpeg(),
        "current_address": LONG_ADDRESS,
        "home_address": LONG_ADDRESS,
        "family": [
            {"name": "王强", "relation": "父亲", "is_guardian": True, "phone": "13800001111"},
            {"name": LONG_NAME, "relation": "母亲", "is_guardian": False, "address": LONG_ADDRESS},
        ],
        "changes": [
            {"date": "2027-03-01", "kind": "转学（转出）", "reason": "随父母迁居", "document": "武教3号"}
        ],
        "rewards": [{"date": "2026-12-30", "kind": "奖励", "title": "三好学生", "issuer": "红花小学"}],
        **fields,
    }


def filled(**fields: object) -> dict:
    values = {"name": "王小明", "sex": "1", "id_type": "1", "birth_date": "2019-09-15", "is_orphan": False}
    members = [{"name": "王强", "relation": "51", "is_guardian": True}]
    return {
        "number": "CJ-2026-000123",
        "class_name": "一年级（3）班",
        "values": values,
        "members": members,
        **fields,
    }


def test_a_roster_of_sixty_counts_its_pages_and_its_pupils() -> None:
    pupils = [pupil(seat, sex="12"[seat % 2]) for seat in range(1, 61)]
    printed = pages(render_pdf("class_roster", roster(*pupils)))
    assert len(printed) == 2
    assert "第 1 页" in printed[0]
    assert "共 2 页" in printed[0]
    assert "HM-2026-000001" in printed[1]
    assert "2019年9月15日" in printed[0]
    assert all("座号" in page and "出生日期" in page for page in printed), "the head is repeated"
    assert "合计 60 人，其中男 30 人，女 30 人" in printed[1]
    assert "打印人：王芳" in printed[0]


def test_each_class_starts_a_page_and_counts_its_own() -> None:
    classes = [
        {
            "number": f"HM-{number}",
            "class_name": f"{number}班",
            "pupils": [pupil(seat) for seat in range(1, count)],
        }
        for number, count in ((1, 61), (2, 5))
    ]
    printed = pages(render_pdf("class_roster", {**BASE, "classes": classes}))
    assert [("共 2 页" in page, "共 1 页" in page) for page in printed] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    assert "HM-2" in printed[2]


def test_an_empty_class_says_so() -> None:
    assert "本班暂无学生" in pages(render_pdf("class_roster", roster()))[0]


def test_the_file_says_that_it_is_pdf_a_2b_and_names_nobody() -> None:
    content = render_pdf("student_card", {**BASE, "cards": [card()]})
    assert b"<pdfaid:part>2</pdfaid:part>" in content
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in content
    with pypdfium2.PdfDocument(content) as document:
        assert document.get_metadata_dict()["Title"] == "学籍卡"


def test_names_are_never_markup() -> None:
    printed = pages(render_pdf("class_roster", roster(pupil(1, name=HOSTILE))))[0]
    assert HOSTILE in printed


def test_control_and_direction_characters_are_left_out() -> None:
    assert "王小明" in pages(render_pdf("class_roster", roster(pupil(1, name="王\u202e小\x00明\u200b"))))[0]


@pytest.mark.requirement("S2-5-F02", "S1-2.6-5")
def test_rare_and_long_names_print() -> None:
    printed = pages(
        render_pdf("class_roster", roster(pupil(1, name=RARE), pupil(2, name=LONG_NAME), pupil(3, "a" * 36)))
    )
    assert RARE in printed[0]
    assert LONG_NAME in printed[0]
    assert "a" * 36 in printed[0]


def test_a_character_that_no_font_has_names_the_character_and_the_person() -> None:
    name = f"王{NOWHERE}明"
    with pytest.raises(PdfFailed) as refusal:
        render_pdf("class_roster", roster(pupil(1, name="李红"), pupil(2, name=name)))
    assert refusal.value.code == "missing_glyph"
    assert refusal.value.character == NOWHERE
    assert refusal.value.person == name
    assert "U+323AF" in refusal.value.message
    assert refusal.value.message.startswith(name)
    assert "王" not in str(refusal.value), "what is logged holds no name"
    assert not {"王", "明", NOWHERE} & set(refusal.value.lasting), "what a job keeps holds none either"


def test_the_person_is_found_in_a_collection_form_too() -> None:
    values = {"name": "王小明", "current_address": f"{NOWHERE}村"}
    with pytest.raises(PdfFailed) as refusal:
        render_pdf("collection_form", {**BASE, "forms": [filled(values=values)]})
    assert refusal.value.person == "王小明"
    assert refusal.value.lasting.startswith(str(filled(values=values)["number"]))


def test_a_broken_picture_is_refused() -> None:
    for photo in (b"no picture", jpeg()[:200]):
        with pytest.raises(PdfFailed) as refusal:
            render_pdf("student_card", {**BASE, "cards": [card(photo=photo)]})
        assert refusal.value.code == "picture"


def test_an_unknown_form_is_a_mistake_of_ours() -> None:
    for name in ("nothing", "../settings", "student-card"):
        with pytest.raises(ValueError, match="No printed form"):
            render_pdf(name, {})


def test_a_card_with_long_values_stays_on_one_page() -> None:
    content = render_pdf("student_card", {**BASE, "purpose": "升学", "cards": [card()]})
    printed = pages(content)
    assert len(printed) == 1
    assert printed[0].count(LONG_ADDRESS) == 3
    for words in ("仅供升学使用", "档案室（盖章）", "三好学生", "转学（转出）", LONG_NAME):
        assert words in printed[0]
    assert codes(content) == {"KA-2026-000001"}


def test_a_card_without_values_prints_dashes() -> None:
    printed = pages(render_pdf("student_card", {**BASE, "cards": [{"name": "李红"}]}))
    assert len(printed) == 1
    assert "曾用名 —" in printed[0]


def test_a_class_of_45_cards_keeps_the_seat_order() -> None:
    photo = jpeg()
    cards = [card(number=f"KA-{seat:03}", name=f"学生{seat:03}", photo=photo) for seat in range(45)]
    content = render_pdf("student_card", {**BASE, "cards": cards})
    printed = pages(content)
    assert len(printed) == 45
    assert all(f"学生{seat:03}" in page and f"KA-{seat:03}" in page for seat, page in enumerate(printed))
    assert codes(content, 44) == {"KA-044"}


def test_a_blank_collection_form_asks_every_field() -> None:
    content = render_pdf("collection_form", BASE)
    printed = pages(content)
    assert len(printed) == 2
    text = "".join(printed)
    for words in FIELDS:
        assert words in text, words
    assert "✓" not in text
    assert codes(content) == set()


def test_a_filled_collection_form_ticks_and_can_be_found_by_its_scan() -> None:
    content = render_pdf("collection_form", {**BASE, "forms": [filled()]})
    text = "".join(pages(content))
    for words in ("✓男", "✓居民身份证", "✓父亲", "2019年9月15日", "王强"):
        assert words in text
    assert "✓女" not in text
    assert codes(content, 0) == codes(content, 1) == {"CJ-2026-000123"}, "each page leads to its pupil"


def test_an_answer_that_was_not_given_is_not_ticked() -> None:
    text = "".join(
        pages(render_pdf("collection_form", {**BASE, "forms": [filled(values={"name": "李红"}, members=[])]}))
    )
    assert "✓" not in text


def test_code_lists_of_the_school_replace_the_built_in_ones() -> None:
    data = {**BASE, "options": {"sex": [["1", "男生"], ["2", "女生"]]}, "forms": [filled()]}
    assert "✓男生" in "".join(pages(render_pdf("collection_form", data)))


def test_a_college_collects_its_own_fields() -> None:
    form = filled(
        values={"name": "张三", "exam_no": "26420111150123", "level": "专升本", "programme_name": "软件工程"}
    )
    text = "".join(pages(render_pdf("collection_form", {**BASE, "layout": "he", "forms": [form]})))
    for words in ("26420111150123", "✓专升本", "软件工程", "学习形式", "预计毕业日期", "学生（签字）"):
        assert words in text
    assert "家长一" not in text


VOCATIONAL = {
    "exam_no": "26420111150123",
    "programme_code": "710201",
    "programme_name": "计算机应用",
    "years": "3",
    "study_form": "1",
    "national_no": "G420106201009150012",
}
FORMS_OF_STUDY = {"study_form": [["1", "普通全日制"], ["2", "业余"]]}


def test_a_vocational_school_collects_a_middle_schools_fields_and_the_study() -> None:
    data = {**BASE, "layout": "vocational", "options": FORMS_OF_STUDY}
    blank = pages(render_pdf("collection_form", data))
    text = "".join(blank)
    assert len(blank) == 2
    for words in (*FIELDS, "考生号", "专业代码", "专业名称", "学制", "学习形式", "报名时间", "学生（签字）"):
        assert words in text, words
    assert "中等职业教育" in text
    assert "学籍号" not in text.replace("学籍辅号", "")
    values = {"name": "王小明", **VOCATIONAL}
    content = render_pdf("collection_form", {**data, "present": True, "forms": [filled(values=values)]})
    text = "".join(pages(content))
    for words in ("710201", "计算机应用", "✓普通全日制", "学籍号", "G420106201009150012"):
        assert words in text, words


K12 = {"原就读学校": "Previous school", "籍贯": "Native place"}
STUDIES = {"专业代码": "Programme code", "考生号": "Exam number"}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("layout", "asked", "not_asked"),
    [
        ("k12", K12, {"专业": "Programme", "考生号": "Exam number"}),
        ("vocational", {**K12, **STUDIES}, {"层次": "Level", "分院": "College"}),
        (
            "he",
            {**STUDIES, "层次": "Level", "分院": "College", "预计毕业": "To graduate", "电子信箱": "E-mail"},
            {"籍贯": "Native place", "户口性质": "Hukou type"},
        ),
    ],
)
def test_each_kind_of_school_has_its_own_card_on_one_page(
    lang: str, layout: str, asked: dict[str, str], not_asked: dict[str, str]
) -> None:
    family = [] if layout == "he" else card()["family"]
    one = card(layout=layout, name=RARE, family=family, **VOCATIONAL)
    (text,) = pages(render_pdf("student_card", {**BASE, "lang": lang, "cards": [one]}))
    assert RARE in text
    assert layout != "vocational" or "计算机应用" in text
    words = [(word if lang == "zh" else asked[word]) for word in asked]
    unasked = [(word if lang == "zh" else not_asked[word]) for word in not_asked]
    assert [word for word in words if word not in text] == []
    assert [word for word in unasked if word in text] == []


def test_a_roster_of_a_programme_lists_exam_numbers_and_names_the_counsellor() -> None:
    listed = {
        "programme": "计算机应用 710201",
        "adviser": "李䶮",
        "adviser_word": "辅导员",
        "pupils": [{**pupil(1, name=LONG_NAME), "exam_no": "26420111150123"}],
    }
    (text,) = pages(render_pdf("class_roster", {**BASE, "classes": [listed]}))
    for words in ("专业：计算机应用 710201", "辅导员：李䶮", "辅导员（签字）", "26420111150123", LONG_NAME):
        assert words in text
    assert "班主任" not in text


def test_a_public_list_of_freshmen_shows_programmes_instead_of_classes() -> None:
    person = {"name": "王小明", "sex": "1", "programme": "软件工程", "id_number": "420"}
    (text,) = pages(render_pdf("public_list", {**BASE, "lists": [{"people": [person]}]}))
    assert "软件工程" in text
    assert "班级" not in text


@pytest.mark.requirement("S2-4-5")
def test_a_public_list_shows_three_characters_of_the_id_number_and_no_more() -> None:
    person = {"name": "王小明", "sex": "1", "class_name": "一年级（3）班", "id_number": "420106201909150012"}
    people = [person] * 45
    lists = [
        {
            "number": "GS-1",
            "subject": "2026年秋季新生",
            "from": "2026-08-20",
            "to": "2026-08-26",
            "people": people,
        }
    ]
    content = render_pdf("public_list", {**BASE, "lists": lists})
    text = "".join(pages(content))
    assert text.count("420***************") == 45
    assert "4201" not in text
    assert "公示期：2026年8月20日至2026年8月26日" in text
    assert "共 45 人" in text


@pytest.mark.parametrize(
    ("template", "key", "item", "words"),
    [
        (
            "class_roster",
            "classes",
            {"pupils": [pupil(1)]},
            ("Class roster", "Seat", "15 September 2019", "Total 1"),
        ),
        ("student_card", "cards", card(), ("School record card", "Ethnic group", "Archives (stamp)", "Yes")),
        ("collection_form", "forms", filled(), ("Student information form", "✓Male", "Parent 1 (signature)")),
        (
            "public_list",
            "lists",
            {"subject": "New students 2026", "people": []},
            ("Public list", "ID number"),
        ),
    ],
)
def test_the_english_edition_speaks_english(
    template: str, key: str, item: dict, words: tuple[str, ...]
) -> None:
    printed = pages(render_pdf(template, {**BASE, "lang": "en", key: [item]}))
    assert all(any(word in page for page in printed) for word in words)
    assert "Page 1 of" in printed[0]
    assert "签字" not in "".join(printed)


def test_a_qr_code_carries_its_text() -> None:
    assert b"<svg" in qr_svg("CJ-2026-000123")
    assert codes(render_pdf("class_roster", roster(pupil(1)))) == {"HM-2026-000001"}


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    render_pdf("student_card", {**BASE, "cards": [card()]})
    with pytest.raises(PdfFailed):
        render_pdf("student_card", {**BASE, "cards": [card(note=NOWHERE)]})
    assert list(tmp_path.iterdir()) == []


def test_threads_print_side_by_side() -> None:
    found: dict[int, list[str]] = {}

    def work(number: int) -> None:
        found[number] = pages(render_pdf("class_roster", roster(pupil(1, name=f"学生{number}"))))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(f"学生{number}" in found[number][0] for number in range(4))


def test_a_child_of_a_process_that_printed_prints_too() -> None:
    program = """
import os, signal
from core.pdf import PdfFailed, render_pdf
first = render_pdf("class_roster", {"classes": [{"pupils": []}]})
child = os.fork()
if child == 0:
    signal.alarm(30)
    assert len(render_pdf("class_roster", {"classes": [{"pupils": []}]})) > 1000
    try:
        render_pdf("class_roster", {"classes": [{"pupils": [{"name": "\\U000323af"}]}]})
    except PdfFailed as fault:
        os._exit(7 if fault.code == "missing_glyph" else 8)
    os._exit(9)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=pdf.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 7, done.stderr


def test_without_any_font_the_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_families", lambda: ("DejaVu Sans Mono",))
    with pytest.raises(PdfFailed) as refusal:
        render_pdf("class_roster", roster(pupil(1)))
    assert refusal.value.code == "font"
