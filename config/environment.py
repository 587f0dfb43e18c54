"""The variables 店圈 reads, each declared once: its type, what it accepts, its default and what it is for.

`read` turns an environment into a typed value or refuses it in words; nothing else looks at `os.environ` for
configuration. docs/operations.md shows the same table, and a test keeps the two equal.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import variable_kinds as kinds

OWN_PREFIXES = ("WECOM_", "DIANQUAN_")
MODES = ("development", "test", "production")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# "ENV" is one letter from half of what a shell exports, so only longer names are compared.
_COMPARED_LENGTH = 6
_NEAR = 0.88

DEMO_SECRET_KEY = "demo-only-secret-key-never-in-production-0123456789abcdef"  # noqa: S105 -- refused in production
DEMO_IDENTITY_KEYS = "1:ZGVtby1vbmx5LWlkZW50aXR5LWtleS0zMi1ieXRlcyE="
DEMO_IDENTITY_HASH_KEY = "demo-only-identity-hash-key"


def _variable(parse: Callable[[str], Any], help_text: str, *, default: Any = None, secret: bool = False) -> Any:
    return field(default=default, metadata={"parse": parse, "help": help_text, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the process was told. A field is the variable of the same name in capitals."""

    env: str = _variable(kinds.choice(*MODES), "运行方式：development、test 或 production", default="development")
    debug: bool = _variable(kinds.boolean, "出错时显示调试页；生产环境拒绝", default=False)
    secret_key: str = _variable(str, "会话与签名的密钥，生产环境至少 50 个字符", default=DEMO_SECRET_KEY, secret=True)
    identity_keys: str = _variable(
        kinds.identity_keys, "会员标识的加密密钥，编号:base64，第一把加密、每一把都能解密",
        default=DEMO_IDENTITY_KEYS, secret=True,
    )  # fmt: skip
    identity_hash_key: str = _variable(
        str,
        "会员标识检索哈希的密钥，生产环境至少 32 个字符，启用后不可更换",
        default=DEMO_IDENTITY_HASH_KEY,
        secret=True,
    )
    allowed_hosts: tuple[str, ...] = _variable(kinds.hosts, "站点域名，英文逗号分开；生产环境必填", default=())
    site_url: str | None = _variable(
        kinds.origin,
        "本站的公开地址，企业微信里的提醒卡片用它打开页面；不填则用 ALLOWED_HOSTS 的第一个域名，演示为本机",
    )
    csrf_trusted_origins: tuple[str, ...] = _variable(
        kinds.origins, "允许跨域提交表单的来源，如 https://a.example", default=()
    )
    secure_ssl_redirect: bool = _variable(kinds.boolean, "生产环境把 http 转到 https", default=True)
    database_url: str | None = _variable(
        kinds.address("postgresql", "postgres"), "PostgreSQL 地址；不填则用内置的（仅限非生产）", secret=True
    )
    redis_url: str | None = _variable(
        kinds.address("redis", "rediss", "unix"), "Redis 地址；不填则用内置的（仅限非生产）", secret=True
    )
    port: int = _variable(kinds.count(1, 65_535), "网页服务的端口", default=8000)
    web_processes: int = _variable(kinds.count(1, 64), "网页服务的进程数，每个进程 8 个线程", default=2)
    trusted_proxies: int = _variable(
        kinds.count(0, 5), "生产环境里站点前面有几层反向代理，访客地址由它们写在 X-Forwarded-For 里", default=1
    )
    media_root: str | None = _variable(str, "上传文件的目录；不填则在 .local/media")
    log_level: str = _variable(kinds.choice(*LOG_LEVELS), "日志级别：DEBUG、INFO、WARNING、ERROR", default="INFO")
    metrics_token: str = _variable(
        kinds.pattern(r"[A-Za-z0-9_.~+/=-]{16,}", "至少 16 个字符，只含字母、数字与 _.~+/=-"),
        "从外网读 /metrics 的令牌；不填则只许内网读", default="", secret=True,
    )  # fmt: skip
    wecom_corp_id: str = _variable(
        kinds.pattern(r"[A-Za-z0-9_-]{1,64}", "应为企业 ID，如 ww1234567890abcdef"), "企业微信的企业 ID", default=""
    )
    wecom_agent_id: str = _variable(kinds.pattern(r"\d{1,16}", "应为数字"), "企业微信自建应用的 AgentId", default="")
    wecom_secret: str = _variable(
        kinds.pattern(r"[A-Za-z0-9_-]{8,128}", "应为应用的 Secret"),
        "企业微信自建应用的 Secret",
        default="",
        secret=True,
    )
    wecom_token: str = _variable(
        kinds.pattern(r"[A-Za-z0-9]{1,32}", "应为不超过 32 位的字母或数字"),
        "企业微信回调的 Token",
        default="",
        secret=True,
    )
    wecom_aes_key: str = _variable(
        kinds.pattern(r"[A-Za-z0-9]{43}", "应为 43 位的字母或数字"),
        "企业微信回调的 EncodingAESKey",
        default="",
        secret=True,
    )
    wecom_contacts_secret: str = _variable(
        kinds.pattern(r"[A-Za-z0-9_-]{8,128}", "应为通讯录同步的 Secret"),
        "企业微信「通讯录同步」的 Secret，用来读全公司的部门与成员名单；不填则用应用的 Secret，只看得到可见范围",
        default="", secret=True,
    )  # fmt: skip
    wecom_api_base: str = _variable(
        kinds.address("https", "http"), "企业微信接口地址；沙箱用自己的地址", default="https://qyapi.weixin.qq.com"
    )
    wecom_oauth_base: str = _variable(
        kinds.origin, "企业微信客户端内网页授权的地址；沙箱用自己的地址", default="https://open.weixin.qq.com"
    )
    wecom_login_base: str = _variable(
        kinds.origin, "浏览器里扫码登录的地址；沙箱用自己的地址", default="https://login.work.weixin.qq.com"
    )
    wecom_jssdk_url: str | None = _variable(
        kinds.address("https", "http"), "JS-SDK 脚本的地址，只供沙箱；不填则用本站自带的官方 JS-SDK"
    )
    official_account_app_id: str = _variable(
        kinds.pattern(r"wx[0-9a-f]{16}", "应为公众号的 AppID，wx 开头 18 位"),
        "服务号的 AppID，会员在微信里打开接龙等页面时用它认人", default="",
    )  # fmt: skip
    official_account_secret: str = _variable(
        kinds.pattern(r"[0-9a-zA-Z]{16,64}", "应为公众号的 AppSecret"), "服务号的 AppSecret", default="", secret=True
    )
    wechat_pay_mchid: str = _variable(
        kinds.pattern(r"\d{8,12}", "应为数字的商户号"),
        "微信支付的商户号；填了会员就用微信付款，需同时有服务号",
        default="",
    )
    wechat_pay_serial: str = _variable(
        kinds.pattern(r"[0-9A-Fa-f]{32,40}", "应为商户 API 证书的序列号"), "微信支付商户 API 证书的序列号", default=""
    )
    wechat_pay_key_file: str = _variable(str, "微信支付商户 API 私钥文件（apiclient_key.pem）的路径", default="")
    wechat_pay_apiv3_key: str = _variable(
        kinds.pattern(r"[0-9a-zA-Z]{32}", "应为 32 位的 APIv3 密钥"), "微信支付的 APIv3 密钥", default="", secret=True
    )
    wechat_pay_public_key_id: str = _variable(
        kinds.pattern(r"PUB_KEY_ID_[0-9A-Za-z]+", "应以 PUB_KEY_ID_ 开头"),
        "微信支付公钥的 ID；用平台证书的老商户不填，证书自动更换", default="",
    )  # fmt: skip
    wechat_pay_public_key_file: str = _variable(str, "微信支付公钥文件的路径，与公钥 ID 同时填", default="")
    password_login: str | None = _variable(
        kinds.choice("hq", "everyone"),
        "谁可以用密码登录：hq（只限总部，其余人从企业微信进入）或 everyone；不填则生产环境为 hq，其他环境为 everyone",
    )
    totp_required: bool | None = _variable(
        kinds.boolean, "总部用密码登录是否必须两步验证；不填则生产环境必须，其他环境可选"
    )
    customer_service_url: str = _variable(
        kinds.web_address, "附近没有门店、或不能定位的顾客找客服的网址，如微信客服链接；不填则只显示文字", default=""
    )
    wecom_bulk_per_minute: int = _variable(
        kinds.count(1, 10_000),
        "核对与批量任务每分钟最多调用同一接口几次（企业微信的上限是 10000）",
        default=1_000,
    )

    @property
    def production(self) -> bool:
        """Whether real shops depend on this process."""
        return self.env == "production"


