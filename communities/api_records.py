"""Groups, who came and went, and posts over the API: one class per operation."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from communities.models import CustomerGroup, GroupMembership, PostEvidence, PostTask
from communities.selectors.records import all_groups_for, posts_for, stays_for
from stores.rest.filters import PeriodFilter, day_starts, wishes
from stores.rest.schema import ERRORS

MOST_DAYS = 31
_EVIDENCE = {level.value: level.name.lower() for level in PostTask.Evidence}
_BIGGEST_ID = 2**63 - 1


class GroupSerializer(serializers.ModelSerializer[CustomerGroup]):
    store = serializers.CharField(source="store.code", allow_null=True, default=None, help_text="门店编码")
    chat_id = serializers.CharField(help_text="企业微信的群编号")
    member_count = serializers.IntegerField(help_text="人数，含员工")

    class Meta:
        ref_name = "Group"
        model = CustomerGroup
        fields = ("id", "chat_id", "name", "store", "kind", "capacity", "member_count", "created_at", "dismissed_at")


class GroupList(ListAPIView[CustomerGroup]):
    """The groups of the caller's stores, the newest first."""

    class FilterSerializer(serializers.Serializer[Any]):
        store = serializers.CharField(required=False, max_length=32, help_text="门店编码")
        kind = serializers.ChoiceField(CustomerGroup.Kind.choices, required=False, help_text="类型")
        dismissed = serializers.BooleanField(
            required=False, default=False, help_text="true 只要已解散的，默认只要还在的"
        )

    required_scope = "groups:read"
    serializer_class = GroupSerializer

    def get_queryset(self) -> QuerySet[CustomerGroup]:
        wish = wishes(self.FilterSerializer, self.request)
        groups = all_groups_for(self.request.user).filter(dismissed_at__isnull=not wish["dismissed"])
        if "store" in wish:
            groups = groups.filter(store__code=wish["store"])
        return groups.filter(kind=wish["kind"]) if "kind" in wish else groups

    @extend_schema(
        operation_id="groups_list", summary="客户群列表", parameters=[FilterSerializer],
        responses=ERRORS | {200: GroupSerializer(many=True)},
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class GroupDetail(RetrieveAPIView[CustomerGroup]):
    """One group, dissolved or not."""

    required_scope = "groups:read"
    serializer_class = GroupSerializer

    def get_queryset(self) -> QuerySet[CustomerGroup]:
        return all_groups_for(self.request.user)

    @extend_schema(operation_id="groups_retrieve", summary="一个客户群", responses=ERRORS | {200: GroupSerializer})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class MembershipList(ListAPIView[GroupMembership]):
    """The ledger of stays, the newest entry first: who came, how, and whether she left. Ids only, no names."""

    class FilterSerializer(PeriodFilter):
        group = serializers.IntegerField(required=False, min_value=1, max_value=_BIGGEST_ID, help_text="群的 id")
        member = serializers.IntegerField(required=False, min_value=1, max_value=_BIGGEST_ID, help_text="会员的 id")
        left = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="true 只要已退群的，false 只要还在群里的")  # fmt: skip  # noqa: E501 -- one line reads better

    class OutputSerializer(serializers.ModelSerializer[GroupMembership]):
        group = serializers.IntegerField(source="group_id", help_text="群的 id")
        store = serializers.CharField(source="group.store.code", allow_null=True, default=None, help_text="门店编码")
        member = serializers.IntegerField(source="member_id", allow_null=True, help_text="会员的 id；还认不出时为空")
        join_scene = serializers.ChoiceField(
            GroupMembership.JoinScene.choices, allow_null=True, help_text="入群方式：1 成员邀请，2 邀请链接，3 扫码"
        )
        quit_scene = serializers.ChoiceField(
            GroupMembership.QuitScene.choices, allow_null=True, help_text="退群方式：0 自己退群，1 被移出"
        )
        state = serializers.CharField(help_text="渠道码的标识，空为不经渠道码")

        class Meta:
            ref_name = "Membership"
            model = GroupMembership
            fields = ("id", "group", "store", "member", "is_staff", "joined_at", "join_scene", "state", "left_at",
                      "quit_scene")  # fmt: skip

    required_scope = "groups:read"
    serializer_class = OutputSerializer

    def get_queryset(self) -> QuerySet[GroupMembership]:
        wish = wishes(self.FilterSerializer, self.request)
        stays = stays_for(self.request.user)
        if "store" in wish:
            stays = stays.filter(group__store__code=wish["store"])
        for name in ("group", "member"):
            if name in wish:
                stays = stays.filter(**{name: wish[name]})
        if wish["left"] is not None:
            stays = stays.filter(left_at__isnull=not wish["left"])
        if "since" in wish:
            stays = stays.filter(joined_at__gte=day_starts(wish["since"]))
        if "until" in wish:
            stays = stays.filter(joined_at__lt=day_starts(wish["until"] + timedelta(days=1)))
        return stays

    @extend_schema(
        operation_id="memberships_list", summary="进退群流水", parameters=[FilterSerializer],
        responses=ERRORS | {200: OutputSerializer(many=True)},
        description="每行是一个人在一个群里的一次停留，退群后再进是新的一行。`since`、`until` 按入群日期。",
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class PostSerializer(serializers.ModelSerializer[PostTask]):
    class ProofSerializer(serializers.ModelSerializer[PostEvidence]):
        level = serializers.SerializerMethodField(help_text="self_declared 店长自报，client_callback 客户端回执，api_verified 企微核实")  # fmt: skip  # noqa: E501 -- one line reads better

        class Meta:
            ref_name = "PostProof"
            model = PostEvidence
            fields = ("level", "at")

        def get_level(self, proof: PostEvidence) -> str:
            return _EVIDENCE[proof.level]

    store = serializers.CharField(source="store.code", help_text="门店编码")
    group = serializers.IntegerField(source="group_id", help_text="群的 id")
    slot = serializers.IntegerField(source="slot_id", help_text="时段序号")
    material = serializers.IntegerField(source="version.material_id", help_text="素材的 id")
    theme = serializers.CharField(source="version.material.theme", help_text="主题")
    evidence = serializers.SerializerMethodField(help_text="最强的一种凭证；none 为没有。各种凭证分开列在 proofs")
    proofs = ProofSerializer(many=True, help_text="每一种凭证一行，互不合并")

    class Meta:
        ref_name = "Post"
        model = PostTask
        fields = (
            "id", "store", "group", "day", "slot", "due_at", "closes_at", "state", "channel", "must_do", "material",
            "theme", "evidence", "proofs", "done_at", "skip_reason", "skip_note", "miss_reason", "failure",
        )  # fmt: skip

    def get_evidence(self, post: PostTask) -> str:
        return _EVIDENCE[post.evidence]


class PostList(ListAPIView[PostTask]):
    """Posts of up to 31 days, the newest planned first; without a period, of the last seven."""

    class FilterSerializer(PeriodFilter):
        group = serializers.IntegerField(required=False, min_value=1, max_value=_BIGGEST_ID, help_text="群的 id")
        state = serializers.ChoiceField(PostTask.State.choices, required=False, help_text="状态")
        evidence = serializers.ChoiceField(
            [(name, PostTask.Evidence(level).label) for level, name in _EVIDENCE.items()], required=False,
            help_text="最强的一种凭证",
        )  # fmt: skip

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            attrs = super().validate(attrs)
            until = attrs.get("until") or (
                attrs["since"] + timedelta(days=6) if "since" in attrs else timezone.localdate()
            )
            attrs = {"since": until - timedelta(days=6), "until": until} | attrs
            if attrs["until"] - attrs["since"] >= timedelta(days=MOST_DAYS):
                raise serializers.ValidationError({"since": f"一次最多 {MOST_DAYS} 天"})
            return attrs

    required_scope = "posts:read"
    serializer_class = PostSerializer

    def get_queryset(self) -> QuerySet[PostTask]:
        wish = wishes(self.FilterSerializer, self.request)
        posts = posts_for(self.request.user).filter(day__range=(wish["since"], wish["until"]))
        if "store" in wish:
            posts = posts.filter(store__code=wish["store"])
        if "evidence" in wish:
            posts = posts.filter(evidence=PostTask.Evidence[wish["evidence"].upper()])
        return posts.filter(**{name: wish[name] for name in ("group", "state") if name in wish})

    @extend_schema(
        operation_id="posts_list", summary="群发任务列表", parameters=[FilterSerializer],
        responses=ERRORS | {200: PostSerializer(many=True)},
        description="每个群每天每个时段一行，错过、跳过、失败的都在。不写日期为最近 7 天。",
    )  # fmt: skip
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class PostDetail(RetrieveAPIView[PostTask]):
    """One post."""

    required_scope = "posts:read"
    serializer_class = PostSerializer

    def get_queryset(self) -> QuerySet[PostTask]:
        return posts_for(self.request.user)

    @extend_schema(operation_id="posts_retrieve", summary="一条群发任务", responses=ERRORS | {200: PostSerializer})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
