"""A company made at once: departments, managers, groups and customers. Seeding causes no callbacks."""

from collections.abc import Iterator

from wecom.sandbox.store import Store, scrambled
from wecom.sandbox.world.errors import Impossible
from wecom.sandbox.world.people import made_up_name

_YEAR = 365 * 86_400


def seed(
    store: Store, *, managers: int, groups: int, contacts: int, in_groups: float = 1.0, seed: int = 1
) -> dict[str, int]:
    """Fill an empty company.

    Every manager has a department of his own, every customer one manager and, with the share `in_groups`, one of his
    groups. What is made depends on the arguments and the clock alone.

    :raises Impossible: there is somebody already, or the numbers do not fit.
    """
    if store.value("SELECT COUNT(*) FROM staff"):
        raise Impossible("公司已经有成员，先清空")
    per_group = contacts * in_groups / max(1, groups)
    if managers < 1 or min(groups, contacts) < 0 or per_group > store.setting("group_members") - 1:
        raise Impossible("数目不合适：至少一名店长，且每个群装得下")
    now = int(store.now())
    store.run("INSERT OR IGNORE INTO department VALUES (1, '总部', 0, 1)")
    store.run_many(
        "INSERT INTO department VALUES (?, ?, 1, ?)",
        ((number + 2, f"{number + 1:04}店", number + 2) for number in range(managers)),
    )
    store.run_many(
        "INSERT INTO staff (userid, name, department, position, mobile, last_login) VALUES (?, ?, ?, '店长', ?, ?)",
        ((_userid(n), made_up_name(n * 31 + 5), n + 2, f"161{n:08}", now) for n in range(managers)),
    )
    store.run_many(
        "INSERT INTO chat (chat_id, name, owner, created) VALUES (?, ?, ?, ?)",
        (
            (_chat(seed, n), f"{n % managers + 1:04}店·福利{n // managers + 1}群", _userid(n % managers), now - _YEAR)
            for n in range(groups)
        ),
    )
    store.run_many(
        "INSERT INTO chat_member VALUES (?, ?, 1, ?, 1, '', '')",
        ((_chat(seed, n), _userid(n % managers), now - _YEAR) for n in range(groups)),
    )
    store.run_many("INSERT INTO contact VALUES (?, ?, ?, ?, 1)", _people(seed, contacts))
    store.run_many(
        "INSERT INTO follow (userid, contact, add_way, created) VALUES (?, ?, 1, ?)",
        ((_userid(n % managers), _contact(seed, n), now - 1 - n * 61 % _YEAR) for n in range(contacts)),
    )
    store.run_many("INSERT INTO chat_member VALUES (?, ?, 2, ?, 3, '', '')", _memberships(
        seed=seed, managers=managers, groups=groups, count=int(contacts * in_groups), now=now,
    ))  # fmt: skip
    store.count("person", 0, by=contacts)
    return {"managers": managers, "groups": groups, "contacts": contacts}


def _people(seed: int, count: int) -> Iterator[tuple[str, str, str, int]]:
    for number in range(count):
        contact = _contact(seed, number)
        yield contact, made_up_name(number), f"o{contact[2:29]}", number % 3


def _memberships(*, seed: int, managers: int, groups: int, count: int, now: int) -> Iterator[tuple[str, str, int]]:
    """The n-th customer goes to the groups of her manager in turn."""
    for number in range(count if groups else 0):
        manager, turn = number % managers, number // managers
        own = (groups - manager + managers - 1) // managers  # how many groups this manager has
        group = manager + managers * (turn % own) if own > 0 else number % groups
        yield _chat(seed, group), _contact(seed, number), now - 1 - number * 61 % _YEAR


def _userid(number: int) -> str:
    return f"manager{number + 1:04}"


def _chat(seed: int, number: int) -> str:
    return "wr" + scrambled(f"seed:{seed}:wr:{number}", 30)


def _contact(seed: int, number: int) -> str:
    return "wm" + scrambled(f"seed:{seed}:wm:{number}", 30)
