"""Readings of characters in names where the everyday reading misleads. All without tones, ü written v."""

from typing import Final

SURNAME_READINGS: Final[dict[str, str]] = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "任": "ren", "盖": "ge",
    "缪": "miao", "朴": "piao", "翟": "zhai", "覃": "qin", "员": "yun", "召": "shao", "折": "she", "乜": "nie",
    "郇": "xun", "郗": "xi", "隗": "wei", "祭": "zhai", "黑": "he", "句": "gou", "繁": "po", "种": "chong",
    "乐": "yue", "尹": "yin", "宓": "mi", "冼": "xian", "洗": "xian", "逄": "pang", "秘": "bi", "重": "chong",
    "哈": "ha", "能": "nai", "适": "kuo", "晁": "chao", "朝": "chao", "车": "che", "过": "guo", "华": "hua",
    "纪": "ji", "柏": "bai", "薄": "bo", "卜": "bu", "臧": "zang", "费": "fei", "贾": "jia", "葛": "ge", "牟": "mu",
    "宁": "ning", "石": "shi", "沈": "shen", "盛": "sheng", "宿": "su", "谌": "chen", "燕": "yan", "应": "ying",
    "於": "yu", "尉": "wei", "相": "xiang", "那": "na", "俞": "yu", "佴": "nai", "幺": "yao", "殷": "yin",
    "阚": "kan", "褚": "chu", "占": "zhan", "令": "ling", "庹": "tuo", "撒": "sa", "鲜": "xian", "炅": "gui",
    "曲": "qu", "訾": "zi", "郄": "qie", "厍": "she", "禚": "zhuo", "万": "wan", "戚": "qi",
}  # fmt: skip
"""How a character is read when it is the surname."""

COMPOUND_SURNAMES: Final[dict[str, tuple[str, str]]] = {
    surname: (first, second)
    for surname, first, second in (
        entry.split()
        for entry in (
            "欧阳 ou yang", "太史 tai shi", "端木 duan mu", "上官 shang guan", "司马 si ma", "东方 dong fang",
            "独孤 du gu", "南宫 nan gong", "万俟 mo qi", "闻人 wen ren", "夏侯 xia hou", "诸葛 zhu ge",
            "尉迟 yu chi", "公羊 gong yang", "赫连 he lian", "澹台 tan tai", "皇甫 huang fu", "宗政 zong zheng",
            "濮阳 pu yang", "公冶 gong ye", "太叔 tai shu", "申屠 shen tu", "公孙 gong sun", "慕容 mu rong",
            "仲孙 zhong sun", "钟离 zhong li", "长孙 zhang sun", "宇文 yu wen", "司徒 si tu", "鲜于 xian yu",
            "司空 si kong", "闾丘 lv qiu", "子车 zi ju", "亓官 qi guan", "司寇 si kou", "巫马 wu ma",
            "公西 gong xi", "颛孙 zhuan sun", "壤驷 rang si", "公良 gong liang", "漆雕 qi diao", "乐正 yue zheng",
            "宰父 zai fu", "谷梁 gu liang", "拓跋 tuo ba", "夹谷 jia gu", "轩辕 xuan yuan", "令狐 ling hu",
            "段干 duan gan", "百里 bai li", "呼延 hu yan", "东郭 dong guo", "南门 nan men", "羊舌 yang she",
            "微生 wei sheng", "梁丘 liang qiu", "左丘 zuo qiu", "东门 dong men", "西门 xi men", "单于 chan yu",
            "第五 di wu", "公祖 gong zu", "纳兰 na lan", "完颜 wan yan", "叶赫 ye he", "贺兰 he lan",
        )
    )
}  # fmt: skip
"""Surnames of two characters and how both are read, when at least one character follows."""

NAME_READINGS: Final[dict[str, tuple[str, ...]]] = {
    "乐": ("le", "yue"), "曾": ("ceng", "zeng"), "单": ("dan", "shan"), "重": ("zhong", "chong"),
    "行": ("xing", "hang"), "长": ("chang", "zhang"), "朝": ("chao", "zhao"), "茜": ("qian", "xi"),
    "盛": ("sheng", "cheng"), "晟": ("sheng", "cheng"), "柏": ("bai", "bo"), "薄": ("bo", "bao"),
    "召": ("zhao", "shao"), "楠": ("nan",), "着": ("zhe", "zhuo"), "曦": ("xi",), "奇": ("qi", "ji"),
    "传": ("chuan", "zhuan"), "调": ("diao", "tiao"), "大": ("da", "dai"), "都": ("du", "dou"),
    "还": ("huan", "hai"), "参": ("can", "shen"), "省": ("sheng", "xing"), "畜": ("chu", "xu"),
    "宿": ("su", "xiu"), "贾": ("jia", "gu"), "车": ("che", "ju"), "石": ("shi", "dan"), "翟": ("zhai", "di"),
    "覃": ("qin", "tan"), "缪": ("miao", "mou"), "朴": ("pu", "piao"), "盖": ("gai", "ge"), "仇": ("chou", "qiu"),
    "区": ("qu", "ou"), "查": ("cha", "zha"), "解": ("jie", "xie"), "员": ("yuan", "yun"), "牟": ("mou", "mu"),
    "葛": ("ge",), "谌": ("chen", "shen"), "冼": ("xian",), "洗": ("xi", "xian"), "隗": ("wei", "kui"),
    "郇": ("xun", "huan"), "郗": ("xi", "chi"), "尉": ("wei", "yu"), "炅": ("jiong", "gui"), "伽": ("jia", "qie"),
    "卜": ("bu", "bo"), "黑": ("hei", "he"), "能": ("neng", "nai"), "种": ("zhong", "chong"), "繁": ("fan", "po"),
    "祭": ("ji", "zhai"), "句": ("ju", "gou"), "折": ("zhe", "she"), "瞿": ("qu",), "说": ("shuo", "yue"),
    "育": ("yu",), "琪": ("qi",), "强": ("qiang", "jiang"), "峙": ("zhi", "shi"), "藏": ("cang", "zang"),
    "秘": ("mi", "bi"), "埔": ("pu", "bu"), "番": ("fan", "pan"), "蔚": ("wei", "yu"), "婼": ("ruo", "chuo"),
    "万": ("wan", "mo"), "俟": ("si", "qi"), "颉": ("jie", "xie"), "亲": ("qin", "qing"), "角": ("jiao", "jue"),
    "郄": ("qie", "xi"), "乜": ("nie", "mie"), "厘": ("li",), "呢": ("ni", "ne"), "了": ("le", "liao"),
    "地": ("di", "de"), "的": ("de", "di"), "得": ("de", "dei"), "艾": ("ai", "yi"), "阿": ("a", "e"),
    "无": ("wu",), "和": ("he",), "红": ("hong",), "若": ("ruo",), "南": ("nan",), "思": ("si",),
}  # fmt: skip
"""Readings of a character inside a name, the likelier first; a search by any of them finds the name."""

RARE_READINGS: Final[dict[str, str]] = {"\U00020bb7": "ji2", "\u4dae": "yan3", "\u36c3": "jie2"}
"""Characters that the pinyin library does not know or knows badly, with a tone digit."""
