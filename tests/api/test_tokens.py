import hashlib
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from stores.models import ApiToken, AuditEntry
from stores.services.tokens import UnknownScope, create_token, live_token, revoke_token
from tests.api.refusals import refused
from tests.factories import StaffFactory

AT = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)


def _token(**more):
    fields = {"staff": StaffFactory(), "name": "收银系统", "scopes": ["stores:read"]} | more
    return create_token(**fields, expires_at=AT + timedelta(days=1), at=AT)


@pytest.mark.django_db
def test_only_the_digest_of_a_secret_is_kept():
    token, secret = _token()

    assert len(secret) == len("dq_") + 43  # 32 bytes
    assert bytes(token.digest) == hashlib.sha256(secret.encode()).digest()
    assert secret not in str(AuditEntry.objects.get().detail)


@pytest.mark.django_db
def test_token_holds_until_it_expires_is_revoked_or_its_person_leaves():
    token, secret = _token()
    assert live_token(secret=secret, at=AT) == token
    assert live_token(secret=secret + "x", at=AT) is None
    assert live_token(secret=secret, at=AT + timedelta(days=1)) is None

    token.staff.is_active = False
    token.staff.save()
    assert live_token(secret=secret, at=AT) is None
    token.staff.is_active = True
    token.staff.save()

    assert (revoke_token(token=token, at=AT), revoke_token(token=token, at=AT)) == (True, False)
    assert live_token(secret=secret, at=AT) is None


@pytest.mark.django_db
def test_use_is_noted_at_most_every_ten_minutes(django_assert_num_queries):
    token, secret = _token()

    with django_assert_num_queries(2):
        live_token(secret=secret, at=AT)
    with django_assert_num_queries(1):
        live_token(secret=secret, at=AT + timedelta(minutes=9))

    token.refresh_from_db()
    assert token.last_used_at == AT
    live_token(secret=secret, at=AT + timedelta(minutes=11))
    token.refresh_from_db()
    assert token.last_used_at == AT + timedelta(minutes=11)


@pytest.mark.django_db
@pytest.mark.parametrize("scopes", [[], ["members:write"], ["stores:read", "*"]])
def test_unknown_scope_is_refused(scopes):
    with pytest.raises(UnknownScope):
        _token(scopes=scopes)


@pytest.mark.django_db
def test_command_prints_the_secret_once():
    StaffFactory(username="pos", name="收银")
    out, err = StringIO(), StringIO()

    call_command("create_api_token", "pos", "--name", "收银系统", "--scope", "stores:read", stdout=out, stderr=err)

    secret = out.getvalue().strip()
    assert live_token(secret=secret, at=timezone.now()).name == "收银系统"
    assert (secret in err.getvalue(), "只显示这一次" in err.getvalue()) == (False, True)
    for arguments in (["nobody"], ["pos", "--days", "0"]):
        with pytest.raises(CommandError):
            call_command("create_api_token", *arguments, "--name", "x", "--scope", "stores:read", stdout=out)


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Bearer a b", "bearer ÿ"])
def test_bad_key_is_refused_in_the_apis_form(header):
    answer = APIClient(headers={"Authorization": header}).get("/api/v1/stores/")

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json() == refused("authentication_failed", "令牌无效、已到期或已吊销")
    assert ApiToken.objects.count() == 0
