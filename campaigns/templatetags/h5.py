"""What a member reads about her order, in words a shop would use."""

import json
from datetime import datetime

from django import template
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from campaigns.models import Campaign, Order, OrderLine
from campaigns.names import mask_name
from campaigns.payments.registry import providers
from members.identities import decrypt
from stores.templatetags.fmt import weekday, yuan

register = template.Library()

_GRAMS_PER_JIN = 500


@register.filter
def jin(grams: int) -> str:
    """A weight as the scales at the till show it: `4.62斤`."""
    return f"{grams / _GRAMS_PER_JIN:.2f}".rstrip("0").rstrip(".") + "斤"


@register.filter
def small(photo: FieldFile) -> str:
    """The address of a photo's thumbnail (`services.photos` keeps one beside it)."""
    stem, _, suffix = photo.url.rpartition(".")
    return f"{stem}-small.{suffix}"


@register.filter
def line_fen(line: OrderLine) -> int:
    """What a line costs."""
    return line.price_fen * line.quantity


@register.filter
def state_words(order: Order) -> str:
    """Where an order stands, as its member would say it."""
    if order.state == Order.State.RESERVED and order.paid_fen:
        return "拼团中"
    if order.state == Order.State.CONFIRMED and order.fulfilment == Order.Fulfilment.DELIVERY:
        return "待送货"
    return str(order.get_state_display())


_NEXT = {
    Order.State.FULFILLED: "已取货，谢谢惠顾。有坏果请联系门店。",
    Order.State.COMPLETED: "已取货，谢谢惠顾。",
    Order.State.NO_SHOW: "超过取货时间没有来取。有问题请联系门店。",
    Order.State.RETURNED: "已退货。",
}

_DEEDS: dict[str, str] = {Campaign.Play.CHAIN: "接龙", Campaign.Play.ONE_YUAN: "下单", Campaign.Play.GROUP_BUY: "参团"}


@register.filter
def parcel_words(order: Order) -> str:
    """Where an order is brought, for those who bring it (the page that shows it leaves an audit entry)."""
    if order.recipient is None:
        return ""
    said = json.loads(decrypt(order.recipient))
    return " ".join(str(said.get(name, "")) for name in ("name", "phone", "address"))


@register.filter
def provider_label(key: str) -> str:
    """A provider's name as staff know it; one no longer configured keeps its short name."""
    provider = providers().get(key)
    return provider.label if provider is not None else key


@register.filter
def masked(name: str) -> str:
    """`林**` for 林小姐."""
    return mask_name(name)


@register.filter
def span_words(minutes: int) -> str:
    """How long something lasts: `24 小时`, `90 分钟`."""
    hours, rest = divmod(minutes, 60)
    return f"{hours} 小时" if hours and not rest else f"{minutes} 分钟"


@register.filter
def next_step(order: Order, at: datetime) -> str:
    """What happens next, and what she has to do for it."""
    if order.state == Order.State.RESERVED and order.paid_fen:
        return "已付款，等成团。到时间没拼成，付的钱全部原路退回。"
    if order.state == Order.State.RESERVED:
        if order.held_until is None or order.held_until <= at:
            return "保留时间已过，正在为您释放。"
        return f"已为您留到 {timezone.localtime(order.held_until):%H:%M}，付款后才算{_DEEDS[order.campaign.play]}成功。"
    if order.state == Order.State.CONFIRMED:
        left = order.total_fen - order.paid_fen
        when = "送到" if order.fulfilment == Order.Fulfilment.DELIVERY else "取货"
        due = f"{when}时付 {yuan(left)}" if left else "已付清，不用再付钱"
        return (
            f"{_DEEDS[order.campaign.play]}成功，{due}。"
            if order.fulfilment == Order.Fulfilment.DELIVERY
            else f"请按时到店取货，{due}。"
        )
    if order.state in {Order.State.CANCELLED, Order.State.LAPSED}:
        return "订单已取消，已付的钱会原路退回。" if order.paid_fen else "订单已取消，没有扣款。"
    return _NEXT[Order.State(order.state)]


@register.filter
def paid_words(order: Order) -> str:
    """What is paid, to be paid, and went back."""
    left = order.total_fen - order.paid_fen
    if order.refunded_fen:
        return f"已付 {yuan(order.paid_fen)}，已退 {yuan(order.refunded_fen)}（原路退回）"
    if not left:
        return f"已付 {yuan(order.paid_fen)}"
    if order.state not in {Order.State.RESERVED, Order.State.CONFIRMED}:
        return f"已付 {yuan(order.paid_fen)}" if order.paid_fen else "没有付款"
    if order.settling == Order.Settling.ONLINE:
        return f"待付 {yuan(left)}"
    return f"{'送到时' if order.fulfilment == Order.Fulfilment.DELIVERY else '到店'}付 {yuan(left)}"


@register.filter
def pickup_words(campaign: Campaign) -> str:
    """When to fetch the goods: `11月23日 周一 10:00–21:00`."""
    start, end = campaign.pickup_from, campaign.pickup_until
    if start is None and end is None:
        return "营业时间内，以门店通知为准"
    if start is None or end is None:
        moment = start or end
        assert moment is not None  # noqa: S101 -- one of the two
        return f"{when(moment)} {'起' if start else '前'}"
    first, last = timezone.localtime(start), timezone.localtime(end)
    if first.date() == last.date():
        return f"{when(start)}–{last:%H:%M}"
    return f"{when(start)} 到 {when(end)}"


@register.filter
def when(moment: datetime) -> str:
    """A moment with its day: `11月23日 周一 10:00`."""
    local = timezone.localtime(moment)
    return f"{local.month}月{local.day}日 {weekday(local.date())} {local:%H:%M}"
