"""What templates need to know about WeCom."""

from django import template
from django.conf import settings
from django.templatetags.static import static

from wecom.configuration import is_configured

register = template.Library()


@register.simple_tag
def jssdk_address() -> str:
    """Where the JS-SDK is: the package's file on our own site, or the sandbox's stub; empty without a WeCom."""
    if not is_configured():
        return ""
    return settings.WECOM_JSSDK_URL or static("wecom/wecom.global.prod.js")
