"""Who in a store answers customers, and under which id WeCom knows them."""

from collections.abc import Iterable

from stores.models import Staff, Store


def userid_of(person: Staff) -> str:
    """The WeCom UserID of a member of staff: staff that come from WeCom have it as their account name."""
    return person.username


def staff_of(userid: str) -> Staff | None:
    """Who a UserID is, whether still with us or not."""
    return Staff.objects.select_related("store").filter(username=userid).first()


def leavers(userids: Iterable[str]) -> set[str]:
    """Those of the UserIDs that belong to nobody who still works here."""
    wanted = set(userids)
    return wanted - set(Staff.objects.filter(username__in=wanted, is_active=True).values_list("username", flat=True))


def receptionists(store: Store) -> list[Staff]:
    """Who may answer a store's customers: its managers, then its guides."""
    people = Staff.objects.filter(store=store, is_active=True, role__in=[Staff.Role.MANAGER, Staff.Role.GUIDE])
    return sorted(people, key=lambda person: (person.role != Staff.Role.MANAGER, person.pk))


def manager_of(store: Store) -> Staff | None:
    managers = Staff.objects.filter(store=store, is_active=True, role=Staff.Role.MANAGER)
    return managers.order_by("pk").first()
