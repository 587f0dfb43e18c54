"""Everything people can do, by name: for the control address, the buttons of the page and the steps of scenarios."""

import inspect
from collections.abc import Callable
from typing import Any

from wecom.sandbox.store import Store
from wecom.sandbox.world import cards, chats, codes, handover, moments, people, sending, tags
from wecom.sandbox.world.errors import Impossible

_ACTIONS: dict[str, Callable[..., Any]] = {
    "scan": codes.scan,
    "create_contact": people.create_contact,
    "befriend": people.befriend,
    "accept": people.accept,
    "part": people.part,
    "remark": people.remark,
    "hire": people.hire,
    "resign": people.resign,
    "move": people.move,
    "rename_person": people.rename,
    "create_department": people.create_department,
    "rename_department": people.rename_department,
    "delete_department": people.delete_department,
    "make_tag": tags.make,
    "rename_tag": tags.rename,
    "delete_tag": tags.delete,
    "shuffle_tags": tags.shuffle,
    "give_tag": tags.give,
    "create_group": chats.create,
    "join": chats.join,
    "leave": chats.leave,
    "rename_group": chats.rename,
    "set_notice": chats.set_notice,
    "change_owner": chats.change_owner,
    "dismiss": chats.dismiss,
    "pick_welcome": chats.pick_welcome,
    "say": chats.say,
    "tap": sending.tap,
    "send_personally": sending.send_personally,
    "publish_moment": moments.publish,
    "react": moments.react,
    "refuse_transfer": handover.refuse,
    "click_card": cards.click,
    "enter_app": cards.enter_app,
}


def names() -> list[str]:
    return sorted(_ACTIONS)


def perform(store: Store, name: str, arguments: dict[str, Any]) -> Any:
    """Do what a person does. :raises Impossible: nobody can, or the arguments do not fit"""
    action = _ACTIONS.get(name)
    if action is None:
        raise Impossible(f"没有这个动作：{name}")
    try:
        inspect.signature(action).bind(store, **arguments)
    except TypeError as error:
        raise Impossible(f"{name} 的参数不对：{error}") from None
    return action(store, **arguments)
