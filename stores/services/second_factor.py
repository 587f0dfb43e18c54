"""The second factor of a password log-in: one TOTP device a person, and ten recovery codes (docs/decisions/0014)."""

import hashlib
import math
import secrets
import unicodedata
from base64 import b32encode
from datetime import datetime

from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from stores.models import RecoveryCode, Staff
from stores.services.auditing import audit

CODES = 10
# Nothing that is read as something else: no 0 and O, no 1 and I.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH, _GROUP = 16, 4
_DIGITS = 6


class SecondFactorRefused(Exception):
    """The code does not open the door; the subclass says why."""


class WrongCode(SecondFactorRefused):
    """It is wrong, or was used before."""


class TooManyTries(SecondFactorRefused):
    """After each wrong code the wait doubles; until it is over no code is looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class NothingEnrolled(SecondFactorRefused):
    """There is no device to prove anything with."""


def concerns(staff: Staff) -> bool:
    """Whether this person may, and where the chain requires it must, have a second factor: who sees everything."""
    return staff.is_hq or staff.is_superuser


def device_of(*, staff: Staff) -> TOTPDevice | None:
    """The device this person has proved to hold."""
    found: TOTPDevice | None = TOTPDevice.objects.filter(user=staff, confirmed=True).first()
    return found


def codes_left(*, staff: Staff) -> int:
    return RecoveryCode.objects.filter(staff=staff, used_at=None).count()


def check_code(*, staff: Staff, code: str, at: datetime) -> TOTPDevice:
    """Accept the phone's six digits or a recovery code, each once; wrong ones of both kinds share one throttle.

    :raises SecondFactorRefused:
    """
    with transaction.atomic():  # what is raised after it leaves the failure counted
        outcome = _outcome(staff, code, at=at, confirmed=True)
    if isinstance(outcome, SecondFactorRefused):
        raise outcome
    return outcome


@transaction.atomic
def begin_enrolment(*, staff: Staff) -> TOTPDevice:
    """The device waiting for its first code; the same one until then."""
    Staff.objects.select_for_update().get(pk=staff.pk)
    device, _ = TOTPDevice.objects.get_or_create(user=staff, confirmed=False, defaults={"name": "手机"})
    return device


def typed_key(*, device: TOTPDevice) -> str:
    """The key of a device as a person types it into an app that cannot scan."""
    key = b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(key[start : start + _GROUP] for start in range(0, len(key), _GROUP))


def confirm_enrolment(*, staff: Staff, code: str, at: datetime) -> tuple[TOTPDevice, list[str]]:
    """Take the waiting device into use in place of any other, on the word of its first code.

    Returns it with ten new recovery codes, which nobody can read again.
    :raises SecondFactorRefused:
    """
    with transaction.atomic():
        outcome = _outcome(staff, code, at=at, confirmed=False)
        if isinstance(outcome, TOTPDevice):
            TOTPDevice.objects.filter(user=staff).exclude(pk=outcome.pk).delete()
            outcome.confirmed = True
            outcome.save(update_fields=["confirmed"])
            codes = _new_codes(staff, at=at)
            audit(actor=staff, action="staff.second_factor_enrolled", target=f"staff:{staff.pk}", at=at)
    if isinstance(outcome, SecondFactorRefused):
        raise outcome
    return outcome, codes


@transaction.atomic
def renew_recovery_codes(*, staff: Staff, at: datetime) -> list[str]:
    """Ten new codes; the old ones are worth nothing from now on."""
    codes = _new_codes(staff, at=at)
    audit(actor=staff, action="staff.recovery_codes_renewed", target=f"staff:{staff.pk}", at=at)
    return codes


@transaction.atomic
def reset_second_factor(*, staff: Staff, actor: Staff | None, at: datetime) -> bool:
    """Forget device and codes, so that the next log-in enrols anew; False where there was nothing."""
    devices, _ = TOTPDevice.objects.filter(user=staff).delete()
    RecoveryCode.objects.filter(staff=staff).delete()
    if devices:
        audit(actor=actor, action="staff.second_factor_reset", target=f"staff:{staff.pk}", at=at)
    return bool(devices)


def _outcome(staff: Staff, code: str, *, at: datetime, confirmed: bool) -> TOTPDevice | SecondFactorRefused:
    device = TOTPDevice.objects.select_for_update().filter(user=staff, confirmed=confirmed).order_by("pk").first()
    if device is None:
        return NothingEnrolled()
    allowed, why = device.verify_is_allowed()
    if not allowed:
        return TooManyTries(max(1, math.ceil((why["locked_until"] - at).total_seconds())))
    typed = "".join(one for one in unicodedata.normalize("NFKC", code).upper() if one.isalnum())
    if len(typed) == _LENGTH and confirmed:
        right = _use_recovery_code(staff, typed, at=at)
        if right:
            device.throttle_reset()
        else:
            device.throttle_increment()
    else:
        right = device.verify_token(typed if typed.isascii() and len(typed) == _DIGITS else "")
    return device if right else WrongCode()


def _use_recovery_code(staff: Staff, typed: str, *, at: datetime) -> bool:
    unused = RecoveryCode.objects.filter(staff=staff, digest=_digest(typed), used_at=None)
    used = bool(unused.update(used_at=at))
    if used:
        audit(actor=staff, action="staff.recovery_code_used", target=f"staff:{staff.pk}", at=at)
    return used


def _new_codes(staff: Staff, *, at: datetime) -> list[str]:
    RecoveryCode.objects.filter(staff=staff).delete()
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(CODES)]
    RecoveryCode.objects.bulk_create([RecoveryCode(staff=staff, digest=_digest(code), created_at=at) for code in codes])
    return ["-".join(code[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP)) for code in codes]


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
