"""The sample chain's materials: all themes, pictures drawn here, products that are in season and on the shelf."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from PIL import Image

from communities.models import Material, Theme
from communities.services.content.materials import Content, create_material
from communities.services.content.uploading import keep_content
from communities.simulation import fruit
from stores.models import Product, Staff, StoreProduct

_PEACH, _MINT = ((255, 236, 214), (255, 206, 160)), ((226, 246, 232), (178, 224, 190))
_PINK, _SKY = ((255, 232, 236), (255, 196, 206)), ((228, 240, 252), (184, 212, 240))
_CREAM = ((255, 250, 228), (250, 228, 170))


@dataclass(frozen=True, slots=True)
class _Sample:
    """One material; `codes` are products of the sample catalogue, of which the most stocked one is taken."""

    name: str
    theme: Theme
    text: str
    picture: Callable[[], Image.Image] | None = None
    codes: tuple[str, ...] = ()
    link_title: str = ""  # of a card to the slot's 接龙
    link_description: str = ""


def _heap(draw: Callable[[], Image.Image], ground: tuple[fruit.Colour, fruit.Colour], count: int, size: float, seed: int) -> Callable[[], Image.Image]:  # noqa: E501 -- one line reads better  # fmt: skip
    return lambda: fruit.scene(ground=ground, items=fruit.heap(draw, count=count, size=size, seed=seed))


_FIVE_STARS: list[fruit.Item] = [(fruit.star, 0.2 + 0.15 * n, 0.3, 0.15, 0.0) for n in range(5)]
_SLICES: list[fruit.Item] = [(fruit.melon_slice, 0.36, 0.6, 0.5, 14.0), (fruit.melon_slice, 0.66, 0.66, 0.5, -10.0)]
_SAMPLES = (
    _Sample(
        "早市开团·橙子", Theme.OFFER,
        "早上好，{店名}今天的{商品}到了，{价格}。\n"
        "果园直发，皮薄汁多，榨汁、空口吃都合适。\n"
        "想要的回复“1”，{店长}给您留好。",
        _heap(fruit.orange, _PEACH, 6, 0.3, 1), ("03001", "03002", "03003", "03012", "03004"),
    ),
    _Sample(
        "今日特价·苹果", Theme.OFFER,
        "{日期}{星期}特价：{商品}{价格}，本店还有{库存}。\n"
        "脆甜多汁，一家人一周的水果备起来。自提、配送都行。",
        _heap(fruit.apple, _SKY, 3, 0.4, 5), ("01002", "01001", "01003", "01004"),
    ),
    _Sample(
        "午间秒杀·葡萄", Theme.FLASH,
        "12 点秒杀开始：{商品}{价格}，只有{库存}，卖完就没有了。\n"
        "冰一下更好吃。",
        lambda: fruit.scene(ground=_MINT, items=fruit.bunch(fruit.grape, rows=6, size=0.15)),
        ("04002", "04001", "04005", "04007"),
    ),
    _Sample(
        "秒杀·草莓蓝莓", Theme.FLASH,
        "限时一小时：{商品}{价格}。今早到货，一盒一盒挑过，坏果包换。\n"
        "要的直接报份数，{店长}按顺序留。",
        _heap(fruit.strawberry, _PINK, 10, 0.22, 4), ("05001", "05002", "05004", "05006"),
    ),
    _Sample(
        "榴莲开房日", Theme.FLASH,
        "今天{店名}现场开榴莲：{商品}{价格}，一个一个称、当面开，几房肉看得见。\n"
        "晚到的只能看别人吃了。",
        lambda: fruit.scene(ground=_CREAM, items=[(fruit.durian, 0.5, 0.55, 0.66, 0.0)]),
        ("08005", "08003", "08004"),
    ),
    _Sample(
        "种草·猕猴桃", Theme.TASTE,
        "店员今天试吃：{商品}放软两天，挖着吃，酸甜刚好，籽脆脆的。\n"
        "硬的买回去和苹果放一起，三天就软。",
        _heap(fruit.kiwi, _MINT, 6, 0.28, 9), ("08018", "08017", "08019"),
    ),
    _Sample(
        "种草·火龙果", Theme.TASTE,
        "今天切开的{商品}，红得发亮，甜味很正。\n"
        "减脂期想吃甜的，晚饭后半个刚好。{价格}。",
        _heap(fruit.dragon_fruit, _PINK, 3, 0.4, 10), ("08010", "08011"),
    ),
    _Sample(
        "种草·芒果下午茶", Theme.TASTE,
        "下午三点半，办公室分着吃的水果来了：芒果切块加一点酸奶，比奶茶清爽。\n"
        "想要切好的，跟{店长}说一声。",
        _heap(fruit.mango, _CREAM, 6, 0.31, 2),
    ),
    _Sample(
        "知识·梨怎么挑", Theme.KNOWLEDGE,
        "挑梨三步：\n"
        "1. 看脐，深而圆的更细嫩；\n"
        "2. 掂一掂，沉的水分足；\n"
        "3. 皮上小点越细，口感越好。\n"
        "嗓子干的日子，蒸一个带皮的。",
        _heap(fruit.pear, _MINT, 3, 0.38, 11),
    ),
    _Sample(
        "知识·蓝莓怎么存", Theme.KNOWLEDGE,
        "蓝莓上那层白霜是果粉，不是农药，越完整越新鲜。\n"
        "吃多少洗多少，没洗的放冰箱冷藏，能放五天。",
        _heap(fruit.blueberry, _SKY, 21, 0.14, 8),
    ),
    _Sample(
        "好评·邻居怎么说", Theme.PRAISE,
        "昨天群里的反馈：\n"
        "“橙子切开汁水直流，孩子一口气吃了三个。”\n"
        "“下单半小时就到了，{店长}还多给了两颗。”\n"
        "谢谢各位邻居，有不满意的也直接说，我们当天处理。",
        lambda: fruit.scene(ground=_CREAM, items=_FIVE_STARS + fruit.heap(fruit.orange, count=3, size=0.24, seed=12)),
    ),
    _Sample(
        "答疑·坏果怎么办", Theme.ANSWER,
        "常有人问：收到坏果怎么办？\n"
        "签收后 24 小时内拍张照片发群里或私信{店长}，按坏的比例退，不用退货。\n"
        "门店电话 {门店电话}。",
    ),
    _Sample(
        "答疑·自提和配送", Theme.ANSWER,
        "自提：{门店地址}，下单后 30 分钟可取，晚上九点前都在。\n"
        "配送：三公里内，满 49 元免运费。",
    ),
    _Sample(
        "预告·明天接龙", Theme.PREVIEW,
        "明天上午十点接龙：车厘子按颗挑，份数不多。\n"
        "今晚先报名的，明天先留。",
        _heap(fruit.cherry, _PINK, 15, 0.18, 7),
    ),
    _Sample(
        "接龙·西瓜整个卖", Theme.OFFER, "{店名}接龙开始，一个一个称好重量、拍好照片，点开挑自己喜欢的那个。",
        lambda: fruit.scene(ground=_MINT, items=_SLICES),
        link_title="{店名}接龙：现切西瓜", link_description="每个单独标重量和价格，先到先得",
    ),
)  # fmt: skip
_OWN = _Sample(
    "本店·下班路上带点水果", Theme.TASTE, "下班路过{店名}，给您留了今天的{商品}，{价格}，到店报手机号就能拿。",
    _heap(fruit.orange, _SKY, 10, 0.22, 21), ("03001", "03002", "03003", "03012", "03004"),
)  # fmt: skip


def add_sample_materials(*, at: datetime) -> int:
    """Give a sample chain its materials, and the demo's manager one of the own store; a chain with materials gets none.

    Returns how many were made.
    """
    if Material.objects.exists():
        return 0
    office = Staff.objects.filter(role=Staff.Role.HQ, is_active=True).order_by("pk").first()
    for sample in _SAMPLES:
        _add(sample, by=office, at=at)
    manager = Staff.objects.filter(username="manager").select_related("store").first()
    if manager is not None:
        _add(_OWN, by=manager, at=at)
    return Material.objects.count()


def _add(sample: _Sample, *, by: Staff | None, at: datetime) -> None:
    assets: tuple[int, ...] = ()
    if sample.picture is not None:
        file = io.BytesIO()
        sample.picture().save(file, "JPEG", quality=90)
        assets = (keep_content(content=file.getvalue(), by=by, at=at).pk,)
    content = Content(
        text=sample.text, product_id=_stocked(sample.codes), asset_ids=assets,
        link_url="{接龙链接}" if sample.link_title else "", link_title=sample.link_title,
        link_description=sample.link_description,
    )  # fmt: skip
    create_material(name=sample.name, theme=sample.theme, content=content, store=by.store if by else None, by=by, at=at)


def _stocked(codes: Sequence[str]) -> int | None:
    """Of these products the one that most stores have on sale; any, where no store has one."""
    shelved = StoreProduct.objects.filter(product__code__in=codes, on_sale=True, stock__gt=0)
    counted = shelved.values("product").annotate(n=Count("pk")).order_by("-n", "product")
    best = counted.values_list("product", flat=True).first()
    return best or Product.objects.filter(code__in=codes).order_by("code").values_list("pk", flat=True).first()
