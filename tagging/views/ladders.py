"""话术梯: what each rung says, worded by HQ and read by everybody."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from stores.requests import StaffRequest
from tagging import ladder
from tagging.selectors.conversing import wordings
from tagging.services.wording import word_rung

_SAMPLE = {
    "称呼": "王女士", "店名": "滨江店", ladder.LIKES: "榴莲", ladder.CHATS: "是", ladder.CONCERN: "怕上火",
    ladder.BOUGHT: "猫山王榴莲", ladder.REASON: "香甜", ladder.HABIT: "周五", "时段": "傍晚", "上次": "上次",
}  # fmt: skip


@require_http_methods(["GET", "POST"])
@login_required
def wording(request: StaffRequest) -> HttpResponse:
    """The six rungs with a sample sentence each; HQ changes one at a time."""
    typed: dict[int, str] = {}
    problem: dict[int, str] = {}
    if request.method == "POST":
        if not request.user.is_hq:
            raise Http404("没有这个页面")
        number = request.POST.get("rung", "")
        if number not in {str(rung.number) for rung in ladder.LADDER}:
            raise Http404("没有这一级")
        text = request.POST.get("text", "")
        try:
            word_rung(rung=int(number), text=text, by=request.user, at=timezone.now())
        except ladder.WordingRefused as refused:
            typed[int(number)], problem[int(number)] = text, str(refused)
        else:
            messages.success(request, f"第 {number} 级话术已保存，明早的今日可聊起生效")
            return redirect("talks:wording")
    texts = wordings()
    rungs = [
        {
            "rung": rung, "text": typed.get(rung.number, texts.get(rung.number, rung.text)),
            "sample": ladder.filled(texts.get(rung.number, rung.text), _SAMPLE), "needs": sorted(rung.needs),
            "problem": problem.get(rung.number, ""),
        }
        for rung in ladder.LADDER
    ]  # fmt: skip
    context = {"rungs": rungs, "places": sorted(ladder.PLACES)}
    return render(request, "tagging/wording.html", context, status=422 if problem else 200)
