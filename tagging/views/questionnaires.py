"""问卷: the list, one's counts and links, publishing and ending, and the answers as a file."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from members.views.access import address_of
from stores.downloads import table_download
from stores.models import Store
from stores.requests import StaffRequest
from stores.selectors import stores_for
from stores.services.auditing import audit
from tagging import places
from tagging.models import Questionnaire
from tagging.selectors import questionnaires as reading
from tagging.services.questionnaires import drafting
from tagging.services.questionnaires.answering import takes_answers

_STORES = 30


@require_GET
@login_required
def questionnaire_list(request: StaffRequest) -> HttpResponse:
    """What HQ made; stores see what is published, with their own answers counted."""
    return render(request, "tagging/questionnaires.html", {"rows": reading.listed(request.user)[:200]})


@require_GET
@login_required
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    """The counts, and the links to hand out: one's store's, and each of its groups'."""
    row, user = _questionnaire(request, pk), request.user
    total, questions = reading.counted(user, row)
    text = request.GET.get("q", "").strip()[:64]
    stores = stores_for(user).exclude(stage=Store.Stage.SUSPENDED).order_by("code")
    if text:
        stores = stores.filter(name__icontains=text) | stores.filter(code__iexact=text)
    shown = list(stores[:1] if user.store_id else stores[:_STORES] if text else [])
    context = {
        "questionnaire": row, "total": total, "questions": questions, "by_store": reading.by_store(user, row),
        "is_open": takes_answers(row, at=timezone.now()), "q": text,
        "link": f"{settings.SITE_URL}/h/ask/{row.token}/",
        "links": [(store, _link(row, store_id=store.pk), _groups(row, store)) for store in shown],
    }  # fmt: skip
    return render(request, "tagging/questionnaire.html", context)


@require_POST
@login_required
def change(request: StaffRequest, pk: int) -> HttpResponse:
    """Publish, end or copy; HQ's business."""
    row, action = _questionnaire(request, pk), request.POST.get("action", "")
    if not request.user.is_hq:
        raise Http404("没有这个页面")
    try:
        if action == "publish":
            drafting.publish(questionnaire=row, at=timezone.now())
            messages.success(request, "已发布，链接可以发给会员了")
        elif action == "close":
            drafting.close(questionnaire=row)
            messages.success(request, "问卷已结束，链接打开会说明")
        elif action == "copy":
            made = drafting.copy(questionnaire=row, by=request.user, at=timezone.now())
            return redirect("questionnaires:edit", pk=made.pk)
    except drafting.QuestionnaireRefused as refused:
        messages.error(request, str(refused))
    return redirect("questionnaires:detail", pk=pk)


@require_GET
@login_required
def export(request: StaffRequest, pk: int) -> HttpResponseBase:
    """Every live answer one may see, with codes; in the audit trail."""
    row, user, at = _questionnaire(request, pk), request.user, timezone.now()
    audit(
        actor=user, action="questionnaire.exported", at=at, target=f"questionnaire:{row.pk}", store=user.store,
        address=address_of(request), detail={"rows": reading.responses_for(user, row).count()},
    )  # fmt: skip
    name = f"{row.title}_{timezone.localtime(at):%Y%m%d_%H%M}"
    rows = reading.export_rows(user, row)
    return table_download(request, "csv", reading.columns(row), rows, name=name, title=row.title)


def _questionnaire(request: StaffRequest, pk: int) -> Questionnaire:
    return get_object_or_404(reading.questionnaires_for(request.user), pk=pk)


def _groups(row: Questionnaire, store: Store) -> list[tuple[str, str]]:
    return [(name, _link(row, group_id=number)) for number, name in places.groups_of(store)]


def _link(row: Questionnaire, **place: int) -> str:
    return f"{settings.SITE_URL}/h/ask/{row.token}/{places.place_of(**place)}/"
