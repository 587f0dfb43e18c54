"""Every metric (field-survey §6.2). A change of meaning is a new version; the old one moves to `HISTORY`."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from metrics.registry.components import Grain
from metrics.registry.expressions import Expression
from metrics.registry.metrics import Direction, Metric, Unit

_E = Expression.parse
_PEOPLE, _TIMES, _ORDERS, _MONEY, _SHARE, _RATIO = Unit
_UP, _DOWN, _NEUTRAL = Direction
_STAYS = "进群退群记录（企微回调与每夜核对）；员工不计"
_POSTS = "群发任务；准时为时段整点后15分钟内"
_SALES = "销售流水与活动取货；只计商品，不含运费"
_WINDOW = "截至期末的30天"
_RESULTS = "群发后24小时内的最后一次触达（决策0029）"


def _members() -> Iterator[Metric]:
    yield Metric(
        "members", "群人数", "期末在群里的顾客，每个群各算各的", _E("members_end"), None, _PEOPLE, _UP, _STAYS,
        trap="一个人在两个群算两次；去重后的人数看“群内去重人数”",
    )  # fmt: skip
    yield Metric(
        "people", "群内去重人数", "期末在门店任一群里的人，一人只算一次", _E("people_end"), None, _PEOPLE, _UP, _STAYS
    )
    yield Metric(
        "joins", "入群", "期间进群的顾客", _E("joins"), None, _PEOPLE, _UP, _STAYS, trap="退群后24小时内回来的不算"
    )
    yield Metric(
        "quits", "退群", "期间离群的顾客，含被移出的", _E("quits"), None, _PEOPLE, _DOWN, _STAYS,
        trap="24小时内回来的、因群解散离开的都不算",
    )  # fmt: skip
    yield Metric(
        "join_rate", "入群率", "扫群码的人次里，有多少进了群", _E("entry_joins"), _E("group_scans"), _SHARE, _UP,
        f"渠道码落地页与{_STAYS}", trap="分母是扫码次数，不是邀请数，也不是会员数",
    )  # fmt: skip
    yield Metric(
        "add_rate", "添加率", "扫“加店长”码的人次里，有多少加上了", _E("adds"), _E("scans - group_scans"), _SHARE,
        _UP,
        "渠道码落地页与企微回调",
    )  # fmt: skip
    yield Metric(
        "quit_rate", "退群率", "期初在群与期间进群的顾客里，有多少退了群", _E("quits"), _E("members_start + joins"),
        _SHARE,
        _DOWN, _STAYS, trap="24小时内回来的不算退群；群解散另计", version=2,
    )  # fmt: skip
    yield Metric(
        "net_growth", "净增", "入群减退群", _E("joins - quits"), None, _PEOPLE, _UP, _STAYS, trap="群解散另计",
    )  # fmt: skip
    yield Metric(
        "dissolved", "解散离群", "群解散时还在群里的顾客", _E("dissolved"), None, _PEOPLE, _DOWN, _STAYS,
        trap="不算退群，也不进净增",
    )  # fmt: skip
    yield Metric(
        "new_member_rate", "会员激活率", "进群的顾客里，7天内有手机号或会员卡的", _E("registered"), _E("joins"),
        _SHARE, _UP,
        f"会员标识与{_STAYS}", trap="最近7天进群的还会变",
    )  # fmt: skip
    yield Metric(
        "prefill_count", "蓄水人数", "开业前进群的顾客，不论后来是否离开", _E("prefill_members"), None, _PEOPLE, _UP,
        _STAYS,
        trap="没有开业日期的营业门店记为0",
    )  # fmt: skip
    for days in (7, 30):
        yield Metric(
            f"retention_{days}", f"{days}天留存", f"期间满{days}天的入群者里，还在群里的", _E(f"retained_{days}"),
            _E(f"cohort_{days}"), _SHARE, _UP, _STAYS, trap="按入群日分批，观察日落在期间内；留存指还在群",
        )  # fmt: skip
    yield Metric(
        "active_retention_30", "30天活跃留存", "期间满30天的入群者里，还在群且最近7天点击、下单或购买过的",
        _E("active_retained_30"), _E("cohort_30"), _SHARE, _UP, f"{_STAYS}；点击、订单、销售流水",
        trap="只聊天的看不到",
    )  # fmt: skip


def _activity() -> Iterator[Metric]:
    yield Metric(
        "active_rate", "活跃率", "群内的人里，近30天点击、下单或购买过的", _E("active_30d"), _E("people_end"), _SHARE,
        _UP,
        f"{_WINDOW}；点击、订单、销售流水", trap="只在群里说话的看不到，见“发言率”",
    )  # fmt: skip
    yield Metric(
        "group_active_rate", "群活跃率", "本群的人里，近30天点击、下单或在本店购买过的", _E("active_30d"),
        _E("members_end"),
        _SHARE, _UP, f"{_WINDOW}；点击、订单、销售流水", trap="只聊天的看不到", only=(Grain.GROUP,),
    )  # fmt: skip
    yield Metric(
        "speak_rate", "发言率", "群主名下各群的成员里，当天说过话的；多天为日均", _E("owner_speakers"),
        _E("owner_members"), _SHARE, _UP,
        "企微“客户群数据”，按群主", trap="企微只按群主给，没有单个群的；第二天中午才齐",
    )  # fmt: skip
    yield Metric(
        "interest_rate", "兴趣率", "群内的人里，近30天点开过链接或下过单的，一人算一次", _E("interested_30d"),
        _E("people_end"),
        _SHARE, _UP, f"{_WINDOW}；短链接与订单", trap="没有登录过的浏览器认不出人，不计入",
    )  # fmt: skip
    proofs = (("verified", "企微核实"), ("client", "客户端回执"), ("declared", "店长自报"))
    for key, label in proofs:
        yield Metric(
            f"conversion_rate_{key}", f"转化率·{label}", f"{label}的群发触达的人次里，24小时内购买的",
            _E(f"post_buyers_{key}"), _E(f"exposed_{key}"), _SHARE, _UP, _RESULTS,
            trap="三种凭证各算各的；这不是因果，增量看“提升”", evidence=label,
        )  # fmt: skip
        yield Metric(
            f"click_rate_{key}", f"点击率·{label}", f"{label}的群发触达的人次里，点开链接的",
            _E(f"post_clicks_{key}"),
            _E(f"exposed_{key}"), _SHARE, _UP, _RESULTS, trap="三种凭证各算各的", evidence=label,
        )  # fmt: skip
    yield Metric(
        "k_factor", "裂变系数", "每个发起推荐的会员带来几个好友首单", _E("friends"), _E("referrers"), _RATIO, _UP,
        "1元购推荐；作废的（同一人、退款等）不计", trap="企微不告诉我们顾客拉了谁进群，所以只算推荐链接",
    )  # fmt: skip


def _money() -> Iterator[Metric]:
    yield Metric(
        "gmv", "销售额", "期间收到的货款，退款另列", _E("paid_fen"), None, _MONEY, _UP, _SALES,
        trap="没有减退款；不含运费",
    )  # fmt: skip
    yield Metric("refund", "退款", "期间退给顾客的货款", _E("refunded_fen"), None, _MONEY, _DOWN, _SALES)
    yield Metric(
        "net_sales", "净销售额", "销售额减退款", _E("paid_fen - refunded_fen"), None, _MONEY, _UP, _SALES,
    )  # fmt: skip
    yield Metric(
        "orders", "订单数", "期间付过钱的小票", _E("orders"), None, _ORDERS, _UP, _SALES, trap="退款小票不是订单"
    )
    yield Metric(
        "aov", "客单价", "每单实收，已减退款", _E("paid_fen - refunded_fen"), _E("orders"), _MONEY, _UP, _SALES,
        trap="按单，不按人；按人看“人均消费”",
    )  # fmt: skip
    yield Metric(
        "aov_person", "人均消费", "近30天买过的会员每人花了多少，已减退款", _E("buyers_spend_30d_fen"),
        _E("buyers_30d"),
        _MONEY, _UP, f"{_WINDOW}；{_SALES}", trap="按人，不按单",
    )  # fmt: skip
    yield Metric(
        "member_order_share", "会员订单占比", "订单里认得出会员的", _E("member_orders"), _E("orders"), _SHARE, _UP,
        _SALES,
    )  # fmt: skip
    yield Metric(
        "repurchase_rate", "复购率", "近30天买过的会员里，买了两单以上的", _E("repeat_buyers_30d"), _E("buyers_30d"),
        _SHARE, _UP,
        f"{_WINDOW}；{_SALES}", trap="窗口固定30天；全退的订单不计",
    )  # fmt: skip
    yield Metric(
        "orders_per_buyer", "复购频次", "近30天买过的会员每人几单", _E("orders_30d"), _E("buyers_30d"), _TIMES, _UP,
        f"{_WINDOW}；{_SALES}",
    )  # fmt: skip
    yield Metric(
        "monthly_spend", "月均消费", "群内的人近30天每人在本店花了多少，没买的也算", _E("members_spend_30d_fen"),
        _E("people_end"), _MONEY, _UP, f"{_WINDOW}；{_SALES}", trap="进群前后直接相比有选择偏差，增量看“提升”",
    )  # fmt: skip
    yield Metric(
        "ltv", "会员价值", "归属本店、有评分的会员未来一年预计消费", _E("ltv_fen"), _E("valued_members"), _MONEY, _UP,
        "BG/NBD × Gamma-Gamma，每夜一次", trap="是消费额，不是毛利；过去的值是当晚的快照，不能重算",
    )  # fmt: skip


def _execution() -> Iterator[Metric]:
    yield Metric(
        "execution_rate", "执行率", "到点应发的群发里，最终发出的", _E("on_time + late + made_up"), _E("expected"),
        _SHARE, _UP,
        _POSTS, trap="含店长自报；有原因的跳过与被拦截的不在分母；没有记录不算已发",
    )  # fmt: skip
    yield Metric(
        "on_time_rate", "准时率", "到点应发的群发里，准时发出的", _E("on_time"), _E("expected"), _SHARE, _UP, _POSTS,
        trap="有原因的跳过与被拦截的不在分母",
    )  # fmt: skip
    yield Metric(
        "must_do_rate", "必做完成率", "总部必做的群发里，最终发出的", _E("must_do_sent"), _E("must_do_planned"),
        _SHARE, _UP, _POSTS,
        trap="有原因的跳过与被拦截的不在分母",
    )  # fmt: skip
    yield Metric("missed", "错过", "到点没有发的群发", _E("missed"), None, _TIMES, _DOWN, _POSTS)
    for key, label in (("verified", "企微核实"), ("client", "客户端回执"), ("declared", "店长自报")):
        yield Metric(
            f"reach_{key}", f"触达率·{label}", f"排定的群发里，{label}已发的", _E(f"sent_{key}"), _E("planned"),
            _SHARE,
            _UP if key != "declared" else _NEUTRAL, _POSTS, trap="三种凭证各算各的，不相加；没有记录不算已发",
            evidence=label,
        )  # fmt: skip


def _plays() -> Iterator[Metric]:
    yield Metric(
        "claims",
        "活动下单",
        "期间在接龙、1元购、拼团里下的单",
        _E("claims"),
        None,
        _ORDERS,
        _UP,
        "活动订单",
        trap="含后来取消的",
    )
    yield Metric(
        "pickup_rate", "取货率", "取到货的单与期间确认的单之比", _E("fulfilled"), _E("confirmed"), _SHARE, _UP,
        "活动订单",
        trap="确认与取货可能不在同一天，短期间内会超过100%",
    )  # fmt: skip
    yield Metric("scans", "扫码", "渠道码落地页打开次数", _E("scans"), None, _TIMES, _UP, "渠道码落地页")
    yield Metric(
        "adds",
        "新增客户",
        "期间添加员工的顾客",
        _E("adds"),
        None,
        _PEOPLE,
        _UP,
        "企微回调",
        trap="门店与渠道码只计扫码来的",
    )


METRICS: Mapping[str, Metric] = MappingProxyType(
    {one.code: one for part in (_members, _activity, _money, _execution, _plays) for one in part()}
)
# Superseded definitions, each with its own number; readable as `code@version`.
HISTORY: Mapping[str, tuple[Metric, ...]] = MappingProxyType(
    {
        "quit_rate": (
            Metric(
                "quit_rate", "退群率（旧）", "期间退群的顾客与期末群人数之比", _E("quits"), _E("members_end"), _SHARE,
                _DOWN, _STAYS,
                trap="2026-11-22起改为以期初在群加期间进群为分母；旧口径在大退群后会超过100%",
            ),
        ),
    }
)  # fmt: skip
