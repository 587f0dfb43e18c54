"""What is typed for newcomers to read."""

from typing import Any

from django import forms

from communities.models import WelcomeText
from communities.services.welcome_editing import LinkWords, check_links, check_text
from stores.models import Staff
from wecom.client.content import ContentRefused, within

_OWN = 500  # characters of a store's own text
_PARTS = 3


class WelcomeForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's own class takes no argument
    """A welcome; HQ's may also offer a coupon and links, a store's keeps to words and says who it is."""

    links = forms.CharField(
        label="图文链接", required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="一行一条：标题 | 网址 | 说明。最多 8 条",
    )  # fmt: skip

    class Meta:
        model = WelcomeText
        fields = ("text", "fallback", "coupon", "with_group")
        labels = {"coupon": "优惠券", "fallback": "备用欢迎语"}  # noqa: RUF012 -- Django's own attribute
        help_texts = {  # noqa: RUF012 -- as above
            "fallback": "图片过期或内容发不出去时改发这一段，可以不写",
            "coupon": "填在 {优惠券} 的位置，例如：新人满 50 减 10，到店报手机号",
        }

    def __init__(self, *args: Any, user: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_full = user.is_hq
        self.fields["text"].widget = forms.Textarea(attrs={"rows": 7})
        self.fields["text"].help_text = "可以用 {店名} {店长} {利益点} {优惠券}，发送时自动填上"
        self.fields["fallback"].widget = forms.Textarea(attrs={"rows": 2})
        if self._is_full:
            self.initial["links"] = "\n".join(_line(link) for link in self.instance.links)
        else:
            del self.fields["coupon"], self.fields["links"]
        for name, field in self.fields.items():
            field.widget.attrs["class"] = "form-check-input" if name == "with_group" else "form-control"

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        _check(text)
        if not self._is_full:
            if len(text) > _OWN:
                raise forms.ValidationError(f"门店的欢迎语最多 {_OWN} 字，现在是 {len(text)} 字")
            if "{店长}" not in text and "{店名}" not in text:
                raise forms.ValidationError("请保留 {店名} 或 {店长}，让顾客知道是谁")
            if "http" in text.lower():
                raise forms.ValidationError("链接由总部统一配置，请去掉网址")
        return text

    def clean_fallback(self) -> str:
        text = str(self.cleaned_data["fallback"])
        _check(text)
        return text

    def clean_links(self) -> list[LinkWords]:
        found = [_link(line) for line in self.cleaned_data["links"].splitlines() if line.strip()]
        try:
            check_links(found)
        except ContentRefused as refused:
            raise forms.ValidationError(str(refused)) from None
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        try:
            check_text(text=data.get("text", ""), coupon=data.get("coupon", ""))
        except ContentRefused as refused:
            if "text" not in self.errors:
                self.add_error("text", str(refused))
        return data

    def words(self) -> dict[str, Any]:
        """The arguments of `save_text` this form knows."""
        kept = {"coupon": self.instance.coupon, "links": self.instance.links}  # what HQ said of this store
        return kept | {name: self.cleaned_data[name] for name in self.fields}


def _check(text: str) -> None:
    try:
        check_text(text=text)
    except ContentRefused as refused:
        raise forms.ValidationError(str(refused)) from None


def _line(link: LinkWords) -> str:
    return " | ".join(part for part in (link["title"], link["url"], link["desc"]) if part)


def _link(line: str) -> LinkWords:
    parts = [part.strip() for part in line.replace("｜", "|").split("|", _PARTS - 1)]
    if len(parts) < _PARTS - 1 or not all(parts[:2]):
        raise forms.ValidationError(f"“{line[:20]}”要写成：标题 | 网址 | 说明")
    if not parts[1].startswith(("https://", "http://")):
        raise forms.ValidationError(f"“{parts[1][:30]}”不是网址")
    return {"title": parts[0], "url": parts[1], "desc": parts[2] if len(parts) == _PARTS else ""}


class GroupWelcomeForm(forms.Form):
    """Words for those who join a group."""

    text = forms.CharField(
        label="欢迎语", max_length=1_000, widget=forms.Textarea(attrs={"rows": 6, "class": "form-control"}),
        help_text="写 %NICKNAME% 的地方会换成新成员的昵称；最多 3000 字节，约 1000 个汉字",
    )  # fmt: skip

    def clean_text(self) -> str:
        try:
            return within(self.cleaned_data["text"], limit=3_000, what="入群欢迎语")
        except ContentRefused as refused:
            raise forms.ValidationError(str(refused)) from None
