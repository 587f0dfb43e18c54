"""Campaigns through the mini-program: read one, claim, queue, look at a team."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.h5.places import published, stores_with
from campaigns.mini import shapes
from campaigns.mini.access import MemberView
from campaigns.models import Board, Campaign, GroupBuyTeam, ItemStock, Order, WaitEntry
from campaigns.selectors.boards import entry_rows, sheet_of
from campaigns.selectors.claims import takes_at, why_closed
from campaigns.selectors.teams import team_sheet, with_seats
from campaigns.services import waiting
from campaigns.services.claiming import Wanted, reserve
from campaigns.services.owning import own_order
from members.models import Member
from stores.models import Store
from stores.rest.schema import ERRORS, ErrorSerializer

REFUSALS: dict[int, Any] = ERRORS | {409: ErrorSerializer}
_STORE = OpenApiParameter("store", str, description="门店编码；多家店的活动要写，不写则是会员自己的门店")


class CampaignDetail(MemberView):
    """One campaign in one store, with what is left and who joined."""

    @extend_schema(operation_id="mini_campaign", summary="一个活动", tags=["mini"], parameters=[_STORE],
                   responses=ERRORS | {200: shapes.CampaignSerializer})  # fmt: skip
    def get(self, request: Request, token: str) -> Response:
        campaign = published(token)
        store = _store(campaign, self.member(request), request.query_params.get("store", ""))
        board, _ = Board.objects.get_or_create(campaign=campaign, store=store)
        now, sheet = timezone.now(), sheet_of(board)
        is_open = takes_at(campaign, now)
        shown: dict[str, Any] = {
            "is_open": is_open, "closed": "" if is_open else why_closed(campaign, now), "place": store,
            "choices": sheet.choices, "joined": sheet.joined, "entries": entry_rows(board),
        }  # fmt: skip
        for name, value in shown.items():
            setattr(campaign, name, value)
        return Response(shapes.CampaignSerializer(campaign).data)


class Claims(MemberView):
    """Taking what was chosen; a team or a friend's link is part of the wish."""

    @extend_schema(operation_id="mini_claim", summary="下单（接龙、开团、参团、1元购）", tags=["mini"],
                   request=shapes.MiniClaimSerializer, responses=REFUSALS | {201: shapes.OrderSerializer})  # fmt: skip
    def post(self, request: Request, token: str) -> Response:
        campaign, member, now = published(token), self.member(request), timezone.now()
        wish = shapes.MiniClaimSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        said = wish.validated_data
        made = reserve(
            campaign=campaign, store=_store(campaign, member, said.get("store", "")), member=member,
            wanted=[Wanted(one["item"], one["quantity"], one.get("unit"), one.get("seen_fen"))
                    for one in said["items"]],
            request_key=said["request_key"], settling=said.get("settling") or _settling(campaign),
            fulfilment=said["fulfilment"], recipient=said.get("recipient"), link=said["link"], note=said["note"],
            extra={name: said[name] for name in ("team", "referral") if said[name]}, at=now,
        )  # fmt: skip
        order = own_order(member=member, token=made.token, at=now)
        return Response(shapes.OrderSerializer(order).data, status=201)


class Queue(MemberView):
    """The queue for what is gone."""

    @extend_schema(operation_id="mini_queue_join", summary="候补", tags=["mini"], request=shapes.MiniQueueSerializer,
                   responses=REFUSALS | {201: shapes.MiniQueuedSerializer})  # fmt: skip
    def post(self, request: Request, token: str) -> Response:
        wish = shapes.MiniQueueSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        stock = _stock(token, wish.validated_data["stock"])
        entry = waiting.join_queue(
            stock=stock, member=self.member(request), quantity=wish.validated_data["quantity"], at=timezone.now()
        )
        return Response(shapes.MiniQueuedSerializer(entry).data, status=201)

    @extend_schema(operation_id="mini_queue_leave", summary="不等了", tags=["mini"],
                   parameters=[OpenApiParameter("stock", int, required=True)],
                   responses=ERRORS | {204: None})  # fmt: skip
    def delete(self, request: Request, token: str) -> Response:
        said = request.query_params.get("stock", "")
        stock = _stock(token, int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else 0)  # noqa: PLR2004 -- bigint
        mine = WaitEntry.objects.filter(stock=stock, member=self.member(request), state=WaitEntry.State.WAITING)
        for entry in mine:
            waiting.leave_queue(entry=entry)
        return Response(status=204)


class TeamDetail(MemberView):
    """A team one may join by ordering with its `team`."""

    @extend_schema(operation_id="mini_team", summary="一个团", tags=["mini"],
                   responses=ERRORS | {200: shapes.MiniTeamSerializer})  # fmt: skip
    def get(self, request: Request, token: str) -> Response:  # noqa: ARG002 -- DRF hands it over
        teams = with_seats(GroupBuyTeam.objects.select_related("stock__item__campaign"))
        team = get_object_or_404(teams, token=token)
        published(team.stock.item.campaign.token)
        return Response(shapes.MiniTeamSerializer(team_sheet(team, at=timezone.now())).data)


def _store(campaign: Campaign, member: Member, code: str) -> Store:
    """The campaign's one store, else the one said, else her own. :raises Http404: the campaign is not had there"""
    if campaign.store is not None:
        return campaign.store
    stores = stores_with(campaign)
    found = stores.filter(code=code).first() if code else stores.filter(members=member).first()
    if found is None:
        raise Http404
    return found


def _settling(campaign: Campaign) -> str:
    online = campaign.play != Campaign.Play.CHAIN or campaign.settling == Campaign.Settling.ONLINE
    return Order.Settling.ONLINE if online else Order.Settling.SHOP


def _stock(token: str, key: int) -> ItemStock:
    stocks = ItemStock.objects.select_related("item__campaign", "store")
    found: ItemStock = get_object_or_404(stocks, pk=key, item__campaign=published(token))
    return found
