"""Who in a store answers customers, which groups it has, and under which ids WeCom knows them."""

from collections.abc import Iterable

from communities.models import CustomerGroup
from stores.models import Staff, Store


def userid_of(person: Staff) -> str:
    """The WeCom UserID of a member of staff, or "" of one WeCom does not know."""
    return person.wecom_userid


def staff_of(userid: str) -> Staff | None:
    """Who a UserID is, whether still with us or not."""
    return Staff.objects.select_related("store").filter(wecom_userid=userid.lower()).first() if userid else None


def leavers(userids: Iterable[str]) -> set[str]:
    """Those of the UserIDs that belong to nobody who still works here."""
    wanted = {userid.lower() for userid in userids}  # the mirror writes them small: WeCom tells no case apart
    here = Staff.objects.filter(wecom_userid__in=wanted, is_active=True)
    return wanted - set(here.values_list("wecom_userid", flat=True))


def receptionists(store: Store) -> list[Staff]:
    """Who may answer a store's customers in WeCom: its managers, then its guides."""
    people = Staff.objects.filter(store=store, is_active=True, role__in=[Staff.Role.MANAGER, Staff.Role.GUIDE])
    return sorted(people.exclude(wecom_userid=""), key=lambda person: (person.role != Staff.Role.MANAGER, person.pk))


def manager_of(store: Store) -> Staff | None:
    """The store's manager, one WeCom knows if there are several."""
    managers = Staff.objects.filter(store=store, is_active=True, role=Staff.Role.MANAGER)
    return min(managers, key=lambda person: (not person.wecom_userid, person.pk), default=None)


def groups_with_room(store: Store) -> list[CustomerGroup]:
    """The store's groups that newcomers may join, oldest first."""
    return [group for group in CustomerGroup.objects.live().filter(store=store).order_by("pk") if not group.is_full]
