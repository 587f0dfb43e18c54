"""Whose data is whose: two stores in two regions, and somebody in each place."""

from typing import Any

from tests.factories import (
    GuideFactory,
    ManagerFactory,
    MemberFactory,
    RegionFactory,
    RegionLeadFactory,
    StaffFactory,
    StoreFactory,
)


def chain_of_two() -> dict[str, Any]:
    """Stores A1 and B1 with one member each, one member of no store; everybody else is of A1 or its region."""
    north, south = RegionFactory(code="N"), RegionFactory(code="S")
    ours, theirs = StoreFactory(code="A1", region=north), StoreFactory(code="B1", region=south)
    return {
        "ours": MemberFactory(name="我家会员", home_store=ours),
        "theirs": MemberFactory(name="别家会员", home_store=theirs),
        "homeless": MemberFactory(name="无店会员", home_store=None),
        "hq": StaffFactory(),
        "lead": RegionLeadFactory(region=north),
        "manager": ManagerFactory(store=ours),
        "guide": GuideFactory(store=ours),
    }
