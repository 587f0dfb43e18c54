"""Ask WeCom many things side by side: the requests leave in parallel, and only the caller touches the database."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

from wecom.client.content import ContentRefused
from wecom.client.errors import WeComError

Order = TypeVar("Order")
Answer = TypeVar("Answer")
_PARALLEL = 8  # the limiter's places


def side_by_side(orders: Sequence[Order], ask: Callable[[Order], Answer]) -> list[Answer | WeComError | ContentRefused]:
    """Each order's answer, or what came of it instead, in their order. `ask` must not write."""

    def one(order: Order) -> Answer | WeComError | ContentRefused:
        try:
            return ask(order)
        except (WeComError, ContentRefused) as error:
            return error
        finally:
            connection.close()  # of this thread: an alert may have opened one

    with ThreadPoolExecutor(_PARALLEL) as pool:
        return list(pool.map(one, orders))
