"""What staff type on the pages of this app, checked and worded."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest


def _styled(form: forms.BaseForm) -> None:
    for field in form.fields.values():
        field.widget.attrs.setdefault("class", "form-control")


class LoginForm(AuthenticationForm):
    """Account and password; says the same whether the account, the password or the job is what is wrong."""

    error_messages = {  # noqa: RUF012 -- Django's own attribute
        "invalid_login": "账号或密码不对。连续输错 5 次会锁定 15 分钟",
        "inactive": "账号或密码不对。连续输错 5 次会锁定 15 分钟",
    }

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "账号"
        self.fields["username"].widget.attrs.update(autocapitalize="none", spellcheck="false", autocomplete="username")
        _styled(self)


class NewPasswordForm(PasswordChangeForm):
    """The old password once, the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = "现在的密码"
        self.fields["new_password1"].label = "新密码"
        self.fields["new_password2"].label = "再输一次新密码"
        self.fields["new_password2"].help_text = ""
        _styled(self)
