"""Chinese personal names for the sample chain: common surnames by frequency, given names by gender."""

import numpy as np

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江"
    "尹薛闫雷黎史龙陶贺毛郝顾龚邵万覃武钱戴严欧莫孔向常"
)
_FEMALE = (
    "芳娜敏静丽艳娟霞婷雪慧莹倩玲燕萍红梅琳洁颖怡佳欣悦涵雨晴诗语思琪梦瑶雅婉清若曦一诺子可馨美玉秀英桂兰淑珍凤"
    "春秋月云珊薇蓉蕾菲岚"
)
_MALE = (
    "伟强磊军洋勇杰涛超明刚平辉鹏华飞宇浩凯建国志文博轩子豪俊峰天佑泽家嘉诚晓东海波振兴永康旭阳立新德胜宏启航思远"
    "鑫锦程一鸣"
)
_SINGLE = 0.2


def draw_names(rng: np.random.Generator, female: np.ndarray) -> list[str]:
    """One full name for each entry of the boolean array, about four in five with two given characters."""
    count = len(female)
    weights = 1 / np.arange(6, len(SURNAMES) + 6)
    surnames = rng.choice(len(SURNAMES), size=count, p=weights / weights.sum()).tolist()
    first = rng.random(count).tolist()
    second = rng.random(count).tolist()
    single = (rng.random(count) < _SINGLE).tolist()
    names = []
    for i, is_female in enumerate(female.tolist()):
        pool = _FEMALE if is_female else _MALE
        given = pool[int(first[i] * len(pool))]
        if not single[i]:
            given += pool[int(second[i] * len(pool))]
        names.append(SURNAMES[surnames[i]] + given)
    return names
