"""What rules cannot mean is said in words, before anybody is counted."""

import pytest

from tagging.segmenting.rules import RuleRefused, checked
from tests.tagging.ruling import all_of, rule

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"groups": []}, "还没有条件：这样会选中所有会员，请至少加一个条件"),
        ([], "规则的格式不对"),
        (all_of(rule("alive", compare="ge", number="101")), "“还会来的可能”请填 0 到 100 的整数"),
        (all_of(rule("alive", compare="ge", number="")), "“还会来的可能”请填 0 到 100 的整数"),
        (all_of(rule("visits", days="0", number="1")), "“来过”的“天数”请填 1 到 3,650 的整数"),
        (all_of(rule("stage", choice="")), "“阶段”请选一项"),
        (
            all_of(rule("stage", choice="new"), rule("stage", choice="lost")),
            "「阶段“新客”」和「阶段“流失”」互相矛盾，不会有人满足",
        ),
        (
            all_of(rule("alive", compare="ge", number=80), rule("alive", compare="le", number=20)),
            "「还会来的可能不少于 80 %」和「还会来的可能不超过 20 %」互相矛盾，不会有人满足",
        ),
        (
            all_of(rule("contact"), rule("contact", no=True)),
            "「加了同事企业微信」和「不是：加了同事企业微信」互相矛盾，不会有人满足",
        ),
        (
            all_of(rule("contact"), rule("contact", no=True), join="or"),
            "「加了同事企业微信」和「不是：加了同事企业微信」二选一，会选中所有会员",
        ),
        (
            all_of(rule("visits", days=30, number=3), rule("visits", days=30, number=2, no=True)),
            "「30 天内来过 3 次以上」和「不是：30 天内来过 2 次以上」互相矛盾，不会有人满足",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_said_in_words(rules, why):
    with pytest.raises(RuleRefused) as refused:
        checked(rules)
    assert str(refused.value) == why


def test_contradictions_are_found_across_groups_too():
    apart = [all_of(rule("gender", choice=one))["groups"][0] for one in ("f", "m")]
    with pytest.raises(RuleRefused, match="互相矛盾"):
        checked({"join": "and", "groups": apart})
    assert checked({"join": "or", "groups": apart})["join"] == "or"


def test_a_turned_group_beside_its_own_rule_is_nobody_or_everybody():
    contact, neither = (
        all_of(rule("contact"))["groups"][0],
        all_of(rule("contact"), rule("group"), join="or", no=True)["groups"][0],
    )
    with pytest.raises(RuleRefused, match="互相矛盾"):
        checked({"join": "and", "groups": [contact, neither]})
    with pytest.raises(RuleRefused, match="会选中所有会员"):
        checked({"join": "or", "groups": [contact, contact | {"not": True}]})
    assert checked({"join": "or", "groups": [contact, neither]})["join"] == "or"
    assert checked(all_of(rule("visits", days=30, number=3), rule("visits", days=60, number=2, no=True)))
