"""粘贴接龙: the group's own text goes in, a screen to confirm comes up, entries come out."""

import secrets

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.models import ChainUnit
from campaigns.selectors import pasted as selectors
from campaigns.selectors.pasted import Read
from campaigns.selectors.staffing import stocks_of
from campaigns.services.claiming import Wanted
from campaigns.services.pasted import Confirmed, take_pasted
from campaigns.views.access import runnable_or_404, store_of
from members.models import Member
from stores.requests import StaffRequest


@require_http_methods(["GET", "POST"])
@login_required
def paste(request: StaffRequest, pk: int) -> HttpResponse:
    """The box; then every line that is new or changed, with what was read and what is doubtful."""
    campaign = runnable_or_404(request, pk)
    store = store_of(request, campaign)
    text = request.POST.get("text", "").replace("\r\n", "\n")[: selectors.LONGEST]
    if request.method == "GET" or not text.strip():
        return render(request, "campaigns/paste.html", {"campaign": campaign, "store": store})
    reading = selectors.read(campaign=campaign, store=store, text=text)
    stocks = stocks_of(campaign, store)
    return render(request, "campaigns/paste_confirm.html", {
        "campaign": campaign, "store": store, "text": text, "reading": reading, "stocks": stocks,
        "units": [unit for stock in stocks for unit in stock.units.all() if _is_free(unit)],
        "batch": secrets.token_hex(8),
    })  # fmt: skip


@require_POST
@login_required
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Take the lines that were ticked, as they were corrected."""
    campaign = runnable_or_404(request, pk)
    store = store_of(request, campaign)
    text = request.POST.get("text", "").replace("\r\n", "\n")
    reading = selectors.read(campaign=campaign, store=store, text=text)
    people = _people(request, reading.rows)
    items = {stock.item_id for stock in stocks_of(campaign, store)}
    lines = [_confirmed(request, row, items, people) for row in reading.rows if request.POST.get(f"take-{row.place}")]
    said = take_pasted(
        campaign=campaign, store=store, lines=lines, batch=request.POST.get("batch", "")[:16], by=request.user,
        at=timezone.now(),
    )  # fmt: skip
    messages.success(request, f"新接 {said.added} 位，改单 {said.amended} 位，取消 {said.cancelled} 位")
    for reason in said.refused:
        messages.warning(request, reason)
    return redirect("campaigns:detail", pk=pk)


def _confirmed(request: StaffRequest, row: Read, items: set[int], people: dict[int, Member]) -> Confirmed:
    place = row.place
    wanted = [] if row.kind == "cancel" else _wanted(request, row, items)
    member_id = _number(request.POST.get(f"member-{place}", ""))
    match = next((match for match in row.matches if match.member_id == member_id), None)
    return Confirmed(
        raw=row.line.raw, name=request.POST.get(f"name-{place}", row.line.name)[:64], wanted=wanted,
        member=people.get(member_id), note=row.line.note[:100], entry=row.entry,
        confidence=min(row.sure, match.sure) if match else row.sure,
    )  # fmt: skip


def _wanted(request: StaffRequest, row: Read, items: set[int]) -> list[Wanted]:
    """What the line asks for as it was corrected; an item twice is added up."""
    counts: dict[int, int] = {}
    pieces: list[Wanted] = []
    for number in range(len(row.asks) or 1):
        item_id = _number(request.POST.get(f"item-{row.place}-{number}", ""))
        if item_id not in items:
            continue
        unit_id = _number(request.POST.get(f"unit-{row.place}-{number}", ""))
        if unit_id:
            pieces.append(Wanted(item_id=item_id, unit_id=unit_id))
        else:
            counts[item_id] = counts.get(item_id, 0) + _number(request.POST.get(f"quantity-{row.place}-{number}", ""))
    return [Wanted(item_id=item_id, quantity=count) for item_id, count in counts.items()] + pieces


def _people(request: StaffRequest, rows: list[Read]) -> dict[int, Member]:
    """Only members the reading itself proposed: a form cannot name just anybody."""
    asked = {_number(request.POST.get(f"member-{row.place}", "")) for row in rows}
    proposed = {match.member_id for row in rows for match in row.matches}
    return Member.objects.in_bulk(asked & proposed)


def _number(text: str) -> int:
    is_number = text.isascii() and text.isdecimal()
    return int(text) if is_number and len(text) <= 18 else 0  # noqa: PLR2004 -- what a column holds


def _is_free(unit: ChainUnit) -> bool:
    return unit.order_id is None and unit.withdrawn_at is None
