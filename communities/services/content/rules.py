"""What HQ sets: how each check is treated, and which wordings are banned or let through."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from communities.models import BannedWord, LintRule
from communities.services.content.banned import plain
from stores.models import Staff
from stores.services.auditing import audit

WORD_LENGTH = BannedWord._meta.get_field("word").max_length or 0  # noqa: SLF001 -- Django's documented API
_REASON_LENGTH = BannedWord._meta.get_field("reason").max_length or 0  # noqa: SLF001 -- Django's documented API
MOST_WORDS = 20_000
_CELLS = re.compile(r"[\t,，;；]")


@dataclass(frozen=True, slots=True)
class Treatment:
    severity: str
    limit: int | None


@transaction.atomic
def set_rules(*, treatments: Mapping[str, Treatment], by: Staff, at: datetime) -> int:
    """Treat checks as HQ wishes; what changed is audited. Returns how many did."""
    changed = {}
    for rule in LintRule.objects.select_for_update().filter(check_name__in=treatments).order_by("pk"):
        wish = treatments[rule.check_name]
        if (rule.severity, rule.limit) != (wish.severity, wish.limit):
            changed[rule.check_name] = {
                "from": [rule.severity, rule.limit], "to": [wish.severity, wish.limit],
            }  # fmt: skip
            rule.severity, rule.limit = wish.severity, wish.limit
            rule.save(update_fields=["severity", "limit"])
    if changed:
        audit(actor=by, action="content.rules", at=at, detail=changed)
    return len(changed)


@dataclass(frozen=True, slots=True)
class Imported:
    """How many words were new, how many were there already (now of this kind), how many lines say nothing usable."""

    added: int
    changed: int
    refused: list[str]


@transaction.atomic
def import_words(*, text: str, kind: str, by: Staff, at: datetime) -> Imported:
    """Take words from lines, each with a reason behind a tab, comma or semicolon if it has one.

    `kind` is banned, inducement or allowed. A word that is there already, in whatever width or case, changes its kind.
    """
    known = {plain(word.word).text: word for word in BannedWord.objects.all()}
    added = changed = 0
    refused = []
    for line in dict.fromkeys(text.splitlines()):
        cells = [cell.strip() for cell in _CELLS.split(line, maxsplit=1)]
        word, reason = cells[0].strip("\"'“”"), cells[1][:_REASON_LENGTH] if len(cells) > 1 else ""
        key = plain(word).text
        if not word and not reason:
            continue
        if not key or len(word) > WORD_LENGTH or (key not in known and len(known) >= MOST_WORDS):
            refused.append(line.strip()[:40])
            continue
        row = known.get(key) or BannedWord(word=word)
        before = (row.pk, row.inducement, row.allowed, row.reason)
        row.inducement, row.allowed = kind == "inducement", kind == "allowed"
        row.reason = reason or row.reason
        added += row.pk is None
        changed += row.pk is not None and before != (row.pk, row.inducement, row.allowed, row.reason)
        row.save()
        known[key] = row
    if added or changed:
        audit(actor=by, action="content.words", at=at, detail={"added": added, "changed": changed, "kind": kind})
    return Imported(added=added, changed=changed, refused=refused)


def remove_word(*, word: BannedWord, by: Staff, at: datetime) -> None:
    """Take a word off the list."""
    audit(actor=by, action="content.word_removed", at=at, target=word.word)
    word.delete()
