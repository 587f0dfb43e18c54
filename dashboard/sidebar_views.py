"""聊天工具栏: the posts of the group beside which the page is open, sent from there through the WeCom client.

Which group it is, the client says; that it is one of the person's own store, the session does.
"""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from communities.models import PostTask
from communities.selectors.groups import groups_for
from communities.services.cadence.proving import sendable
from dashboard import today_board
from dashboard.chat_messages import PartGone, chat_message
from dashboard.today_views import own_store
from stores.requests import StaffRequest
from wecom.client.content import ContentRefused
from wecom.client.errors import WeComError


@require_GET
@login_required
def sidebar(request: StaffRequest) -> HttpResponse:
    """The frame; which group it stands beside, only the client can tell, so the posts come after."""
    return render(request, "dashboard/sidebar.html", {"store": own_store(request)})


@never_cache
@require_GET
@login_required
def posts(request: StaffRequest) -> HttpResponse:
    """What one group of one's own store gets today."""
    store = own_store(request)
    group = get_object_or_404(groups_for(request.user), chat_id=request.GET.get("chat", "")[:64], store=store)
    slots = today_board.slots_for(store, at=timezone.now(), group=group)
    return render(request, "dashboard/sidebar.html#posts", {"group": group, "slots": slots})


@require_POST
@login_required
def part(request: StaffRequest, pk: int, number: int) -> HttpResponse:
    """One part of a post as the client's `sendChatMessage` takes it; files go up to WeCom first where they must."""
    at = timezone.now()
    mine = PostTask.objects.filter(store=own_store(request)).select_related("content", "store", "version", "slot")
    task = get_object_or_404(sendable(mine, today=timezone.localdate(at)), pk=pk)
    try:
        return JsonResponse(chat_message(task, number=number, at=at))
    except PartGone:
        raise Http404("没有这一部分") from None
    except ContentRefused as refusal:
        return JsonResponse({"detail": str(refusal)}, status=422)
    except (WeComError, ImproperlyConfigured):
        return JsonResponse({"detail": "企业微信暂时没有应答，请稍后再试"}, status=503)
