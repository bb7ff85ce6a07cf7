"""What remains visible of a masked value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.masking import mask_address, mask_email, mask_id_number, mask_name, mask_phone


@pytest.mark.requirement("S2-4-5")
def test_an_id_number_keeps_the_first_three_and_the_last() -> None:
    assert mask_id_number("11010519491231002X") == "110**************X"
    assert mask_id_number("11010519491231002X", posted=True) == "110***************"
    assert mask_id_number("G11010519491231002X") == "G11***************X"
    assert mask_id_number("E12345") == "******"
    assert mask_id_number("") == ""


@given(st.text(alphabet="0123456789X", min_size=7, max_size=20))
def test_at_most_four_characters_of_a_number_show(number: str) -> None:
    masked = mask_id_number(number)
    assert len(masked) == len(number)
    assert sum(shown != "*" for shown in masked) == 4


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812345678", "138****5678"),
        ("+86 13812345678", "138****5678"),
        ("027-87651234", "027-****1234"),
        ("02787651234", "027-****1234"),
        ("0717-6231234", "0717-****1234"),
        ("010-87651234-801", "010-****1234"),
        ("87651234", "****1234"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_phones(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("湖北省武汉市武昌区建设路104号9栋2602室", "湖北省武汉市武昌区***"),
        ("武汉市武昌区建设路104号", "武汉市武昌区***"),
        ("海淀区知春路5号", "海淀区***"),
        ("新疆维吾尔自治区喀什地区喀什市人民路1号", "新疆维吾尔自治区喀什地区喀什市***"),
        ("内蒙古自治区锡林郭勒盟锡林浩特市某街1号", "内蒙古自治区锡林郭勒盟锡林浩特市***"),
        ("凉山彝族自治州木里藏族自治县乔瓦镇3号", "凉山彝族自治州木里藏族自治县***"),
        ("青岛市市北区延安路1号", "青岛市市北区***"),
        ("荆州市沙市区北京路1号", "荆州市沙市区***"),
        ("江西省景德镇市珠山区一号", "江西省景德镇市珠山区***"),
        ("湖南省永州市道县道江镇", "湖南省永州市道县***"),
        ("唐山市路北区新华道", "唐山市路北区***"),
        ("上海市浦东新区张江路", "上海市浦东新区***"),
        ("东莞市南城街道鸿福路1号", "东莞市***"),
        ("东莞市长安镇阳光小区", "东莞市***"),
        ("武昌区菜市场3号", "武昌区***"),
        ("建设路阳光小区3栋", "***"),
        ("Room 3, 5 Garden Road", "***"),
        ("", ""),
    ],
)
def test_an_address_ends_at_its_county(address: str, masked: str) -> None:
    assert mask_address(address) == masked


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王小明", "王*明"),
        ("王明", "王*"),
        ("王", "*"),
        ("欧阳小明", "欧**明"),
        ("买买提·艾力", "买**·*力"),
        ("𠮷野家", "𠮷*家"),
        ("José García", "J*** G***"),
        ("", ""),
    ],
)
def test_names(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("wangxm@example.cn", "w***@example.cn"),
        ("no address", "**********"),
        ("@example.cn", "***********"),
        ("", ""),
    ],
)
def test_an_email_keeps_its_first_letter_and_the_place(value: str, shown: str) -> None:
    assert mask_email(value) == shown
