"""A browser that goes from the platform to the sandbox's log-in pages and back."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from django.test import Client

from tests.wecom.sandbox.company import Company

IN_WECOM = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) wxwork/4.1.36 MicroMessenger/7.0.1"


@dataclass
class Door:
    company: Company
    client: Client

    def start(self, *, page: str = "/account/", agent: str = ""):
        """The answer of our own start page."""
        return self.client.get("/login/wecom/", {"next": page}, headers={"User-Agent": agent})

    def identify(self, address: str, person: str) -> str:
        """Choose a person on the sandbox's page; the address the browser is sent back to."""
        page = self.company.http.get(address)
        assert page.status_code == 200, page.text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
        given = {name: value.replace("&amp;", "&") for name, value in hidden.items()}
        sent = self.company.http.post("/sandbox/act/identify", data=given | {"person": person})
        assert sent.status_code == 303, sent.text
        return sent.headers["location"]

    def back(self, person: str, **started: str) -> str:
        return self.identify(self.start(**started).headers["Location"], person)

    def come_in(self, person: str, **started: str):
        """The whole way; the answer to the browser that returns."""
        return self.client.get(self.back(person, **started))

    def is_open(self) -> bool:
        return self.client.get("/account/").status_code == 200

    def stop(self) -> None:
        self.company.control("settings", outage="down")


def parameters(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
