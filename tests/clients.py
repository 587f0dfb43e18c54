"""Somebody's browser, without a browser."""

from django.http import HttpResponse
from django.test import Client

from stores.models import Staff


def signed_in(user: Staff) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(answer: HttpResponse) -> str:
    return answer.content.decode()
