"""What the mini-program sends and gets: amounts in fen, weights in gram, times with their zone."""

from typing import Any

from rest_framework import serializers

from campaigns.models import Campaign, Order

_BIG = 2**31  # what is nonsense is refused by the service, which notes it; this only keeps to the column


class MiniWantedSerializer(serializers.Serializer[Any]):
    item = serializers.IntegerField(min_value=1, max_value=2**62, help_text="商品 id")
    quantity = serializers.IntegerField(default=1, min_value=-_BIG, max_value=_BIG, help_text="几份；按个卖的是 1")
    unit = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62, help_text="单件 id")
    seen_fen = serializers.IntegerField(
        required=False, allow_null=True, min_value=-_BIG, max_value=_BIG,
        help_text="页面上显示的单价（分）；与现价不同就拒绝，不会按它收钱",
    )  # fmt: skip


class MiniRecipientSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    phone = serializers.CharField(max_length=100)
    address = serializers.CharField(max_length=100)


class MiniClaimSerializer(serializers.Serializer[Any]):
    request_key = serializers.CharField(max_length=64, help_text="这次下单的唯一标识；同一个再发一次，得到同一个订单")
    items = MiniWantedSerializer(many=True)
    store = serializers.CharField(required=False, max_length=32, help_text="门店编码；多家店的活动要写")
    settling = serializers.ChoiceField(Order.Settling.choices, required=False)
    fulfilment = serializers.ChoiceField(Order.Fulfilment.choices, default=Order.Fulfilment.PICKUP)
    recipient = MiniRecipientSerializer(required=False, allow_null=True, help_text="配送时必填")
    note = serializers.CharField(required=False, allow_blank=True, max_length=100, default="")
    link = serializers.CharField(required=False, allow_blank=True, max_length=32, default="", help_text="来源短链接")
    team = serializers.CharField(
        required=False, allow_blank=True, max_length=32, default="", help_text="拼团：参加的团"
    )
    referral = serializers.CharField(
        required=False, allow_blank=True, max_length=32, default="", help_text="1元购：好友的推荐链接"
    )


class MiniUnitSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="unit.pk")
    number = serializers.IntegerField(source="unit.number")
    weight_g = serializers.IntegerField(source="unit.weight_g")
    price_fen = serializers.IntegerField(source="unit.price_fen")
    photo = serializers.SerializerMethodField()
    is_free = serializers.BooleanField()

    def get_photo(self, piece: Any) -> str:
        return piece.unit.photo.url if piece.unit.photo else ""


class MiniItemSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="stock.item_id")
    stock = serializers.IntegerField(source="stock.pk", help_text="候补时用")
    name = serializers.CharField(source="stock.item.name")
    part = serializers.CharField(source="stock.item.part", help_text="offer 活动商品，add_on 加购")
    price_fen = serializers.IntegerField(source="stock.item.price_fen")
    list_price_fen = serializers.IntegerField(source="stock.item.list_price_fen", allow_null=True)
    by_piece = serializers.BooleanField(source="stock.item.by_piece")
    per_member = serializers.IntegerField(source="stock.item.per_member", allow_null=True)
    left = serializers.IntegerField()
    most = serializers.IntegerField(help_text="一单最多几份")
    waiting = serializers.IntegerField(help_text="几位在候补")
    units = MiniUnitSerializer(source="pieces", many=True)


class MiniEntrySerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    name = serializers.CharField(help_text="已脱敏")
    goods = serializers.CharField()
    joined_at = serializers.DateTimeField()
    is_gone = serializers.BooleanField(help_text="已取消，编号保留")


class MiniPlaceSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    address = serializers.CharField()
    phone = serializers.CharField()


class CampaignSerializer(serializers.ModelSerializer[Campaign]):
    settling = serializers.CharField(help_text="online 在线支付，shop 到店付款，either 都可以")
    is_open = serializers.BooleanField()
    closed = serializers.CharField(help_text="现在不能下单的原因；能下单时为空")
    place = MiniPlaceSerializer()
    items = MiniItemSerializer(many=True, source="choices")
    joined = serializers.IntegerField()
    entries = MiniEntrySerializer(many=True, help_text="最近 20 位")

    class Meta:
        ref_name = "MiniCampaign"
        model = Campaign
        fields = (
            "token", "play", "title", "rules", "state", "settling", "delivers", "starts_at", "ends_at", "pickup_from",
            "pickup_until", "hold_minutes", "is_open", "closed", "place", "items", "joined", "entries",
        )  # fmt: skip


class MiniLineSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="stock.item.name")
    quantity = serializers.IntegerField()
    price_fen = serializers.IntegerField()
    unit = serializers.IntegerField(source="unit.number", allow_null=True, default=None, help_text="单件编号")


class OrderSerializer(serializers.ModelSerializer[Order]):
    campaign = serializers.CharField(source="campaign.token")
    title = serializers.CharField(source="campaign.title")
    store = MiniPlaceSerializer()
    lines = MiniLineSerializer(many=True)
    total_fen = serializers.IntegerField()
    pickup_code = serializers.CharField(help_text="待取货时的四位取货码")

    class Meta:
        ref_name = "MiniOrder"
        model = Order
        fields = (
            "token", "campaign", "title", "store", "state", "settling", "fulfilment", "lines", "goods_fen",
            "freight_fen", "total_fen", "paid_fen", "refunded_fen", "pickup_code", "note", "reserved_at", "held_until",
            "end_reason",
        )  # fmt: skip


class MiniTeamSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(source="team.token")
    state = serializers.CharField(source="team.state")
    size = serializers.IntegerField(source="team.size")
    missing = serializers.IntegerField()
    expires_at = serializers.DateTimeField(source="team.expires_at")
    names = serializers.SerializerMethodField(help_text="已付款的团友，已脱敏")
    campaign = serializers.CharField(source="team.stock.item.campaign.token")
    item = serializers.IntegerField(source="team.stock.item_id")
    price_fen = serializers.IntegerField(source="team.stock.item.price_fen")

    def get_names(self, sheet: Any) -> list[str]:
        return [face.name for face in sheet.faces]


class MiniPaySerializer(serializers.Serializer[Any]):
    jsapi = serializers.DictField(child=serializers.CharField(), help_text="交给 wx.requestPayment 的参数")
    address = serializers.CharField(help_text="沙箱的付款页面；微信支付时为空")


class MiniSessionSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(required=False, max_length=128, help_text="公众号网页授权给的 code")
    member = serializers.IntegerField(required=False, min_value=1, help_text="只在演示环境：直接说是哪位会员")


class MiniTokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="放进 Authorization: Bearer，30 天有效")


class MiniQueueSerializer(serializers.Serializer[Any]):
    stock = serializers.IntegerField(min_value=1, max_value=2**62)
    quantity = serializers.IntegerField(default=1, min_value=-_BIG, max_value=_BIG)


class MiniQueuedSerializer(serializers.Serializer[Any]):
    stock = serializers.IntegerField(source="stock_id")
    quantity = serializers.IntegerField()
    state = serializers.CharField()
    asked_at = serializers.DateTimeField()
