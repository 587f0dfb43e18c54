"""What an errcode of a hand-over means to shop staff, and what helps (wecom.md §3.11, §4.3)."""

from dataclasses import dataclass

from communities.models import HandoverItem

State = HandoverItem.State

# The customer is being handed over already: 45035 as wecom.md has it, the others from WeCom's list of errcodes.
IN_TRANSIT = frozenset({45035, 40100, 40129})
# The giver works here although he was said to have left, or the other way round.
WRONG_WAY = frozenset({90500, 90502, 40097})
PASSING = frozenset({-1, 6000, 45033})
TOO_MANY_TODAY = 45009


@dataclass(frozen=True, slots=True)
class Words:
    what: str
    help: str


_NONE = Words("企业微信没有给出结果", "请在企业微信后台核对，仍未交接的重新发起一次")
_CODES: dict[int, Words] = {
    40003: Words("成员账号无效", "请核对接手人的企业微信账号，再重新发起"),
    40058: Words("企业微信不接受", "可能 90 天内已经转接过 2 次，满 90 天后再发起"),
    40096: Words("客户编号已失效", "她可能已删除企业微信好友，不用处理"),
    40097: Words("移交人并未离职", "已改用在职继承仍未成功，请核对移交人状态"),
    40098: Words("接手人还没有实名认证", "请接手人在企业微信里完成实名认证，再重新发起"),
    40099: Words("接手人的客户数已满", "换一位接手人，或在企业微信后台申请扩容"),
    40100: Words("正在别处转接", "等上一次转接结束后再发起"),
    40128: Words("90 天内已经转接过 2 次", "满 90 天后再发起，期间由原同事继续服务"),
    40129: Words("正在别处转接", "等上一次转接结束后再发起"),
    40130: Words("移交人与接手人相同", "换一位接手人"),
    40131: Words("移交人已不是她的好友", "她可能已删除企业微信好友，不用处理"),
    41054: Words("接手人没有激活企业微信", "请接手人登录一次企业微信，再重新发起"),
    45009: Words("接手人今天接的群已满 300 个", "明天会自动继续"),
    45035: Words("正在别处转接", "等上一次转接结束后再发起"),
    48002: Words("没有客户联系权限", "请在企业微信后台给接手人开通客户联系与客户群"),
    60011: Words("不在应用的可见范围内", "请在企业微信后台把接手人加入应用可见范围"),
    60111: Words("成员不存在，或离职已超过一年", "离职满一年的无法再转接"),
    84061: Words("移交人已不是她的好友", "她可能已删除企业微信好友，不用处理"),
    90500: Words("群主并未离职", "已改用在职继承仍未成功，请核对群主"),
    90501: Words("不是客户群，或群已解散", "不用处理"),
    90502: Words("群主已离职", "已改用离职继承仍未成功，请核对群主"),
}
_STATES: dict[str, Words] = {
    State.WAITING: Words("还没提交", "系统会自动提交"),
    State.ASKED: Words("已提交，等企业微信回答", "系统会自动核对，不用重复发起"),
    State.ACCEPTED: Words("24 小时内客户可以拒绝", "到时自动生效，不用处理"),
    State.DONE: Words("", ""),
    State.REFUSED: Words("客户点了拒绝", "请尊重客户；在职的由原同事继续服务，离职的可换一位接手人再问一次"),
    State.FULL: Words("接手人的客户数已满", "换一位接手人，或在企业微信后台申请扩容"),
    State.DROPPED: Words("有人停止了这次交接", "需要时重新发起"),
}


def words_of(item: HandoverItem) -> Words:
    """What became of an item, and what to do about it."""
    if item.state != State.FAILED and item.errcode is None:
        return _STATES.get(item.state, _NONE)
    if item.state in _STATES and item.state != State.WAITING:
        return _STATES[item.state]
    if item.errcode is None:
        return _NONE
    return _CODES.get(item.errcode, Words(f"企业微信不接受（{item.errcode}）", "请把错误码告诉总部的系统管理员"))
