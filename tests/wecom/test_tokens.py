import threading
from datetime import UTC, datetime

from tests.wecom.envelopes import CORP_ID
from tests.wecom.fake import BASE, FakeWeCom, NotedAlerts, refusal
from tests.wecom.threads import together
from wecom.client.errors import WeComError
from wecom.client.limits import Limiter
from wecom.client.tokens import Fresh, SharedValue
from wecom.configuration import Application
from wecom.gateway import connect

PATH = "externalcontact/list"
NOW = datetime(2026, 1, 5, tzinfo=UTC)
OK = {"errcode": 0, "external_userid": ["wm1"]}


def _ids(site):
    return site.wecom.customers.ids_of(userid="Lin")


def test_twenty_cold_threads_make_one_gettoken(connect_to):
    site = connect_to(parallel=50, **{PATH: [OK]})

    results = together(20, lambda: _ids(site))

    assert results == [["wm1"]] * 20
    assert site.fake.count("gettoken") == 1


def test_control_twenty_cold_threads_without_the_shared_value_make_more_than_one(store):
    """The same threads with look-then-fetch, so that the test above is known to be able to fail."""
    fetched = []
    cache = {}
    looked = threading.Barrier(20)

    def careless():
        missing = "token" not in cache
        looked.wait(30)
        if missing:
            fetched.append(1)
            cache["token"] = "t"

    together(20, careless)

    assert len(fetched) == 20


def test_token_is_shared_with_other_processes_of_the_same_secret_and_no_other(connect_to):
    fake = FakeWeCom({PATH: [OK]})
    one, same, other = connect_to(fake=fake), connect_to(fake=fake), connect_to(fake=fake, secret="another-secret")

    for site in (one, same, other):
        _ids(site)

    assert fake.count("gettoken") == 2


def test_token_that_another_process_renewed_already_is_not_dropped(store):
    fetched = []

    def fetch():
        fetched.append(1)
        return Fresh(f"token-{len(fetched)}", 7200)

    value = SharedValue(store, key="t", fetch=fetch)
    assert value.get() == "token-1"
    value.drop("token-1")
    assert value.get() == "token-2"

    value.drop("token-1")  # a slow call reports the old one

    assert (value.get(), len(fetched)) == ("token-2", 2)


def test_twenty_threads_with_the_same_dead_token_refresh_it_once(store):
    fake = FakeWeCom()
    dead = threading.Barrier(20)

    def answer(request):
        if request.url.params["access_token"] == "token-1":
            dead.wait(30)  # all twenty have used the dead token before any of them hears of it
            return refusal(42001)
        return OK

    fake.script[PATH] = [answer]
    # MockTransport is called without the fake's lock held, so the twenty calls are under way together.
    limiter = Limiter(store, corp_id=CORP_ID, parallel=50)
    client = connect(
        app=Application("app", CORP_ID, "secret-of-app", "218"), base=BASE, store=store, http=fake.http(),
        alerts=NotedAlerts(), limiter=limiter,
    )  # fmt: skip
    results = together(20, lambda: client.customers.ids_of(userid="Lin"))

    assert results == [["wm1"]] * 20
    assert fake.count("gettoken") == 2


def test_token_is_renewed_before_it_ends(store):
    value = SharedValue(store, key="t", fetch=lambda: Fresh("x" * 512, 7200))

    assert value.get() == "x" * 512
    assert 6_890 <= store.ttl("t") <= 6_900


def test_refresher_that_died_blocks_nobody_for_long(store):
    value = SharedValue(store, key="t", fetch=lambda: Fresh("t", 7200))
    store.set("t:lock", "a dead process", px=50)

    assert value.get() == "t"


def test_those_who_waited_for_a_failed_refresh_share_its_failure(connect_to):
    site = connect_to(parallel=50, gettoken=[refusal(-1)])

    results = together(20, lambda: _ids(site))

    assert all(isinstance(result, WeComError) for result in results)
    assert site.fake.count("gettoken") == 3  # one refresher's three tries
