"""Short links of our own in what is posted: made when the words are frozen, one per group and one per group-send.

Tokens are keyed hashes of what they stand for, so freezing the same words twice makes the same links.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from string import ascii_letters, digits
from typing import Any

from django.utils.crypto import salted_hmac

from communities.models import PostContent, ShortLink
from communities.services.content.links import ADDRESS, TRAILING
from communities.services.content.rendering import Wording
from communities.short_links import address_of, is_short

_SIGNS = digits + ascii_letters
_LENGTH = 11  # 65 bits
_LONGEST = 2_048
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Frozen:
    """One post whose words are frozen."""

    task_id: int
    content_id: int


def freeze(
    words: Mapping[tuple[int, int], Wording], *, day: date, slot_number: int
) -> dict[tuple[int, int], int]:  # fmt: skip
    """Freeze what each (store, version) says in a slot, its links shortened; the content of each.

    What was frozen before stays as it was.
    """
    short = {pair: _shortened(said, named=(*pair, day, slot_number)) for pair, said in words.items()}
    PostContent.objects.bulk_create(
        [
            PostContent(store_id=store, version_id=version, day=day, slot_id=slot_number, text=said.text,
                        attachments=said.attachments)
            for (store, version), (said, _) in short.items()
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    frozen = PostContent.objects.filter(day=day, slot=slot_number, store__in={store for store, _ in words})
    found = {(store, version): pk for pk, store, version in frozen.values_list("pk", "store_id", "version_id")}
    ShortLink.objects.bulk_create(
        [
            ShortLink(token=token, target=target, content_id=found[pair], day=day)
            for pair, (_, links) in short.items()
            for target, token in links.items()
        ],
        ignore_conflicts=True, batch_size=_BATCH,
    )  # fmt: skip
    return {pair: found[pair] for pair in words}


def give_own_links(posts: Collection[Frozen]) -> int:
    """Give each post a link of its own for every link of its content; how many there are. Safe to repeat."""
    shared = ShortLink.objects.filter(content__in={post.content_id for post in posts}, task=None)
    targets: dict[int, list[tuple[str, date]]] = {}
    for content_id, target, day in shared.values_list("content_id", "target", "day"):
        targets.setdefault(content_id, []).append((target, day))
    own = [
        ShortLink(token=_token("post", post.task_id, target), target=target, content_id=post.content_id,
                  task_id=post.task_id, day=day)
        for post in posts
        for target, day in targets.get(post.content_id, ())
    ]  # fmt: skip
    ShortLink.objects.bulk_create(own, ignore_conflicts=True, batch_size=_BATCH)
    return len(own)


def _shortened(said: Wording, *, named: Iterable[object]) -> tuple[Wording, dict[str, str]]:
    """The words with a short link in place of each address, and the token of each target."""
    links: dict[str, str] = {}
    names = tuple(named)

    def short(target: str) -> str:
        if len(target) > _LONGEST or is_short(target) or not target.startswith(("https://", "http://")):
            return target
        links[target] = _token("content", *names, target)
        return address_of(links[target])

    def in_text(found: Any) -> str:
        target = found[0].rstrip(TRAILING)
        return short(target) + str(found[0])[len(target) :]

    text = ADDRESS.sub(in_text, said.text)
    hung = [
        one | {"url": short(one["url"])} if ADDRESS.fullmatch(one.get("url", "")) else one for one in said.attachments
    ]
    return replace(said, text=text, attachments=hung), links


def _token(*parts: object) -> str:
    number = int.from_bytes(salted_hmac("communities.short_links", repr(parts), algorithm="sha256").digest())
    signs = []
    for _ in range(_LENGTH):
        number, sign = divmod(number, len(_SIGNS))
        signs.append(_SIGNS[sign])
    return "".join(signs)
