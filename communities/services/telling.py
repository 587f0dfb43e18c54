"""Tell the store what is wrong with its code, where its manager reads it: in WeCom."""

import structlog

from communities import directory
from communities.models import CodeAlert
from wecom.client.errors import WeComRefused
from wecom.gateway import WeCom

logger = structlog.get_logger(__name__)


def tell_alert(*, alert_id: int, gateway: WeCom) -> bool:
    """Send the alert to the store's manager; HQ has it on its page. Returns whether it was sent."""
    alert = CodeAlert.objects.select_related("code__store").get(pk=alert_id)
    manager = directory.manager_of(alert.code.store)
    if manager is None or not manager.wecom_userid or alert.cleared_at is not None:
        return False
    text = f"【渠道码】{alert.code.store.name} {alert.code}\n{alert.message}\n怎么办：{alert.fix}"
    try:
        gateway.messages.send_text(to=[directory.userid_of(manager)], text=text)
    except WeComRefused as refusal:
        logger.warning("code_alert_not_told", alert=alert_id, errcode=refusal.code)
        return False
    return True
