"""What an alert says, in Chinese and with its figures: the cause, what to do about it, and where."""

from metrics.models import AlertRule
from metrics.services.alerting.measures import Finding

CAUSE, ADVICE = 300, 200  # characters the columns hold
_CAUSES = {
    AlertRule.Kind.EXECUTION_DROP: (
        "近 7 天准时率 {recent:.0f}%，{than} {base:.0f}%，低 {gap:.0f} 个百分点（应发 {due:,} 条）"
    ),
    AlertRule.Kind.QUIT_SPIKE: "近 3 天退群 {quits:,} 人，按前 4 周推算约 {expected:.1f} 人",
    AlertRule.Kind.SALES_GAP: (
        "近 14 天每百位群成员销售 ¥{own:,.0f}，同伴 ¥{peers:,.0f}，低 {gap:.0f}%（{orders:,} 单）"
    ),
    AlertRule.Kind.STOCK_OUT: "今明两天要发的 {products} 个商品本店没有库存：{names}",
}  # fmt: skip
_ADVICE = {
    AlertRule.Kind.EXECUTION_DROP: "看看是哪个时段没发、为什么；人手不足就和区域商量换时段或减条数",
    AlertRule.Kind.QUIT_SPIKE: "看看退群前发了什么，停掉引起反感的内容；私聊问问刚退群的老会员",
    AlertRule.Kind.SALES_GAP: "对照同伴卖得好的内容和活动，这周照做一次；先看有没有缺货",
    AlertRule.Kind.STOCK_OUT: "补货，或者在今日里换掉这条内容；不换会在到点前被拦截",
}
_LINKS = {
    AlertRule.Kind.EXECUTION_DROP: "/execution/stores/{store}/?day={day}",
    AlertRule.Kind.QUIT_SPIKE: "/execution/stores/{store}/?day={day}",
    AlertRule.Kind.SALES_GAP: "/metrics/cases/",
    AlertRule.Kind.STOCK_OUT: "/stores/{store}/today/?day={day}",
}


def of(kind: AlertRule.Kind, store_id: int, finding: Finding) -> tuple[str, str, str]:
    """Cause, advice and link of a finding."""
    return (
        _CAUSES[kind].format(**finding.figures)[:CAUSE],
        _ADVICE[kind],
        _LINKS[kind].format(store=store_id, **finding.figures),
    )
