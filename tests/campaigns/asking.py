"""A published questionnaire of two questions: household, and what she is after (M14's code-book)."""

from tagging.models import Choice
from tagging.services.questionnaires.drafting import Draft, DraftChoice, DraftQuestion, publish, save_draft
from tagging.services.tags import make_tag
from tests.campaigns.selling import AT
from tests.factories import StaffFactory


def draft(*questions, **fields):
    return Draft(**{"title": "三道题帮您挑", "questions": questions} | fields)


def household(**fields):
    choices = [DraftChoice("两口人", fact_key="household"), DraftChoice("三口以上", fact_key="household")]
    return DraftQuestion(**{"text": "家里几口人", "choices": choices} | fields)


def published(*, group="想解决", **fields):
    """The questionnaire, and its choices by their words."""
    hq = StaffFactory()
    heat, spots = (
        make_tag(group=group, name=name, rules=None, lasts_days=None, by=hq, at=AT) for name in ("怕上火", "长痘")
    )
    after = DraftQuestion(
        "想解决什么", [DraftChoice("怕上火", "H", heat.pk), DraftChoice("长痘", "D", spots.pk)], "3", "many"
    )
    row = save_draft(questionnaire=None, draft=draft(household(), after, **fields), by=hq, at=AT)
    publish(questionnaire=row, at=AT)
    row.refresh_from_db()
    return row, {choice.text: choice for choice in Choice.objects.filter(question__questionnaire=row)}


def picked(choices, *words):
    """What `answer` takes, and a form posts."""
    found = {}
    for word in words:
        found.setdefault(choices[word].question_id, []).append(choices[word].pk)
    return found
