"""How people prove who they are, beside their password."""

from django.db import models

from stores.models.people import Staff


class RecoveryCode(models.Model):
    """One of ten codes for the day the phone is gone. Of its 80 random bits only the SHA-256 is kept; it works once."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="recovery_codes", verbose_name="员工")
    digest = models.BinaryField("摘要", max_length=32, unique=True)
    created_at = models.DateTimeField("生成时间")
    used_at = models.DateTimeField("使用时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "恢复码"

    def __str__(self) -> str:
        return f"{self.staff_id} {self.created_at:%Y-%m-%d}"