def variables() -> tuple[Field[Any], ...]:
    """Every declared variable, in the order of the table in docs/operations.md."""
    return fields(Environment)


def table() -> str:
    """The variables as the Markdown table of docs/operations.md."""
    rows = ["| 变量 | 默认 | 用途 |", "|---|---|---|"]
    for variable in variables():
        match variable.default:
            case None | "" | ():
                shown = ""
            case bool() as flag:
                shown = f"`{str(flag).lower()}`"
            case default:
                shown = "演示值" if variable.metadata["secret"] else f"`{default}`"
        rows.append(f"| `{variable.name.upper()}` | {shown} | {variable.metadata['help']} |")
    return "\n".join(rows)


def read(environ: Mapping[str, str]) -> Environment:
    """The typed environment; an empty variable counts as unset.

    :raises ImproperlyConfigured: a value is malformed, a name of ours is unknown or misspelt, or production was
        asked for with something only a demo may have. The message names the variable and never shows its value
        where that is a secret.
    """
    declared = {variable.name.upper(): variable for variable in variables()}
    _refuse_misspelt(environ, set(declared))
    values: dict[str, Any] = {}
    for name, variable in declared.items():
        text = environ.get(name, "").strip()
        if not text:
            continue
        try:
            values[variable.name] = variable.metadata["parse"](text)
        except ValueError as error:
            shown = "" if variable.metadata["secret"] else f"，现在是 {text!r}"
            raise ImproperlyConfigured(f"环境变量 {name} 不对：{error}{shown}") from None
    environment = Environment(**values)
    _refuse_half_a_merchant(environment)
    if environment.production:
        _refuse_unsafe(environment)
    return environment


