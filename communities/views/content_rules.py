"""发布检查: HQ sets what is blocked, what is only warned of, and which wordings are banned."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from communities.material_forms import RulesForm, WordsForm
from communities.models import BannedWord, LintRule
from communities.services.content import rules as services
from stores.partials import render_page
from stores.requests import StaffRequest

WORDS_A_PAGE = 60


@require_http_methods(["GET", "POST"])
@login_required
def rules(request: StaffRequest) -> HttpResponse:
    """Every check with its treatment and limit."""
    _only_hq(request)
    order = {check: place for place, check in enumerate(LintRule.Check.values)}
    known = sorted(LintRule.objects.all(), key=lambda rule: order.get(rule.check_name, len(order)))
    form = RulesForm(request.POST if request.method == "POST" else None, rules=known)
    if request.method == "POST" and form.is_valid():
        changed = services.set_rules(treatments=form.treatments(), by=request.user, at=timezone.now())
        messages.success(request, f"已保存，改了 {changed} 项" if changed else "没有改动")
        return redirect("materials:rules")
    context = {"form": form, "word_count": BannedWord.objects.count()}
    return render(request, "communities/materials/rules.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@login_required
def words(request: StaffRequest) -> HttpResponse:
    """The banned words and allowed phrases, to be searched, added to and taken from."""
    _only_hq(request)
    form = WordsForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        made = services.import_words(
            text=form.cleaned_data["text"], kind=form.cleaned_data["kind"], by=request.user, at=timezone.now()
        )
        messages.success(request, f"新增 {made.added} 个，更新 {made.changed} 个")
        if made.refused:
            examples = "、".join(made.refused[:5])
            messages.warning(
                request, f"{len(made.refused)} 行没有导入（词语最长 {services.WORD_LENGTH} 个字）：{examples}"
            )
        return redirect("materials:words")
    text = request.GET.get("q", "").strip()[:32]
    kind = request.GET.get("kind", "")
    rows = BannedWord.objects.filter(word__icontains=text) if text else BannedWord.objects.all()
    filters = {
        "banned": {"inducement": False, "allowed": False}, "inducement": {"inducement": True},
        "allowed": {"allowed": True},
    }  # fmt: skip
    rows = rows.filter(**filters.get(kind, {}))
    page = Paginator(rows.order_by("allowed", "inducement", "word"), WORDS_A_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "q": text, "kind": kind}
    if form.errors:
        return render(request, "communities/materials/words.html", context, status=422)
    return render_page(request, "communities/materials/words.html", context, partial="rows")


@require_POST
@login_required
def remove_word(request: StaffRequest, pk: int) -> HttpResponse:
    _only_hq(request)
    word = get_object_or_404(BannedWord, pk=pk)
    services.remove_word(word=word, by=request.user, at=timezone.now())
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse()
    messages.success(request, f"已删除“{word}”")
    return redirect("materials:words")


def _only_hq(request: StaffRequest) -> None:
    if not request.user.is_hq:
        raise Http404("没有这个页面")
