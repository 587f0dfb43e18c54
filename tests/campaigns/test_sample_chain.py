"""The demo's running 接龙."""

import pytest

from campaigns.models import Campaign, ChainUnit
from campaigns.simulation.chains import WEIGHTS, add_sample_chain
from tests.campaigns.selling import AT
from tests.factories import ManagerFactory, MemberFactory, ProductFactory, StoreProductFactory


@pytest.mark.django_db
def test_the_demo_has_one_running_chain_with_photographed_pieces(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    manager = ManagerFactory()
    ProductFactory(name="金枕榴莲")
    StoreProductFactory(store=manager.store, product=ProductFactory(name="贵妃芒"))
    for _ in range(3):
        MemberFactory(home_store=manager.store)

    made = add_sample_chain(by=manager, at=AT)

    assert (made.state, made.boards.get().last_number) == (Campaign.State.LIVE, 3)
    assert ChainUnit.objects.filter(order=None).count() == len(WEIGHTS) - 2
    assert all(unit.photo.storage.exists(unit.photo.name) for unit in ChainUnit.objects.all())
    assert add_sample_chain(by=manager, at=AT) is None
