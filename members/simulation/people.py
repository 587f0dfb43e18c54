"""Members as the database knows them: names, ids, consent, contacts with staff."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from members import identities
from members.models import Consent, Identity, Member
from stores.simulation.chain import SimulatedStore
from stores.simulation.loading import NULL, Loader, blobs, texts
from stores.simulation.names import draw_names

_WOMEN = 0.64
_WITH_PHONE = 0.86
_WITH_BIRTHDAY = 0.55
_WITH_CONTACT = 0.38
_CONSENT_SHARE = {Consent.Purpose.MARKETING: 0.72, Consent.Purpose.PROFILING: 0.6}
_WITHDRAWN = 0.06
_CONSENT_TEXT = "2025-01"
# 161 is given to no carrier, so a sample phone number reaches nobody.
_PHONE_PREFIX = "161"
_TEN_TO_8 = 100_000_000
_STRIDE = 40_503_077  # odd and no multiple of five: walking by it visits every eight-digit number once
_LONGEST_MEMBERSHIP_DAYS = 1500

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class People:
    """The members of one store, in the order of their ids."""

    first_id: int
    cards: list[str]
    joined_on: list[date]


def card_number(position: int, seed: int) -> str:
    """88 and eight digits, different for every member of a chain."""
    return f"88{(position * _STRIDE + seed * 7919) % _TEN_TO_8:08d}"


def phone_number(position: int, seed: int) -> str:
    """A valid-looking mobile number that no carrier has given out."""
    return f"{_PHONE_PREFIX}{(position * _STRIDE + seed * 104_729 + 31_337) % _TEN_TO_8:08d}"


def union_id(position: int, seed: int) -> str:
    """Her UnionID: as long as WeChat's, and made of the alphabet WeChat uses."""
    return "o" + urlsafe_b64encode(sha256(f"union:{seed}:{position}".encode()).digest()).decode()[:27]


def add_people(
    *, loader: Loader, store: SimulatedStore, first_id: int, first_position: int, count: int, seed: int, until: date
) -> People:
    """Queue a store's members with their ids, consent and contacts.

    `first_position` is the number of members of the stores before it: cards and phones follow it, so that they are
    unique in the chain however the work is split.
    """
    rng = np.random.default_rng([seed, 3, store.index])
    female = rng.random(count) < _WOMEN
    opened_on = store.opened_on or store.fitout_on
    last = min(store.closed_on, until)
    span = min((last - opened_on).days, _LONGEST_MEMBERSHIP_DAYS)
    ago = (rng.beta(1.0, 1.3, count) * span).astype(int).tolist()
    joined_on = [last - timedelta(days=days) for days in ago]
    joined_at = [
        f"{day} {9 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}+08"
        for day, second in zip(joined_on, rng.integers(0, 12 * 3600, count).tolist(), strict=True)
    ]
    ids = texts(range(first_id, first_id + count))
    loader.add(
        "members_member",
        {
            "id": ids,
            "name": draw_names(rng, female),
            "gender": np.where(female, Member.Gender.FEMALE.value, Member.Gender.MALE.value).tolist(),
            "birthday": _birthdays(rng, count, until),
            "home_store_id": [str(store.id)] * count,
            "joined_at": joined_at,
        },
    )
    positions = range(first_position, first_position + count)
    cards = [card_number(position, seed) for position in positions]
    _add_identities(loader, ids, Identity.Kind.CARD, cards, joined_at)
    known = np.flatnonzero(rng.random(count) < _WITH_PHONE).tolist()
    _add_identities(
        loader, [ids[i] for i in known], Identity.Kind.PHONE,
        [phone_number(positions[i], seed) for i in known], [joined_at[i] for i in known],
    )  # fmt: skip
    _add_consent(loader, rng, ids=ids, joined_at=joined_at, joined_on=joined_on, until=until)
    befriended = _add_contacts(loader, rng, ids, joined_at, store)
    # Whoever is a contact in WeCom has signed in to the mini-program too: that is how the two know her as one.
    _add_identities(
        loader, [ids[i] for i in befriended], Identity.Kind.UNIONID,
        [union_id(positions[i], seed) for i in befriended], [joined_at[i] for i in befriended],
    )  # fmt: skip
    return People(first_id=first_id, cards=cards, joined_on=joined_on)


def _birthdays(rng: np.random.Generator, count: int, until: date) -> list[str]:
    age_days = (np.clip(rng.normal(40, 12, count), 18, 85) * 365.25).astype(int).tolist()
    known = (rng.random(count) < _WITH_BIRTHDAY).tolist()
    return [str(until - timedelta(days=days)) if yes else NULL for days, yes in zip(age_days, known, strict=True)]


def _add_identities(
    loader: Loader, member_ids: list[str], kind: Identity.Kind, values: list[str], created_at: list[str]
) -> None:
    name = kind.value
    loader.add(
        "members_identity",
        {
            "member_id": member_ids,
            "kind": [name] * len(values),
            "issuer": [""] * len(values),
            "value_hash": blobs(identities.value_hash(kind=name, value=value) for value in values),
            "value_encrypted": blobs(map(identities.encrypt, values)),
            "tail": [value[-4:] for value in values],
            "source": ["pos"] * len(values),
            "created_at": created_at,
        },
    )


def _add_consent(
    loader: Loader,
    rng: np.random.Generator,
    *,
    ids: list[str],
    joined_at: list[str],
    joined_on: list[date],
    until: date,
) -> None:
    rows: list[tuple[str, str, str, str, str]] = []  # member, purpose, decision, source, at
    grant, withdraw = Consent.Decision.GRANTED.value, Consent.Decision.WITHDRAWN.value
    for purpose, share in _CONSENT_SHARE.items():
        name = purpose.value  # an enum's value is slow to read, and these are millions of rows
        granted = rng.random(len(ids)) < share
        withdrawn = rng.random(len(ids)) < _WITHDRAWN
        when = rng.random(len(ids))
        rows += [(ids[i], name, grant, "入会登记", joined_at[i]) for i in np.flatnonzero(granted).tolist()]
        for i in np.flatnonzero(granted & withdrawn).tolist():
            days = int(when[i] * (until - joined_on[i]).days)
            if days:
                at = f"{joined_on[i] + timedelta(days=days)} 12:00:00+08"
                rows.append((ids[i], name, withdraw, "会员要求", at))
    if rows:
        member, purposes, decisions, sources, at_times = (list(column) for column in zip(*rows, strict=True))
        loader.add(
            "members_consent",
            {
                "member_id": member, "purpose": purposes, "decision": decisions, "source": sources,
                "text_version": [_CONSENT_TEXT] * len(rows), "at": at_times,
            },
        )  # fmt: skip


def _add_contacts(
    loader: Loader, rng: np.random.Generator, ids: list[str], joined_at: list[str], store: SimulatedStore
) -> list[int]:
    """Make a good third of the members a contact of one of the staff, and say which.

    The manager has twice as many as a guide.
    """
    chosen = np.flatnonzero(rng.random(len(ids)) < _WITH_CONTACT).tolist()
    people = [store.staff_ids[0], *store.staff_ids]
    staff = rng.integers(0, len(people), len(ids)).tolist()
    loader.add(
        "members_contact",
        {
            "member_id": [ids[i] for i in chosen],
            "staff_id": texts(people[staff[i]] for i in chosen),
            "remark": ["" for _ in chosen],
            "added_at": [joined_at[i] for i in chosen],
        },
    )
    return chosen
