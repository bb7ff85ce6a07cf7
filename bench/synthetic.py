"""Invented people, the same for the same seed: a workbook of pupils, a few rows faulty, and students with families."""

import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from core.idnumber import check_character
from records.models import Enrolment, FamilyMember, Student
from records.search import fill
from school.models import SchoolClass
from tests.support.applicant_files import national_workbook, people

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
GIVEN = (
    "明子涵雨欣浩然梓萱思远佳怡俊杰诗琪轩若曦嘉宁文博可宇航静芳伟强敏磊洋艳勇军娟涛超晨辰泽铭睿瑞凯鑫昊天"
    "翔鹏飞龙志国建华春秋冬夏梅兰竹菊丽娜婷雪晴岚云霞月星辉光耀宏达清心慧颖悦乐安康平和顺祥福禄寿喜庆荣昌"
    "盛茂松柏桐桦枫楠栋梁柱栩妍妮婉仪容雅琳琅玥瑶珊珂璇璐瑾瑜"
)
REGIONS = ("420103", "420104", "420106", "420112", "110101", "310104", "440106", "330106")
STREETS = ("珞喻路", "中山大道", "解放大道", "友谊大道", "和平大道", "民主路", "建设路", "长江路")
FIRST_BIRTH = date(2014, 9, 1)


def workbook(count: int, *, faulty: float = 0.01, seed: int = 20_000) -> bytes:
    """An .xlsx of the national layout. The given share of its rows (rounded down) has one error each."""
    rows = list(people(count, seed=seed))
    chance = random.Random(seed)  # noqa: S311 - invented people, no secrets
    for place, number in enumerate(sorted(chance.sample(range(count), int(count * faulty)))):
        _spoil(rows[number], place)
    return national_workbook(rows)


def _spoil(row: dict[str, str], place: int) -> None:
    kinds = (_wrong_check_character, _other_sex, _short_region, _unknown_code, _empty_cell, _loose_date)
    kinds[place % len(kinds)](row)


def _wrong_check_character(row: dict[str, str]) -> None:
    right = row["身份证件号"][-1]
    row["身份证件号"] = row["身份证件号"][:-1] + ("1" if right != "1" else "2")


def _other_sex(row: dict[str, str]) -> None:
    row["性别"] = "女" if row["性别"] == "男" else "男"


def _short_region(row: dict[str, str]) -> None:
    row["出生地行政区划代码"] = row["出生地行政区划代码"][:6]


def _unknown_code(row: dict[str, str]) -> None:
    row["民族"] = "江城族"


def _empty_cell(row: dict[str, str]) -> None:
    row["现住址"] = ""


def _loose_date(row: dict[str, str]) -> None:
    row["入学年月"] = row["入学年月"][:4] + "." + row["入学年月"][4:]


class Population:
    """Students of given classes, one after the other, each with a different identity number."""

    def __init__(self, classes: Sequence[SchoolClass], *, seed: int = 100_000) -> None:
        self.classes = classes
        self._chance = random.Random(seed)  # noqa: S311 - invented people, no secrets
        self._number = 0
        self._seats = [0] * len(classes)

    def students(self, count: int) -> list[tuple[Student, Enrolment, list[FamilyMember]]]:
        """The next so many students, unsaved, with their search columns filled."""
        return [self._student() for _one in range(count)]

    def _student(self) -> tuple[Student, Enrolment, list[FamilyMember]]:
        number, self._number = self._number, self._number + 1
        place = number % len(self.classes)
        school_class = self.classes[place]
        self._seats[place] += 1
        student = self._person(number, school_class.grade_level)
        enrolment = Enrolment(
            student=student,
            school_id=school_class.school_id,
            unit_id=school_class.unit_id,
            school_class=school_class,
            class_no=school_class.class_no,
            seat_no=self._seats[place],
            student_no=f"{school_class.entry_year}{number:08d}",
            exam_no="",
            enrol_month=f"{school_class.entry_year}09",
            admission_way="11",
            attendance_mode="1",
            started_on=date(school_class.entry_year, 9, 1),
        )
        return student, enrolment, list(self._family(student))

    def _person(self, number: int, grade: int) -> Student:
        days = number % 360
        born = FIRST_BIRTH + timedelta(days=days - 365 * (grade - 6))
        region = REGIONS[number // 360 % len(REGIONS)]
        body = f"{region}{born:%Y%m%d}{number // (360 * len(REGIONS)) % 1000:03d}"
        home = self._home()
        student = Student(
            public_id=uuid.UUID(int=self._chance.getrandbits(128), version=4),
            archive_no=f"BENCH-{number:08d}",
            name=self._name(),
            sex="1" if int(body[-1]) % 2 else "2",
            birth_date=born,
            birthplace_code=f"{region}000000",
            native_place="湖北武汉",
            ethnicity="01",
            nationality="CHN",
            id_type="1",
            id_number=body + check_character(body),
            overseas_status="00",
            health="1",
            political_status="13",
            hukou_type="1",
            hukou_region_code=f"{region}000000",
            current_address=home,
            mailing_address=home,
            home_address=home,
            phone=self._phone(),
            postcode="430070",
            is_only_child=False,
            had_preschool=True,
            left_behind="0",
        )
        fill(student)
        return student

    def _family(self, student: Student) -> Iterator[FamilyMember]:
        for position, relation in ((1, "51"), (2, "52")):
            surname = student.name[0] if position == 1 else self._chance.choice(SURNAMES)
            member = FamilyMember(
                student=student,
                position=position,
                name=surname + self._chance.choice(GIVEN),
                relation=relation,
                address=student.home_address,
                hukou_code=student.hukou_region_code,
                phone=self._phone(),
                is_guardian=True,
                is_first_guardian=position == 1,
                workplace="武汉市第三建筑公司",
            )
            fill(member)
            yield member

    def _name(self) -> str:
        given = self._chance.choices(GIVEN, k=2 if self._chance.random() < 0.85 else 1)
        return self._chance.choice(SURNAMES) + "".join(given)

    def _phone(self) -> str:
        return f"13{self._chance.randrange(10**9):09d}"

    def _home(self) -> str:
        street, house = self._chance.choice(STREETS), self._chance.randrange(1, 900)
        building, flat = self._chance.randrange(1, 30), self._chance.randrange(101, 1800)
        return f"湖北省武汉市洪山区{street}{house}号{building}栋{flat}室"
