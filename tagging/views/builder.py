"""The builder of segments: every change goes to the server and comes back with a count and in words."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from stores.models import Staff
from stores.requests import StaffRequest
from tagging.segmenting import rules as ruling
from tagging.segmenting.kinds import kinds
from tagging.selectors.segments import may_change, reach_of, segments_for
from tagging.services.segments import SelectsEverybody, save_segment

_BLANK = {"kind": ""}
_FIELDS = ("kind", "choice", "text", "compare", "number", "days")


def read(data: QueryDict) -> ruling.Rules:
    """What the form holds, unchecked, blanks included; groups and rules are numbered from 0."""
    groups = []
    for g in range(ruling.GROUPS):
        if f"g{g}-join" not in data:
            break
        rules = []
        for r in range(ruling.RULES):
            if f"g{g}-{r}-kind" not in data:
                break
            rule: dict[str, Any] = {name: data.get(f"g{g}-{r}-{name}", "") for name in _FIELDS}
            rules.append(rule | {"not": f"g{g}-{r}-not" in data})
        groups.append({"join": data[f"g{g}-join"], "not": f"g{g}-not" in data, "rules": rules})
    return {"join": data.get("join", "and"), "groups": groups or [_group()]}


def _group() -> ruling.Rules:
    return {"join": "and", "not": False, "rules": [dict(_BLANK)]}


def _changed(rules: ruling.Rules, action: str) -> None:
    """Add or drop a line: "rule-0", "group", "drop-0-2"."""
    word, _, where = action.partition("-")
    places = [int(one) for one in where.split("-") if one.isascii() and one.isdigit()]
    groups = rules["groups"]
    if word == "group" and len(groups) < ruling.GROUPS:
        groups.append(_group())
    elif word == "rule" and places and places[0] < len(groups) and len(groups[places[0]]["rules"]) < ruling.RULES:
        groups[places[0]]["rules"].append(dict(_BLANK))
    elif word == "drop" and len(places) > 1 and places[0] < len(groups):
        lines = groups[places[0]]["rules"]
        del lines[places[1] : places[1] + 1]
        if not lines:
            del groups[places[0]]
        if not groups:
            groups.append(_group())


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a segment. A button named `action` changes the form only; without one it is saved."""
    user, at = request.user, timezone.now()
    segment = get_object_or_404(segments_for(user), pk=pk) if pk is not None else None
    if (segment is not None and not may_change(user, segment)) or (segment is None and not _may_make(user)):
        raise Http404("没有这个页面")
    asks = False
    problem, rules = "", segment.rules if segment else {"join": "and", "groups": [_group()]}
    name = request.POST.get("name", segment.name if segment else "")
    if request.method == "POST":
        rules = read(request.POST)
        if "action" in request.POST:
            _changed(rules, request.POST["action"])
        else:
            try:
                saved = save_segment(
                    segment=segment, name=name, rules=rules, by=user, at=at,
                    everybody_is_meant="everybody" in request.POST,
                )  # fmt: skip
            except SelectsEverybody as refused:
                problem, asks = str(refused), True
            except ruling.RuleRefused as refused:
                problem = str(refused)
            else:
                messages.success(request, f"人群“{saved.name}”已保存")
                return redirect("segments:detail", pk=saved.pk)
    context = {
        "segment": segment,
        "name": name,
        "problem": problem,
        "asks": asks,
        **_form(rules),
        **_reach(user, rules, at),
    }
    template = "tagging/builder.html#form" if request.htmx else "tagging/builder.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=422 if problem else 200)


@require_POST
@login_required
def reach(request: StaffRequest) -> HttpResponse:
    """The live count."""
    if not _may_make(request.user):
        raise Http404("没有这个页面")
    return render(request, "tagging/builder.html#reach", _reach(request.user, read(request.POST), timezone.now()))


def _may_make(user: Staff) -> bool:
    return user.role in {Staff.Role.HQ, Staff.Role.MANAGER}


def _form(rules: ruling.Rules) -> dict[str, Any]:
    known = kinds()
    return {
        "rules": rules,
        "kinds": [(kind.key, kind.label) for kind in known.values()],
        "groups": [
            {
                "group": group,
                "lines": [
                    (rule, known.get(rule["kind"]), known[rule["kind"]].choices() if rule["kind"] in known else [])
                    for rule in group["rules"]
                ],
            }
            for group in rules["groups"]
        ],
    }


def _reach(user: Staff, rules: ruling.Rules, at: Any) -> dict[str, Any]:
    try:
        sound = ruling.checked(rules)
    except ruling.RuleRefused as refused:
        return {"refused": str(refused)}
    return {"reach": reach_of(user, sound, at=at), "sentence": ruling.sentence(sound)}
