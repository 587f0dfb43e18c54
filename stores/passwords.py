"""Password rules in the words of the people who type them."""

from django.contrib.auth.password_validation import MinimumLengthValidator


class LongEnoughValidator(MinimumLengthValidator):
    """Django's rule; its Chinese catalogue lacks this one message."""

    def get_error_message(self) -> str:
        return f"密码太短，至少要 {self.min_length} 个字符"
