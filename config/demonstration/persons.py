"""Invented persons as text by field, the way a clerk would type them. No name, number or address belongs to anybody."""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from config.demonstration.units import SCHOOL_CODE
from core.idnumber import check_character

SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜谢邹喻柏水窦章云苏潘葛范彭郎鲁韦马苗"
)
BOYS = "浩宇轩泽铭睿晨博航翔诚毅凯峰岩松辰瑞霖启"
GIRLS = "欣怡涵雨桐梦琪诗悦萱瑶颖妍婉菲蕊岚清雅舒"
MEN = "建国志强军勇明辉斌文海涛立新永安长江"
WOMEN = "秀英丽华桂芳玉兰春梅淑珍红霞艳敏静洁"
COMPOUND = ("欧阳", "上官", "司马")
PLACES = (
    ("420102", "湖北省武汉市江岸区"),
    ("430102", "湖南省长沙市芙蓉区"),
    ("360102", "江西省南昌市东湖区"),
    ("510104", "四川省成都市锦江区"),
    ("330106", "浙江省杭州市西湖区"),
)
STREETS = ("春晖路", "书院街", "湖滨路", "兴学路", "梧桐巷", "望江路")
ETHNICITIES = ("01",) * 17 + ("08", "15", "06")
FIRST_MOBILE = 13_900_000_000
"""Mobile numbers are counted up from here, so that everybody sees that they are made up."""


class Persons:
    """A seeded stream of persons; the same every time."""

    def __init__(self, seed: int = 20260901) -> None:
        self._random = random.Random(seed)  # noqa: S311  # invented people, no secret
        self._numbers: set[str] = set()
        self._names: set[str] = set()
        self._phones = iter(range(FIRST_MOBILE, FIRST_MOBILE + 10_000))

    def pupil(self, class_no: str) -> dict[str, str]:
        """A child of the usual age for the class, with both parents, in the national layout."""
        entry_year = int(class_no[:4])
        born = date(entry_year - 7, 9, 1) + timedelta(days=self._random.randrange(365))
        region, place = PLACES[self._random.randrange(len(PLACES))]
        surname = self._surname()
        child = self._person(surname, born, region)
        address = self._address()
        phone = self._phone()
        return {
            "school_code": SCHOOL_CODE,
            **child,
            "birthplace_code": f"{region}000000",
            "native_place": place,
            "nationality": "CHN",
            "overseas_status": "00",
            "health": "1",
            "political_status": "13",
            "hukou_type": self._pick("12"),
            "hukou_region_code": f"{region}000000",
            "class_no": class_no,
            "enrol_month": f"{entry_year}09",
            "admission_way": "11",
            "attendance_mode": "1",
            "current_address": address,
            "mailing_address": address,
            "home_address": address,
            "phone": phone,
            "postcode": "430000",
            "is_only_child": self._pick("01"),
            "had_preschool": "1",
            "left_behind": self._pick("00001"),
            "needs_aid": "0",
            "boarding_subsidy": "0",
            "is_orphan": "0",
            "martyr_or_benefit_child": "0",
            "student_source": "1",
            "migrant_worker_child": self._pick("0001"),
            **dict(self._parents(surname, region, address, phone)),
        }

    def student(self, programme_code: str, class_no: str, exam_no: str) -> dict[str, str]:
        """A young adult in the layout of higher education."""
        born = date(2007, 9, 1) + timedelta(days=self._random.randrange(365))
        region, place = PLACES[self._random.randrange(len(PLACES))]
        return {
            "exam_no": exam_no,
            **self._person(self._surname(), born, region),
            "political_status": self._pick(("03", "03", "13")),
            "programme_code": programme_code,
            "level": "2",
            "study_years": "3",
            "learning_form": "1",
            "enrol_date": "20260901",
            "class_no": class_no,
            "expected_end_on": "20290630",
            "signed_up_on": "20260830",
            "fee_status": self._pick("012"),
            "phone": self._phone(),
            "home_address": f"{place}{self._street()}",
            "postcode": "430000",
        }

    def _parents(self, surname: str, region: str, address: str, phone: str) -> Iterator[tuple[str, str]]:
        parents = ((surname, "51", "1", MEN, phone), (self._surname(), "52", "2", WOMEN, self._phone()))
        for number, (family, relation, sex, given, mobile) in enumerate(parents, start=1):
            born = date(1984, 1, 1) + timedelta(days=self._random.randrange(3650))
            values = {
                "name": family + self._given(given),
                "relation": relation,
                "address": address,
                "hukou_code": f"{region}000000",
                "phone": mobile,
                "is_guardian": "1",
                "id_type": "1",
                "id_number": self._id_number(region, born, sex),
                "ethnicity": "01",
            }
            yield from ((f"member{number}.{field}", text) for field, text in values.items())

    def _person(self, surname: str, born: date, region: str) -> dict[str, str]:
        sex = self._pick("12")
        return {
            "name": self._name(surname, BOYS if sex == "1" else GIRLS),
            "sex": sex,
            "birth_date": f"{born:%Y%m%d}",
            "ethnicity": self._pick(ETHNICITIES),
            "id_type": "1",
            "id_number": self._id_number(region, born, sex),
        }

    def _surname(self) -> str:
        return self._pick(COMPOUND) if self._random.random() < 0.03 else self._pick(SURNAMES)

    def _name(self, surname: str, given: str) -> str:
        while True:
            name = surname + self._given(given)
            if name not in self._names:
                self._names.add(name)
                return name

    def _given(self, characters: str) -> str:
        length = 1 if self._random.random() < 0.2 else 2
        return "".join(self._random.sample(characters, length))

    def _id_number(self, region: str, born: date, sex: str) -> str:
        while True:
            serial = self._random.randrange(1, 500) * 2 - (sex == "1")
            body = f"{region}{born:%Y%m%d}{serial:03}"
            if body not in self._numbers:
                self._numbers.add(body)
                return body + check_character(body)

    def _address(self) -> str:
        return f"云岭市临湖区{self._street()}"

    def _street(self) -> str:
        number, house, room = (self._random.randrange(1, most) for most in (200, 19, 1804))
        return f"{self._pick(STREETS)}{number}号{house}栋{room}室"

    def _phone(self) -> str:
        return str(next(self._phones))

    def _pick(self, options: str | tuple[str, ...]) -> str:
        return self._random.choice(options)
