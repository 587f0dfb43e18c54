"""How WeCom refuses, and what each refusal calls for (wecom.md §4.3)."""

from dataclasses import dataclass
from enum import Enum, auto


class Treatment(Enum):
    """What is to be done about an errcode, and by whom."""

    RETRY = auto()  # the client backs off and tries again, three tries in all
    REFRESH_TOKEN = auto()  # the client refreshes and tries once more
    ALERT = auto()  # a person must mend the configuration; trying again makes it worse
    PAUSE = auto()  # the client stops this API for every worker
    NARROW = auto()  # the client lowers parallelism and tries again
    LATER = auto()  # ask again in a minute
    REUPLOAD = auto()  # upload the media again, once
    TREAT_AS_DONE = auto()  # what was wanted has happened already
    MISSED = auto()  # too late for good: count it
    RESYNC = auto()  # our copy is stale: fetch the member, customer or department again
    TELL = auto()  # somebody in the store must act
    CHOOSE_ANOTHER = auto()  # another API, member or range fits
    BUG = auto()  # our request was wrong: park it


@dataclass(frozen=True, slots=True)
class Rule:
    treatment: Treatment
    meaning: str  # for the people on the operations page


_UNKNOWN = Rule(Treatment.BUG, "企业微信返回了未收录的错误码")

RULES: dict[int, Rule] = {
    -1: Rule(Treatment.RETRY, "企业微信系统繁忙"),
    6000: Rule(Treatment.RETRY, "数据版本冲突"),
    40001: Rule(Treatment.ALERT, "应用 Secret 不正确，已停止获取凭证；请核对 WECOM_SECRET"),
    40003: Rule(Treatment.RESYNC, "成员 UserID 无效"),
    40007: Rule(Treatment.REUPLOAD, "素材无效或已过期"),
    40013: Rule(Treatment.ALERT, "企业 ID 不正确；请核对 WECOM_CORP_ID"),
    40014: Rule(Treatment.REFRESH_TOKEN, "凭证无效"),
    40035: Rule(Treatment.BUG, "参数不合法"),
    40057: Rule(Treatment.ALERT, "回调地址校验未通过"),
    40058: Rule(Treatment.BUG, "参数不合法"),
    40063: Rule(Treatment.BUG, "参数为空"),
    40096: Rule(Treatment.RESYNC, "客户 external_userid 无效或不属于本应用"),
    40098: Rule(Treatment.TELL, "成员尚未实名认证"),
    40099: Rule(Treatment.CHOOSE_ANOTHER, "成员的客户数已达上限"),
    41001: Rule(Treatment.BUG, "请求缺少凭证"),
    41004: Rule(Treatment.BUG, "请求缺少 Secret"),
    41050: Rule(Treatment.MISSED, "欢迎语凭证已失效"),
    41051: Rule(Treatment.TREAT_AS_DONE, "已发过欢迎语，或已开始聊天"),
    41054: Rule(Treatment.TELL, "成员尚未激活企业微信"),
    41063: Rule(Treatment.LATER, "群发任务还在下发"),
    41096: Rule(Treatment.RETRY, "其他应用正在发送欢迎语"),
    42001: Rule(Treatment.REFRESH_TOKEN, "凭证已过期"),
    42014: Rule(Treatment.TREAT_AS_DONE, "模板卡片的任务号已用过"),
    45009: Rule(Treatment.PAUSE, "接口调用超过频率限制"),
    45033: Rule(Treatment.NARROW, "接口并发过高"),
    45035: Rule(Treatment.RETRY, "同一客户有并发写入"),
    46004: Rule(Treatment.RESYNC, "没有这个成员"),
    48002: Rule(Treatment.ALERT, "应用无权调用此接口；请在「可调用接口的应用」中勾选"),
    48009: Rule(Treatment.CHOOSE_ANOTHER, "通讯录同步凭证在新 IP 上不能读取详情，请改用应用凭证"),
    50003: Rule(Treatment.ALERT, "应用已被停用"),
    60011: Rule(Treatment.ALERT, "成员、部门或标签不在应用的可见范围内"),
    60020: Rule(Treatment.ALERT, "服务器 IP 不在企业可信 IP 中"),
    60111: Rule(Treatment.RESYNC, "成员不存在"),
    60123: Rule(Treatment.RESYNC, "部门不存在"),
    81013: Rule(Treatment.CHOOSE_ANOTHER, "收件人全部无效，请检查可见范围"),
    81017: Rule(Treatment.CHOOSE_ANOTHER, "一次请求的群太多，请按群主筛选"),
    84061: Rule(Treatment.RESYNC, "成员与客户已不是联系人"),
    86001: Rule(Treatment.BUG, "群聊编号不合法"),
    86003: Rule(Treatment.BUG, "群聊不存在"),
    86004: Rule(Treatment.BUG, "群聊名称不合法"),
    90500: Rule(Treatment.CHOOSE_ANOTHER, "群主并未离职，请用在职继承"),
    90501: Rule(Treatment.CHOOSE_ANOTHER, "不是客户群"),
    90502: Rule(Treatment.CHOOSE_ANOTHER, "群主已离职，请用离职继承"),
    93000: Rule(Treatment.TELL, "群机器人已失效"),
    301002: Rule(Treatment.ALERT, "AgentId 与凭证不属于同一应用；请核对 WECOM_AGENT_ID"),
    701008: Rule(Treatment.TELL, "成员没有接口许可"),
}

# Trying again with the same input cannot help.
_LASTING = frozenset(Treatment) - {
    Treatment.RETRY, Treatment.REFRESH_TOKEN, Treatment.PAUSE, Treatment.NARROW, Treatment.LATER,
}  # fmt: skip


def rule_for(code: int) -> Rule:
    return RULES.get(code, _UNKNOWN)


class WeComError(Exception):
    """Anything the gateway could not do."""

    lasting = False
    retry_after: float = 0  # seconds to leave WeCom alone


class WeComUnavailable(WeComError):
    """Not now: no connection, an outage, or a limit. Nothing was changed at WeCom; trying later is safe."""

    def __init__(self, message: str, *, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutcomeUnknown(WeComUnavailable):
    """A write was sent and its answer was lost: look before writing again."""


class Throttled(WeComUnavailable):
    """The API is paused, or its share of calls is used up, for every worker."""


class WeComRefused(WeComError):
    """WeCom answered with an errcode."""

    def __init__(self, *, api: str, code: int, message: str = "") -> None:
        rule = rule_for(code)
        super().__init__(f"{api}：{rule.meaning}（{code}{' ' + message if message else ''}）")
        self.api = api
        self.code = code
        self.treatment = rule.treatment
        self.meaning = rule.meaning
        self.lasting = rule.treatment in _LASTING
        self.retry_after = 60 if rule.treatment is Treatment.LATER else 0


class CredentialsRefused(WeComRefused):
    """The secret itself was refused; no call is made with it until it changes."""


class BadAnswer(WeComError):
    """What came back is not an answer of WeCom's API: a wrong base address, a proxy in between, or a new format."""

    lasting = True
