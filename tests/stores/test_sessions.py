from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from stores import tasks
from tests.factories import ManagerFactory


@pytest.mark.django_db
def test_rows_of_ended_sessions_go_and_the_others_stay(client):
    client.force_login(ManagerFactory())
    Session.objects.create(session_key="ended", session_data="", expire_date=timezone.now() - timedelta(seconds=1))

    tasks.bulk_clear_sessions()

    assert [row.session_key for row in Session.objects.all()] == [client.session.session_key]
