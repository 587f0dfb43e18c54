"""What members do with messages of the app: press a card's button, open the app."""

import json
from typing import Any

from wecom.sandbox.events import announce
from wecom.sandbox.store import Store
from wecom.sandbox.world.errors import Impossible
from wecom.sandbox.world.people import staff_row


def click(store: Store, *, message: int, key: str, selected: dict[str, list[str]] | None = None) -> str:
    """Press a button of a template card; the response_code the platform gets."""
    row = store.one("SELECT * FROM message WHERE id = ? AND recalled = 0", message)
    if row is None:
        raise Impossible("消息不存在或已撤回")
    card = json.loads(row["content"]).get("template_card", {})
    keys = {button.get("key") for button in card.get("button_list", [])} | {card.get("submit_button", {}).get("key")}
    keys |= {item.get("key") for item in card.get("action_menu", {}).get("action_list", [])}
    if row["replaced"] or key not in keys:
        raise Impossible("卡片没有这个按钮，或已经点过")
    code = store.new_id("rc")
    store.keep("click", code, {"message": message, "at": int(store.now())})
    menu = key in {item.get("key") for item in card.get("action_menu", {}).get("action_list", [])}
    answers: dict[str, Any] = {}
    if selected:
        items = [{"QuestionKey": name, "OptionIds": {"OptionId": options}} for name, options in selected.items()]
        answers = {"SelectedItems": {"SelectedItem": items}}
    announce(
        store, sender=row["userid"], Event="template_card_menu_event" if menu else "template_card_event", EventKey=key,
        TaskId=row["task_id"], CardType=card.get("card_type", ""), ResponseCode=code,
        AgentID=int(store.setting("agent_id")), **answers,
    )  # fmt: skip
    return code


def enter_app(store: Store, *, userid: str) -> None:
    """A member opens the app."""
    member = staff_row(store, userid)
    store.run("UPDATE staff SET last_login = ? WHERE userid = ?", int(store.now()), userid)
    announce(store, sender=member["userid"], Event="enter_agent", EventKey="", AgentID=int(store.setting("agent_id")))
