"""Find members by what stands in one search box, newest first, among millions."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db.models import Exists, Func, OuterRef, Q, QuerySet, TextField, Value
from django.utils import timezone

from members.identities import normalise_phone, value_hash
from members.models import Identity, Member
from members.selectors.scope import members_for
from stores.models import Region, Staff
from stores.selectors import stores_for

_TAIL_LENGTH = 4
_TAIL = re.compile(r"[0-9A-Za-z]{4}")
_CODE = re.compile(r"[0-9A-Za-z_\-]+")
_HAS_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class MemberFilter:
    """What the list, the export and the API may be narrowed by; every part is optional."""

    text: str = ""
    store: str = ""  # a store's code, or part of its name
    region: int | None = None
    has_phone: bool = False
    joined_since: date | None = None


def find_members(user: Staff | AnonymousUser, wanted: MemberFilter) -> QuerySet[Member]:
    """The visible members that match, unordered."""
    members = members_for(user)
    if wanted.text:
        members = _match_text(members, wanted.text)
    if wanted.store or wanted.region:
        stores = stores_for(user)
        if wanted.store:
            stores = stores.filter(Q(code__iexact=wanted.store) | Q(name__icontains=wanted.store))
        if wanted.region:
            branch = Region.objects.filter(pk=wanted.region).values_list("path", flat=True).first()
            stores = stores.filter(region__path__startswith=branch) if branch else stores.none()
        # The keys themselves: with them the planner knows how few or many members are meant.
        members = members.filter(home_store__in=list(stores.values_list("pk", flat=True)))
    if wanted.has_phone:
        members = members.filter(Exists(Identity.objects.filter(member=OuterRef("pk"), kind=Identity.Kind.PHONE)))
    if wanted.joined_since:
        since = timezone.make_aware(datetime.combine(wanted.joined_since, time.min))
        members = members.filter(joined_at__gte=since)
    return members


def _match_text(members: QuerySet[Member], text: str) -> QuerySet[Member]:
    """Four characters of a code are a tail, a whole code is a phone or a card, anything else is part of a name."""
    text = unicodedata.normalize("NFKC", text).strip()
    compact = re.sub(r"\s+", "", text)
    if _TAIL.fullmatch(compact) and _HAS_DIGIT.search(compact):
        return members.filter(
            pk__in=Identity.objects.filter(
                tail__in={compact, compact.upper()}, kind__in=[Identity.Kind.PHONE, Identity.Kind.CARD]
            ).values("member")
        )
    phone = normalise_phone(text)
    if phone is not None or (_CODE.fullmatch(compact) and _HAS_DIGIT.search(compact)):
        hashes = [value_hash(kind=Identity.Kind.CARD, value=card) for card in {compact, compact.upper()}]
        if phone is not None:
            hashes.append(value_hash(kind=Identity.Kind.PHONE, value=phone))
        return members.filter(pk__in=Identity.objects.filter(value_hash__in=hashes).values("member"))
    return _match_name(members, text)


def _match_name(members: QuerySet[Member], text: str) -> QuerySet[Member]:
    """One character is a surname; more are a substring, found by the characters it is made of."""
    if len(text) == 1:
        return members.filter(name__startswith=text)
    # Written as the index `member_name_characters` is, or the index is not used.
    letters = Func("name", Value(""), function="regexp_split_to_array", output_field=ArrayField(TextField()))
    holds_all: dict[str, Any] = {"letters__contains": list(text)}
    return members.alias(letters=letters).filter(name__contains=text, **holds_all)


def is_full_id(text: str) -> bool:
    """Whether the text is a whole phone or card number, which must not come into an address or a log."""
    compact = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    if normalise_phone(compact) is not None:
        return True
    return len(compact) > _TAIL_LENGTH and bool(_CODE.fullmatch(compact) and _HAS_DIGIT.search(compact))
