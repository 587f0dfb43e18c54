import pytest
from django.utils import timezone

from communities.models import CustomerGroup, GroupMembership
from communities.services.reconciling import reconcile
from members.models import Contact, Identity, Member
from stores.models import Staff
from tests.mirror.mirroring import drift_of, staff
from wecom.gateway import wecom
from wecom.models import SyncRun
from wecom.selectors import latest_drift
from wecom.services import syncing


def test_first_reading_brings_staff_members_contacts_and_groups(mirror):
    mirror.read_all()

    manager = staff("manager0001")
    assert (manager.role, manager.store, manager.has_usable_password()) == ("guide", mirror.stores[0], False)
    assert Member.objects.count() == 40
    assert Identity.objects.filter(kind="unionid").count() == 40
    assert CustomerGroup.objects.filter(store=mirror.stores[0], owner=manager).count() == 2
    assert GroupMembership.objects.filter(left_at=None, is_staff=False, member=None).count() == 0
    assert mirror.ours() == mirror.truth()


def test_second_reading_of_an_unchanged_company_finds_and_writes_nothing(mirror):
    mirror.read_all()

    runs = mirror.read_all()

    assert [drift_of(run) for run in runs.values()] == [{}, {}, {}, {}]
    assert [report.drift for report in latest_drift()] == [0, 0, 0, 0]


def test_full_reading_makes_no_more_calls_than_the_pages_need(mirror):
    runs = mirror.read_all()

    # 1 tree, 3 departments twice · 1 list of tags · 1 list of colleagues, 40 contacts on one page · 1 list, 1 page,
    # 4 groups
    assert {kind: run.calls for kind, run in runs.items()} == {"staff": 7, "tags": 1, "contacts": 2, "groups": 6}
    made = [entry["name"] for entry in mirror.company.see("ledger", kind="api")["entries"]]
    assert len([name for name in made if name != "gettoken"]) == 16


def test_reading_killed_in_the_middle_goes_on_without_repeating_a_group(mirror):
    mirror.read_all("staff", "contacts")
    mirror.company.control("fail_next", api="externalcontact/groupchat/get", errcode=40058, times=1)
    first = CustomerGroup.objects.count()
    failed = reconcile(wecom=wecom(), clock=timezone.now, kinds=["groups"])["groups"]
    assert isinstance(failed, Exception)
    assert first == 0
    run = SyncRun.objects.get(kind="groups")
    plan, position = run.plan, run.position
    assert (plan["page"]["chat_ids"], position["done"]) != ([], 4)

    finished = mirror.read_all("groups")["groups"]

    assert finished.pk == run.pk
    assert finished.calls == 6  # as if it had never been killed: the refused call was no page
    assert mirror.ours() == mirror.truth()


def test_two_workers_do_not_read_the_same_kind_at_once(mirror):
    held = syncing.open_run(kind="groups", at=timezone.now())

    refused = reconcile(wecom=wecom(), clock=timezone.now, kinds=["groups"])["groups"]

    assert isinstance(refused, syncing.SyncBusy)
    syncing.give_up(held, error="", at=timezone.now())
    assert mirror.read_all("staff", "contacts", "groups")["groups"].pk == held.pk


def test_worker_that_lost_its_run_stores_nothing_more(mirror):
    at = timezone.now()
    slow = syncing.open_run(kind="groups", at=at - syncing.LEASE)
    syncing.open_run(kind="groups", at=at)

    with pytest.raises(syncing.SyncLost):
        syncing.advance(slow, position={"done": 9}, at=at)

    assert SyncRun.objects.get().position == {}


def test_reading_repairs_what_no_event_told_and_says_what_it_was(mirror):
    mirror.read_all()
    [group, other] = mirror.company.groups("manager0001")
    [leaver, lost, *_] = mirror.company.customers("manager0001")
    joiner = mirror.do("create_contact")
    mirror.do("befriend", userid="manager0001", contact=joiner, add_way=1, state="dqcode")
    mirror.do("join", chat_id=group, person=joiner, scene=3, state="dqcode")
    mirror.do("part", userid="manager0001", contact=lost, by="customer")
    mirror.do("rename_group", chat_id=group, name="新群名")
    mirror.do("dismiss", chat_id=other)
    mirror.do("resign", userid="manager0002")
    stay = next(row for row in mirror.company.rows("chat_member") if row["chat_id"] == group and row["type"] == 2)
    if stay["member"] != joiner:
        mirror.do("leave", chat_id=group, person=stay["member"])

    runs = mirror.read_all()

    assert drift_of(runs["staff"]) == {"staff_left": 1}
    assert drift_of(runs["contacts"]) == {"contact_missing": 1, "contact_gone": 1}
    assert drift_of(runs["groups"]) == {"group_changed": 1, "join_missing": 1, "quit_missing": 1, "group_gone": 1}
    ours, truth = mirror.ours(), mirror.truth()
    assert ours["groups"] == truth["groups"]
    assert leaver is not None


def test_groups_whose_owner_left_stay_and_wait_for_an_heir(mirror):
    mirror.read_all()
    mirror.do("resign", userid="manager0002")

    mirror.read_all()

    waiting = CustomerGroup.objects.live().filter(owner_userid="manager0002")
    assert list(waiting.values_list("handover", flat=True)) == [1, 1]


def test_contacts_of_people_who_are_no_staff_make_members_but_no_contact(mirror):
    mirror.stores[1].name = "别的店"
    mirror.stores[1].save()

    mirror.read_all()

    assert Staff.objects.exclude(wecom_userid="").count() == 1
    assert (Member.objects.count(), Contact.objects.count()) == (40, 20)
