"""One store's small world around 2026-03-10, a Tuesday, with facts of every source; all sums are done by hand."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from campaigns.models import Order, Referral, ReferralUse
from communities.models import (
    CodeAdd,
    CodeScan,
    GroupMembership,
    LinkClick,
    PostContent,
    PostEntry,
    PostResult,
    ShortLink,
)
from members.models import Contact
from members.services.partitions import BUSINESS_ZONE
from metrics.models import OwnerDay
from tagging.models import MemberValue
from tests.execution.posts import Evidence, S, moment, post
from tests.factories import (
    CampaignFactory,
    CustomerGroupFactory,
    EntryCodeFactory,
    ManagerFactory,
    MaterialFactory,
    MemberFactory,
    ProductFactory,
    StaffFactory,
    StoreFactory,
    identity,
    purchase,
)

DAY = date(2026, 3, 10)
NIGHT = datetime(2026, 3, 11, 6, 35, tzinfo=BUSINESS_ZONE)
_people = iter(range(1, 10**9))


def on(day: date, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=BUSINESS_ZONE)


def ago(days: int, hour: int = 12, minute: int = 0) -> datetime:
    return on(DAY - timedelta(days=days), hour, minute)


def stay(group, joined_at, left_at=None, *, member=None, who=None, **fields):
    return GroupMembership.objects.create(
        group=group, member=member, who=who or (member.pk if member else next(_people) + 10**12).to_bytes(16, "big"),
        joined_at=joined_at, left_at=left_at, **fields,
    )  # fmt: skip


class World:
    """Built in the order a reader needs: people and groups, codes, sales, posts, plays, WeCom's word."""

    def __init__(self):
        self.store = StoreFactory(opened_on=date(2026, 3, 5))
        self.other = StoreFactory(region=self.store.region)  # nothing ever happens there
        self.manager = ManagerFactory(store=self.store, wecom_userid="wangfang")
        self.product = ProductFactory()
        self.m = [MemberFactory(home_store=self.store) for _ in range(13)]
        self._groups()
        self._codes()
        self._sales()
        self._posts()
        self._plays()
        self._wecom()

    def _groups(self):
        store, m = self.store, self.m
        self.group, self.small = CustomerGroupFactory(store=store), CustomerGroupFactory(store=store)
        self.gone = CustomerGroupFactory(store=store, dismissed_at=on(DAY, 18))
        hq = StaffFactory()
        self.code = EntryCodeFactory(store=store, kind="group", created_by=hq)
        self.contact_code = EntryCodeFactory(store=store, created_by=hq)
        g, token = self.group, {"state": self.code.token}
        stay(g, ago(30, 10), member=m[1])
        stay(g, ago(30, 12), ago(9), member=m[2])
        stay(g, ago(7, 9), member=m[3])
        stay(g, ago(7, 10), on(DAY, 15), member=m[4], quit_scene=0)
        stay(g, on(DAY, 0, 0, 0), member=m[5], **token)
        stay(g, on(DAY, 23, 59, 59), member=m[6], **token)
        # Away from 20:00 until 19:59 the next day: never gone.
        stay(g, ago(18), on(DAY, 20), member=m[7], quit_scene=0)
        stay(g, on(DAY + timedelta(days=1), 19, 59), member=m[7])
        # Left yesterday noon, back at eleven: neither quit nor join.
        stay(g, ago(18), ago(1, 12), member=m[8], quit_scene=0)
        stay(g, on(DAY, 11), member=m[8])
        stay(g, on(DAY + timedelta(days=1), 0, 0), member=m[9])
        stay(g, ago(18), on(DAY, 10), member=m[10], quit_scene=1)
        stay(g, ago(40), is_staff=True)
        stay(self.small, ago(18), member=m[1])
        stay(self.gone, ago(18), on(DAY, 18), member=m[11])
        registered = identity(m[5], "phone", "13800000005")
        registered.created_at = on(DAY + timedelta(days=3))
        registered.save(update_fields=["created_at"])

    def _codes(self):
        CodeScan.objects.create(code=self.code, day=DAY, times=5, last_at=on(DAY))
        CodeScan.objects.create(code=self.contact_code, day=DAY, times=4, last_at=on(DAY))
        CodeAdd.objects.create(code=self.contact_code, event=1, customer=b"a" * 16, at=on(DAY, 9))

    def sold(self, member, at, fen, **fields):
        return purchase(
            store=self.store, member=member, bought_at=at, paid_fen=fen, product=self.product,
            **{"quantity": Decimal(-1 if fen < 0 else 1)} | fields,
        )  # fmt: skip

    def _sales(self):
        m, sold = self.m, self.sold
        self.campaign = CampaignFactory(store=self.store, item__product=self.product)
        sold(m[1], on(DAY, 10), 3_000, receipt="R1")
        sold(m[1], on(DAY, 10), 1_000, receipt="R1", line=2)
        sold(m[3], on(DAY, 23, 59, 59), 2_000, receipt="R2", campaign_id=self.campaign.pk)
        sold(None, on(DAY, 0, 0, 0), 1_500, receipt="R3")
        sold(m[12], on(DAY, 11), 3_000, receipt="R4")  # and all of it given back
        sold(m[12], on(DAY, 12), -3_000, receipt="R4", line=2)
        sold(m[1], on(DAY, 14), -500, receipt="RETURN")
        sold(None, on(DAY + timedelta(days=1), 0, 0, 0), 77_000)  # tomorrow
        sold(m[1], ago(1, 9), 2_500)
        sold(m[3], ago(29, 0), 1_000)  # the window's first moment
        sold(m[3], ago(30, 23, 59), 99_000)  # before it
        sold(m[4], ago(5), 800)  # bought, but left the group today
        for member, ltv in ((m[1], 10_000), (m[3], 20_001)):
            MemberValue.objects.create(
                member=member, store=self.store, first_on=DAY, last_on=DAY, days=1, year_days=1, total_fen=1,
                year_fen=1, repeat_fen=0, ltv_fen=ltv, counted_at=NIGHT, scored_at=NIGHT,
            )  # fmt: skip

    def _posts(self):
        material = MaterialFactory()

        def made(group, slot, state, **fields):
            return post(group=group, slot=slot, state=state, day=DAY, material=material, **fields)

        big, small = self.group, self.small
        late = {"done_at": moment(12, 16, day=DAY), "evidence": Evidence.CLIENT_CALLBACK}
        sent = [
            made(big, 1, S.SENT, evidence=Evidence.API_VERIFIED, done_at=moment(10, 15, day=DAY)),
            made(big, 2, S.SENT, **late),
            made(small, 1, S.SENT, must_do=False, miss_reason="not_sent", done_at=moment(15, 0, day=DAY)),
        ]
        made(big, 3, S.MISSED)
        made(big, 4, S.SKIPPED)
        made(small, 2, S.FAILED)
        made(small, 3, S.BLOCKED)
        made(small, 4, S.WITHDRAWN)
        brought = ((6, 3, 2, 5_000), (6, 1, 0, 0), (1, 1, 1, 700))
        for task, (people, clicks, buyers, fen) in zip(sent, brought, strict=True):
            PostResult.objects.create(
                task=task, store=self.store, day=DAY, slot=task.slot, material=material, content=task.content,
                evidence=task.evidence, people=people, clicks=clicks, entries=0, buyers=buyers, sales_fen=fen, quits=0,
            )  # fmt: skip
        self.task = sent[0]
        content = PostContent.objects.get(pk=sent[0].content_id)
        link = ShortLink.objects.create(token="t1", target="https://shop.example/", content=content, day=DAY)
        LinkClick.objects.create(link=link, who=b"5" * 16, member=self.m[5], day=DAY, at=on(DAY, 13))
        LinkClick.objects.create(link=link, who=b"?" * 16, day=DAY, at=on(DAY, 13))  # a browser nobody knows
        PostEntry.objects.create(key="e1", store=self.store, member=self.m[6], at=ago(2))
        PostEntry.objects.create(key="e2", store=self.store, member=self.m[7], at=ago(2), withdrawn_at=ago(1))

    def _plays(self):
        def order(member, key, **fields):
            return Order.objects.create(
                campaign=self.campaign, store=self.store, member=member, request_key=key, settling="shop",
                goods_fen=100, **{"reserved_at": on(DAY, 9)} | fields,
            )  # fmt: skip

        confirmed = {"state": "confirmed", "confirmed_at": on(DAY, 9)}
        first = order(self.m[1], "a", **confirmed)
        second = order(self.m[3], "b", reserved_at=ago(3), confirmed_at=ago(3), state="fulfilled",
                       fulfilled_at=on(DAY, 10))  # fmt: skip
        uses = [Referral.objects.create(order=one, made_at=on(DAY, 10)) for one in (first, second)]
        friend, same = order(self.m[8], "c", **confirmed), order(self.m[9], "d", **confirmed)
        ReferralUse.objects.create(referral=uses[0], friend_order=friend)
        self.void = ReferralUse.objects.create(
            referral=uses[0], friend_order=same, state="void", void_reason="同一个人"
        )

    def _wecom(self):
        OwnerDay.objects.create(userid="wangfang", day=DAY, members=10, speakers=3, groups=2, read_at=NIGHT)
        Contact.objects.create(member=self.m[5], staff=self.manager, added_at=on(DAY, 9))
