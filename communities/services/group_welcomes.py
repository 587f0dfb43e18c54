"""The welcome template of groups: made by API, picked by each owner in the group (wecom.md §3.7)."""

from datetime import datetime

from stores.models import Staff
from stores.services.auditing import audit
from wecom.client.welcome import GroupTemplate
from wecom.gateway import WeCom


def add_template(*, text: str, by: Staff, at: datetime, gateway: WeCom) -> str:
    """Make a group welcome and tell the owners that they may pick it. Returns its template_id.

    :raises ContentRefused: the text is empty or longer than 3,000 bytes.
    :raises OutcomeUnknown: the answer was lost; WeCom has no list of templates, so look at its console first.
    """
    template_id = gateway.welcome.add_group_template(GroupTemplate(text=text))
    audit(actor=by, action="group_welcome.add", at=at, target=template_id, detail={"text": text})
    return template_id
