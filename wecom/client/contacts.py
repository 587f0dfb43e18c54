"""Staff and departments (wecom.md §3.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NotRequired, TypedDict, cast

from wecom.client.paging import Page, walk
from wecom.client.transport import Transport


class DepartmentNode(TypedDict):
    id: int
    parentid: int
    order: NotRequired[int]


class Department(DepartmentNode):
    name: NotRequired[str]
    name_en: NotRequired[str]
    department_leader: NotRequired[list[str]]


class DepartmentUser(TypedDict):
    userid: str
    department: int


class User(TypedDict):
    """A member. What the app may not see is left out: mobile, avatar, gender, e-mail, address."""

    userid: str
    name: NotRequired[str]
    department: NotRequired[list[int]]
    order: NotRequired[list[int]]
    is_leader_in_dept: NotRequired[list[int]]
    main_department: NotRequired[int]
    direct_leader: NotRequired[list[str]]
    position: NotRequired[str]
    status: NotRequired[int]  # 1 active, 2 disabled, 4 not activated, 5 left


@dataclass(frozen=True, slots=True)
class Contacts:
    """`directory` calls with the 通讯录同步 secret, where there is one: it alone lists the whole company."""

    transport: Transport
    directory: Transport | None = None

    @property
    def sees_everybody(self) -> bool:
        """Whether the lists hold the whole company, not only the app's range."""
        return self.directory is not None

    def departments(self, *, root: int | None = None) -> list[DepartmentNode]:
        """The ids of a department and all below it."""
        scope = {} if root is None else {"id": root}
        lists = self.directory or self.transport
        return cast("list[DepartmentNode]", lists.get("department/simplelist", **scope)["department_id"])

    def department(self, *, department_id: int) -> Department:
        return cast("Department", self.transport.get("department/get", id=department_id)["department"])

    def user(self, *, userid: str) -> User:
        answer = self.transport.get("user/get", userid=userid)
        return cast("User", {name: value for name, value in answer.items() if name not in {"errcode", "errmsg"}})

    def users_of(self, *, department_id: int) -> list[User]:
        """The direct members of a department, with details."""
        return cast("list[User]", self.transport.get("user/list", department_id=department_id)["userlist"])

    def user_names_of(self, *, department_id: int) -> list[User]:
        """The direct members of a department, with names only."""
        return cast("list[User]", self.transport.get("user/simplelist", department_id=department_id)["userlist"])

    def user_id_pages(self, *, cursor: str = "", limit: int = 10_000) -> Iterator[Page[DepartmentUser]]:
        """Every (member, department) of the company; with the app's own secret it is refused (48002)."""
        lists = self.directory or self.transport

        def fetch(at: str) -> Page[DepartmentUser]:
            body = {"limit": limit} | ({"cursor": at} if at else {})
            answer = lists.read("user/list_id", body)
            return Page(answer["dept_user"], answer.get("next_cursor", ""))

        return walk(fetch, cursor=cursor)

    def userid_by_mobile(self, *, mobile: str) -> str:
        """The member with this number. Too many misses block the API for a day, so ask for known staff only."""
        return str(self.transport.read("user/getuserid", {"mobile": mobile})["userid"])
