"""How tests speak to a running sandbox: as the platform, and as those who arrange things."""

from typing import Any

import httpx

CORP, SECRET, CONTACTS_SECRET = "wwsandbox00000001", "sandbox-app-secret-0001", "sandbox-contacts-secret-0001"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32


class Company:
    def __init__(self, base: str) -> None:
        self.base = base
        self.http = httpx.Client(
            base_url=base, trust_env=False, timeout=30, transport=httpx.HTTPTransport(retries=5, trust_env=False)
        )
        self.tokens: dict[str, str] = {}
        self.stop: Any = lambda: None

    def close(self) -> None:
        self.http.close()

    def control(self, operation: str, **given):
        """A control operation that must work."""
        response = self.http.post(f"/sandbox/api/{operation}", json=given)
        assert response.status_code == 200, response.text
        return response.json()

    def see(self, what: str, **query):
        response = self.http.get(f"/sandbox/api/{what}", params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def do(self, action: str, **given):
        """What a person does, and can do."""
        return self.control(f"do/{action}", **given)["result"]

    def cannot(self, action: str, **given) -> str:
        """Why a person cannot do this."""
        response = self.http.post(f"/sandbox/api/do/{action}", json=given)
        assert response.status_code == 409, response.text
        return response.json()["error"]

    def gettoken(self, secret=SECRET, corp=CORP):
        return self.http.get("/cgi-bin/gettoken", params={"corpid": corp, "corpsecret": secret}).json()

    def token(self, secret=SECRET) -> str:
        if secret not in self.tokens:
            self.tokens[secret] = self.gettoken(secret)["access_token"]
        return self.tokens[secret]

    def get(self, path, *, secret=SECRET, **query):
        return self.http.get(f"/cgi-bin/{path}", params={"access_token": self.token(secret), **query}).json()

    def post(self, path, body=None, *, secret=SECRET, **query):
        params = {"access_token": self.token(secret), **query}
        return self.http.post(f"/cgi-bin/{path}", params=params, json=body or {}).json()

    def ok(self, path, body=None, **query):
        answer = self.post(path, body, **query)
        assert answer["errcode"] == 0, answer
        return answer

    def code(self, path, body=None, **query) -> int:
        return self.post(path, body, **query)["errcode"]

    def upload(self, kind="image", content=PNG, name="a.png", path="media/upload", **query):
        params = {"access_token": self.token(), **({"type": kind} if path == "media/upload" else {}), **query}
        return self.http.post(f"/cgi-bin/{path}", params=params, files={"media": (name, content)}).json()

    def advance(self, seconds: float) -> None:
        self.control("clock", advance=seconds)

    def customers(self, userid="manager0001") -> list[str]:
        return self.get("externalcontact/list", userid=userid)["external_userid"]

    def groups(self, owner="manager0001") -> list[str]:
        body = {"limit": 1000, "owner_filter": {"userid_list": [owner]}}
        return [row["chat_id"] for row in self.ok("externalcontact/groupchat/list", body)["group_chat_list"]]

    def group(self, chat_id):
        return self.ok("externalcontact/groupchat/get", {"chat_id": chat_id, "need_name": 1})["group_chat"]

    def rows(self, table: str) -> list[dict]:
        return self.see("rows", table=table)["rows"]

    def events(self, kind: str = "") -> list[dict]:
        return [event for event in self.see("events")["events"] if event["kind"].startswith(kind)]