def _refuse_misspelt(environ: Mapping[str, str], declared: set[str]) -> None:
    for name in sorted(set(environ) - declared):
        near = difflib.get_close_matches(name, declared, n=1, cutoff=_NEAR) if len(name) >= _COMPARED_LENGTH else []
        if near or name.startswith(OWN_PREFIXES):
            guess = f"，是不是 {near[0]}？" if near else "，可用的变量见 docs/operations.md"
            raise ImproperlyConfigured(f"不认识的环境变量 {name}{guess}")


def _refuse_half_a_merchant(environment: Environment) -> None:
    """Refuse a merchant number without all that belongs to it: nobody could pay, and nobody would know why."""
    if not environment.wechat_pay_mchid:
        return
    needed = ("wechat_pay_serial", "wechat_pay_key_file", "wechat_pay_apiv3_key", "official_account_app_id", "site_url")
    missing = [name.upper() for name in needed if not getattr(environment, name)]
    if bool(environment.wechat_pay_public_key_id) != bool(environment.wechat_pay_public_key_file):
        missing.append("WECHAT_PAY_PUBLIC_KEY_ID 与 WECHAT_PAY_PUBLIC_KEY_FILE（要一起填）")
    if missing:
        raise ImproperlyConfigured("设置了 WECHAT_PAY_MCHID，还缺 " + "、".join(missing))


def _refuse_unsafe(environment: Environment) -> None:
    """Stop a production start that would run on demo secrets, open hosts or throw-away services."""
    reasons = {
        "DEBUG 必须关闭": environment.debug,
        "SECRET_KEY 未设置或仍是演示值": environment.secret_key == DEMO_SECRET_KEY,
        "SECRET_KEY 太弱，至少要 50 个字符、其中 5 个不同": len(environment.secret_key) < 50  # noqa: PLR2004 -- Django's own rule (W009)
        or len(set(environment.secret_key)) < 5  # noqa: PLR2004 -- same rule
        or environment.secret_key.startswith("django-insecure-"),
        "IDENTITY_KEYS 未设置或仍含演示密钥": DEMO_IDENTITY_KEYS.partition(":")[2] in environment.identity_keys,
        "IDENTITY_HASH_KEY 未设置或仍是演示值": environment.identity_hash_key == DEMO_IDENTITY_HASH_KEY,
        "IDENTITY_HASH_KEY 太短，至少要 32 个字符": len(environment.identity_hash_key) < 32,  # noqa: PLR2004 -- stated in the message
        "ALLOWED_HOSTS 必须写明域名": not environment.allowed_hosts,
        "ALLOWED_HOSTS 不能是 *": "*" in environment.allowed_hosts,
        "DATABASE_URL 必须设置，内置数据库只供演示": environment.database_url is None,
        "REDIS_URL 必须设置，内置 Redis 只供演示": environment.redis_url is None,
        "WECOM_JSSDK_URL 不能设置，别处的脚本只供沙箱": environment.wecom_jssdk_url is not None,
    }
    unsafe = [reason for reason, holds in reasons.items() if holds]
    if unsafe:
        raise ImproperlyConfigured("生产环境拒绝启动：" + "；".join(unsafe))
