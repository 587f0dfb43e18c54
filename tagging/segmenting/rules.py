"""A segment's rules: groups of rules, each group and each rule may be turned round, joined by and / or.

{"join": "and", "groups": [{"join": "or", "not": false, "rules": [{"kind": "stage", "not": false, "choice": "new"}]}]}
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from math import inf
from operator import and_, or_
from typing import Any

from django.db.models import Case, Q, Value, When

from members.models import Member
from tagging.segmenting.kinds import Kind, Rule, Scope, kinds

GROUPS, RULES = 5, 8
COMPARISONS = {"ge": "不少于", "le": "不超过"}
_JOINS = {"and": and_, "or": or_}
_TEXT, _DAYS = 32, 3_650
Rules = dict[str, Any]


class RuleRefused(ValueError):
    """Rules that cannot be used; the message says why, in Chinese."""


def checked(rules: Any) -> Rules:
    """The same rules with nothing unknown in them.

    :raises RuleRefused: empty, too many, an unknown or missing value, a contradiction, or plainly everybody
    """
    if not isinstance(rules, Mapping) or not isinstance(rules.get("groups"), list):
        raise RuleRefused("规则的格式不对")
    groups = [_group(group) for group in rules["groups"][: GROUPS + 1] if isinstance(group, Mapping)]
    groups = [group for group in groups if group["rules"]]
    if not groups:
        raise RuleRefused("还没有条件：这样会选中所有会员，请至少加一个条件")
    if len(groups) > GROUPS:
        raise RuleRefused(f"最多 {GROUPS} 组条件")
    whole = {"join": _join(rules), "groups": groups}
    _contradictions(whole)
    return whole


def condition(rules: Rules, scope: Scope) -> Q:
    """The rules as one condition on `Member`."""
    parts = []
    for group in rules["groups"]:
        inner = reduce(_JOINS[group["join"]], [one(rule, scope) for rule in group["rules"]])
        parts.append(~inner if group["not"] else inner)
    return reduce(_JOINS[rules["join"]], parts)


def one(rule: Rule, scope: Scope) -> Q:
    """A single rule as a condition, turned round where it says so."""
    found = Q(kinds()[rule["kind"]].condition(rule, scope))
    return ~found if rule["not"] else found


def words(rule: Rule) -> str:
    """A rule as a reader says it: 60 天内买过品类“榴莲”2 次以上."""
    kind = kinds()[rule["kind"]]
    said = kind.label
    if "days" in kind.inputs:
        said = f"{rule['days']} 天内{said}"
    if "choice" in kind.inputs:
        said += f"“{dict(kind.choices()).get(rule['choice'], '已停用')}”"
    if "text" in kind.inputs:
        said += f"“{rule['text']}”"
    if "compare" in kind.inputs:
        said += COMPARISONS[rule["compare"]]
    if "number" in kind.inputs:
        said += f" {rule['number']} {kind.unit}"
    return f"不是：{said}" if rule["not"] else said


def sentence(rules: Rules) -> str:
    """All of it in one line."""
    joins = {"and": "，并且", "or": "，或者"}
    parts = []
    for group in rules["groups"]:
        inner = joins[group["join"]].join(words(rule) for rule in group["rules"])
        parts.append(f"不属于（{inner}）" if group["not"] else f"（{inner}）" if len(rules["groups"]) > 1 else inner)
    return joins[rules["join"]].join(parts)


def explained(rules: Rules, member: Member, scope: Scope) -> tuple[bool, list[tuple[str, list[tuple[str, bool]]]]]:
    """Whether the member is in, and of each group each rule in words and whether it holds; one query."""
    flat = [rule for group in rules["groups"] for rule in group["rules"]]
    asked = {f"r{n}": _holds(one(rule, scope)) for n, rule in enumerate(flat)}
    asked["whole"] = _holds(condition(rules, scope))
    row = Member.objects.filter(pk=member.pk).annotate(**asked).values(*asked).get()
    answers = iter([bool(row[f"r{n}"]) for n in range(len(flat))])
    groups = []
    for group in rules["groups"]:
        head = "以下都要满足" if group["join"] == "and" else "以下满足一条就行"
        head = f"不属于：{head}" if group["not"] else head
        groups.append((head, [(words(rule), next(answers)) for rule in group["rules"]]))
    return bool(row["whole"]), groups


def _holds(asked: Q) -> Case:
    return Case(When(asked, then=Value(1)), default=Value(0))


def _join(part: Mapping[str, Any]) -> str:
    return "or" if part.get("join") == "or" else "and"


def _group(group: Mapping[str, Any]) -> Rules:
    rules = [rule for rule in group.get("rules", []) if isinstance(rule, Mapping) and rule.get("kind")]
    if len(rules) > RULES:
        raise RuleRefused(f"一组最多 {RULES} 个条件")
    return {"join": _join(group), "not": bool(group.get("not")), "rules": [_rule(rule) for rule in rules]}


def _rule(rule: Mapping[str, Any]) -> Rule:
    kind = kinds().get(str(rule["kind"]))
    if kind is None:
        raise RuleRefused(f"不认识的条件：{str(rule['kind'])[:20]}")
    found: Rule = {"kind": kind.key, "not": bool(rule.get("not"))}
    if "choice" in kind.inputs:
        found["choice"] = str(rule.get("choice", ""))
        if found["choice"] not in dict(kind.choices()):
            raise RuleRefused(f"“{kind.label}”请选一项")
    if "text" in kind.inputs:
        found["text"] = str(rule.get("text", "")).strip()[:_TEXT]
        if not found["text"]:
            raise RuleRefused(f"“{kind.label}”请填写内容")
    if "compare" in kind.inputs:
        found["compare"] = "le" if rule.get("compare") == "le" else "ge"
    if "number" in kind.inputs:
        found["number"] = _number(rule.get("number"), kind.label, *kind.limits)
    if "days" in kind.inputs:
        found["days"] = _number(rule.get("days"), f"{kind.label}”的“天数", 1, _DAYS)
    return found


def _number(value: Any, label: str, least: int, most: int) -> int:
    text = str(value if value is not None else "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):  # noqa: PLR2004 -- digits
        raise RuleRefused(f"“{label}”请填 {least} 到 {most:,} 的整数")
    return int(text)


def _contradictions(rules: Rules) -> None:
    """What no member can be, and what every member is, as far as the rules alone tell."""
    for group in rules["groups"]:
        _clash(group["rules"], group["join"])
    # A group of one rule, or of rules all of which must hold (or must not), says the same without its brackets.
    opposite = {"and": "or", "or": "and"}
    flat: list[Rule] = []
    for group in rules["groups"]:
        join = opposite[group["join"]] if group["not"] else group["join"]
        if join == rules["join"] or len(group["rules"]) == 1:
            flat += [{**rule, "not": rule["not"] != group["not"]} for rule in group["rules"]]
    _clash(flat, rules["join"])


def _clash(rules: Iterable[Rule], join: str) -> None:
    kept = list(rules)
    for place, rule in enumerate(kept):
        for other in kept[:place]:
            if rule["kind"] != other["kind"]:
                continue
            if rule["not"] != other["not"] and {**rule, "not": 0} == {**other, "not": 0}:
                if join == "or":
                    raise RuleRefused(f"「{words(other)}」和「{words(rule)}」二选一，会选中所有会员")
                raise RuleRefused(f"「{words(other)}」和「{words(rule)}」互相矛盾，不会有人满足")
            if join == "and" and _apart(kinds()[rule["kind"]], rule, other):
                raise RuleRefused(f"「{words(other)}」和「{words(rule)}」互相矛盾，不会有人满足")


def _apart(kind: Kind, rule: Rule, other: Rule) -> bool:
    if rule["not"] and other["not"]:
        return False  # of whom nothing is known, neither holds
    if kind.exclusive:
        return not rule["not"] and not other["not"] and bool(rule["choice"] != other["choice"])
    if "number" not in kind.inputs or any(rule.get(name) != other.get(name) for name in ("days", "choice", "text")):
        return False
    (least, most), (less, more) = _span(rule), _span(other)
    return max(least, less) > min(most, more)


def _span(rule: Rule) -> tuple[float, float]:
    """The whole numbers that satisfy a rule; what has no comparison means so often or more."""
    if rule.get("compare") == "le":
        return (rule["number"] + 1, inf) if rule["not"] else (-inf, rule["number"])
    return (-inf, rule["number"] - 1) if rule["not"] else (rule["number"], inf)
