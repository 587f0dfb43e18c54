"""The fruit of the sample chain: what it is called, sold by, costs, when it is in season, and how it tastes.

The taste figures are this project's own judgement (no measurement). They are the *hidden truth* of the simulation:
purchases follow them, the database never holds them, and only `--truth` writes them out.
"""

from dataclasses import dataclass

# 甜 酸 脆 多汁 香 软糯 省事 (eaten at once: no knife, no peel, no stone), each 0–10.
AXES = ("sweet", "sour", "crisp", "juicy", "aroma", "soft", "ease")


@dataclass(frozen=True, slots=True)
class Fruit:
    """One article; `price_fen` per 斤/份/个 in a third-tier city, `usual` the amount of an ordinary purchase."""

    code: str
    name: str
    category: str
    variety: str
    unit: str
    price_fen: int
    months: tuple[int, ...]  # in season, in order: the first and the last are its shoulder months
    popularity: float
    usual: float
    taste: tuple[int, ...]


def _months(text: str) -> tuple[int, ...]:
    first, last = (int(part) for part in text.split("-"))
    length = (last - first) % 12 + 1
    return tuple((first - 1 + step) % 12 + 1 for step in range(length))


# code, name, category, variety, unit, fen, season (11-4 runs over the new year), popularity 1–10, usual amount,
# then 甜 酸 脆 多汁 香 软糯 省事.
_TABLE = """
01001 山东红富士苹果      苹果   红富士     jin     690  1-12  9  2.5  7 3 8 7 4 1 6
01002 阿克苏冰糖心苹果    苹果   冰糖心     jin     990  10-4  8  2.5  9 2 8 8 5 1 6
01003 洛川嘎啦苹果        苹果   嘎啦       jin     590  7-10  5  2.5  7 3 7 7 5 2 6
01004 静宁花牛苹果        苹果   花牛       jin     650  9-3   4  2.0  7 1 4 5 6 6 6
01005 新西兰皇后红玫瑰    苹果   红玫瑰     piece   790  4-10  4  3    7 4 9 8 6 1 7
01006 烟台王林青苹果      苹果   王林       jin     780  10-2  3  2.0  7 4 8 8 7 1 6
02001 库尔勒香梨          梨     香梨       jin     880  9-4   6  2.0  8 1 8 9 6 2 6
02002 赵县雪花梨          梨     雪花梨     jin     390  9-3   4  3.0  6 2 7 9 3 1 5
02003 砀山酥梨            梨     酥梨       jin     350  9-3   4  3.0  7 1 7 9 3 2 5
02004 山东秋月梨          梨     秋月       jin     890  8-1   6  2.5  9 1 8 10 5 1 5
02005 莱阳丰水梨          梨     丰水       jin     590  8-11  3  2.5  7 3 6 9 5 3 5
02006 比利时啤梨          梨     啤梨       jin    1280  9-3   2  1.5  7 2 2 8 8 8 5
03001 赣南脐橙            柑橘   脐橙       jin     790  11-3  9  3.0  8 4 2 9 6 2 4
03002 秭归伦晚脐橙        柑橘   伦晚       jin     890  3-5   5  3.0  8 4 2 9 6 2 4
03003 澳洲进口甜橙        柑橘   甜橙       jin    1280  6-10  4  2.5  8 4 2 9 7 2 4
03004 四川爱媛果冻橙      柑橘   爱媛38     jin    1080  10-1  7  2.5  9 2 1 10 6 5 6
03005 云南沃柑            柑橘   沃柑       jin     690  1-5   8  3.0  9 3 2 8 5 2 8
03006 广西砂糖橘          柑橘   砂糖橘     jin     680  11-2  9  3.0  9 2 1 8 5 3 9
03007 四川丑橘不知火      柑橘   不知火     jin     980  2-5   6  3.0  8 4 2 8 7 3 7
03008 平和三红蜜柚        柑橘   三红柚     piece  1990  9-1   5  1    6 4 4 8 5 1 2
03009 以色列葡萄柚        柑橘   西柚       piece   690  11-5  3  3    4 7 2 10 7 2 3
03010 安岳黄柠檬          柑橘   柠檬       piece   250  1-12  3  3    0 10 2 8 9 1 2
03011 象山红美人          柑橘   红美人     portion 4980  11-1 4  1    9 2 1 10 8 6 7
03012 云南蜜橘            柑橘   早熟蜜橘   jin     450  8-11  5  3.0  6 6 1 8 5 3 9
04001 新疆无核白葡萄      葡提   无核白     jin     980  7-10  5  2.0  9 2 5 8 4 3 10
04002 云南阳光玫瑰        葡提   阳光玫瑰   jin    1980  6-12  9  1.5  9 1 7 8 10 2 10
04003 夏黑葡萄            葡提   夏黑       jin     990  6-9   5  2.0  8 3 4 8 6 3 9
04004 巨峰葡萄            葡提   巨峰       jin     790  7-10  6  2.0  7 5 1 9 8 5 7
04005 智利红提            葡提   红提       jin    1380  12-6  6  2.0  7 3 7 7 3 2 9
04006 妮娜皇后葡萄        葡提   妮娜皇后   portion 5980  8-10 2  1    10 2 5 8 9 3 9
04007 秘鲁无籽黑提        葡提   黑提       jin    1590  12-4  4  1.5  8 3 8 7 4 1 10
05001 丹东99草莓          浆果   红颜       portion 3980  12-4 9  1    8 4 2 9 9 6 10
05002 奶油草莓            浆果   章姬       portion 2980  1-4  6  1    8 2 1 8 9 8 10
05003 淡雪白草莓          浆果   淡雪       portion 6980  12-3 2  1    8 2 2 8 10 7 10
05004 云南蓝莓            浆果   蓝莓       portion 1880  12-6 8  2    6 5 4 6 5 4 10
05005 怡颗莓大果蓝莓      浆果   大果蓝莓   portion 2980  2-6  5  1    8 3 6 6 6 3 10
05006 秘鲁蓝莓            浆果   进口蓝莓   portion 2280  8-12 5  2    7 4 5 6 4 3 10
05007 树莓                浆果   红树莓     portion 2580  5-9  2  1    5 7 1 7 9 6 10
05008 仙居东魁杨梅        浆果   东魁       portion 3980  5-7  6  1    6 8 1 10 7 5 8
05009 桑葚                浆果   黑桑       portion 1580  4-6  3  1    8 3 0 9 4 7 9
06001 智利车厘子JJ        核果   车厘子     portion 6980  12-2 8  1    9 3 7 8 6 2 9
06002 大连美早樱桃        核果   美早       portion 4580  5-7  6  1    8 4 6 8 6 3 9
06003 阳山水蜜桃          核果   水蜜桃     jin    1580  6-8   7  2.0  9 2 0 10 10 9 4
06004 脆蜜桃              核果   脆桃       jin     780  6-9   6  2.5  7 3 9 6 6 1 6
06005 黄油桃              核果   黄油桃     jin     890  5-9   6  2.5  7 5 6 8 7 4 7
06006 蟠桃                核果   蟠桃       jin    1180  6-9   4  2.0  9 1 3 8 9 6 6
06007 黄桃锦绣            核果   锦绣黄桃   jin    1080  8-10  4  2.0  7 4 3 7 9 6 5
06008 四川青脆李          核果   青脆李     jin     880  6-9   5  2.0  6 5 9 7 4 1 8
06009 黑布林              核果   黑布林     jin     780  6-9   3  2.0  5 7 4 8 5 5 7
06010 新疆吊干杏          核果   吊干杏     jin    1580  6-8   3  1.5  10 2 2 5 7 5 8
06011 新疆西梅            核果   西梅       jin    1480  8-10  5  1.5  8 3 3 6 5 6 9
07001 麒麟西瓜            瓜     麒麟瓜     jin     290  4-10  10 8.0  8 0 6 10 4 1 2
07002 宁夏硒砂瓜          瓜     硒砂瓜     jin     220  7-9   5  12.0 8 0 7 10 3 1 1
07003 美都西瓜            瓜     美都       jin     320  5-9   6  8.0  9 0 7 10 4 1 2
07004 新疆哈密瓜          瓜     西州蜜     jin     590  6-10  6  4.0  9 0 7 9 7 2 2
07005 海南玉菇甜瓜        瓜     玉菇       jin     880  2-6   4  3.0  9 0 3 9 9 7 3
07006 羊角蜜甜瓜          瓜     羊角蜜     jin     680  4-7   5  2.5  8 0 9 9 7 1 5
07007 网纹瓜              瓜     阿鲁斯     jin    1680  4-11  2  3.0  9 0 2 9 10 7 2
08001 菲律宾香蕉          热带   香蕉       jin     490  1-12  10 2.5  7 1 0 2 6 9 10
08002 广西小米蕉          热带   小米蕉     jin     450  1-12  4  2.0  7 4 0 2 7 9 10
08003 泰国金枕榴莲        热带   金枕       jin    2680  4-9   8  5.0  9 0 0 2 10 10 2
08004 马来西亚猫山王      热带   猫山王     jin    8980  6-9   2  3.5  9 1 0 2 10 10 2
08005 越南干尧榴莲        热带   干尧       jin    2380  8-4   3  5.0  9 1 0 2 9 10 2
08006 海南贵妃芒          热带   贵妃芒     jin     790  1-6   6  2.5  8 3 0 7 8 8 4
08007 攀枝花凯特芒        热带   凯特芒     jin     690  8-11  5  3.0  8 3 1 7 8 7 4
08008 海南水仙芒          热带   水仙芒     jin    1180  2-5   3  2.5  9 1 0 7 9 9 4
08009 泰国山竹            热带   山竹       jin    1580  5-9   7  2.0  8 4 0 9 7 7 5
08010 海南红心火龙果      热带   红心火龙果 jin     790  5-12  7  2.5  7 1 2 8 3 6 6
08011 越南白心火龙果      热带   白心火龙果 jin     590  5-11  4  2.5  5 1 4 9 2 5 6
08012 海南金钻凤梨        热带   金钻凤梨   piece  1980  1-6   6  1    9 4 4 9 10 2 3
08013 增城桂味荔枝        热带   桂味       jin    1990  6-7   7  2.0  9 2 5 9 10 2 6
08014 妃子笑荔枝          热带   妃子笑     jin    1280  5-7   8  2.0  8 4 3 9 8 3 6
08015 石硖龙眼            热带   石硖       jin    1180  7-9   5  2.0  10 0 5 7 7 3 6
08016 智利牛油果          热带   牛油果     piece   690  1-12  4  2    1 0 0 1 3 10 4
08017 佳沛金奇异果        热带   阳光金果   piece   890  5-12  7  4    8 4 1 9 7 7 5
08018 徐香猕猴桃          热带   徐香       jin     780  9-2   5  2.0  7 6 1 8 7 7 4
08019 红心猕猴桃          热带   红阳       jin    1380  9-12  4  1.5  9 3 1 8 8 8 4
08020 台湾莲雾            热带   黑金刚     jin    2380  12-5  3  1.5  6 1 10 9 4 0 9
08021 广西百香果          热带   百香果     jin     980  6-12  4  1.5  5 8 1 9 10 5 3
08022 台湾凤梨释迦        热带   凤梨释迦   piece  2580  12-4  2  1    10 1 1 6 8 9 4
08023 海南木瓜            热带   木瓜       jin     490  1-12  2  3.0  7 0 1 7 5 8 3
08024 红心番石榴          热带   芭乐       jin     680  1-12  3  2.0  5 2 7 5 8 3 6
08025 大青枣              热带   牛奶青枣   jin     980  12-3  6  2.0  8 1 10 8 3 0 9
09001 会理软籽石榴        其他   软籽石榴   jin    1280  9-12  4  2.0  9 2 6 10 4 1 5
09002 沾化冬枣            其他   冬枣       jin    1180  9-11  6  2.0  9 2 10 7 3 0 9
09003 富平脆柿            其他   脆柿       jin     780  10-12 3  2.0  9 0 9 5 4 1 5
09004 火晶柿子            其他   火晶柿     jin     690  10-1  3  2.0  10 0 0 9 6 10 6
09005 莆田枇杷            其他   解放钟     jin    1880  3-5   5  1.5  7 5 1 9 7 6 5
09006 威海无花果          其他   无花果     portion 2580  8-10 3  1    9 0 0 7 7 10 9
09007 仙桃鲜食莲蓬        其他   莲子       piece   390  7-9   2  3    5 0 8 4 4 1 3
"""


def _parse(table: str) -> tuple[Fruit, ...]:
    fruits = []
    for row in table.strip().splitlines():
        code, name, category, variety, unit, price, season, popularity, usual, *taste = row.split()
        fruits.append(
            Fruit(
                code=code, name=name, category=category, variety=variety, unit=unit, price_fen=int(price),
                months=_months(season), popularity=float(popularity), usual=float(usual),
                taste=tuple(int(figure) for figure in taste),
            )
        )  # fmt: skip
    return tuple(fruits)


CATALOGUE = _parse(_TABLE)
