"""Django's admin, for IT: superusers only, and what is a ledger can be read but not rewritten."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_otp.plugins.otp_totp import admin as _registers_devices  # noqa: F401 -- so that it has, before we undo it
from django_otp.plugins.otp_totp.models import TOTPDevice

from stores.models import AuditEntry, ImportJob, Product, Region, SheetMapping, Staff, Store, StoreProduct
from stores.services.second_factor import reset_second_factor
from stores.services.staff import end_employment

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin  # not subscriptable at run time

admin.site.unregister(TOTPDevice)  # it would show every secret; a phone is reset from the person's own row
admin.site.unregister(Group)  # roles come from Staff.role; groups would be a second, silent door


class ReadOnlyAdmin(_ModelAdmin):
    """A ledger: every row can be looked at, none added, changed or removed."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 -- Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 -- Django's signature
        return False


@admin.register(Region)
class RegionAdmin(ReadOnlyAdmin):
    """Read-only: moving a node means rewriting the paths below it, which is a service's work."""

    list_display = ("name", "code", "parent", "path")
    search_fields = ("name", "code")
    list_select_related = ("parent",)
    ordering = ("path",)


@admin.register(Store)
class StoreAdmin(_ModelAdmin):
    """Master data; the stage moves on the store's own page, where the move is checked and audited."""

    list_display = ("name", "code", "region", "city", "stage")
    list_filter = ("stage", "city_tier")
    search_fields = ("name", "code", "city")
    list_select_related = ("region",)
    autocomplete_fields = ("region",)
    readonly_fields = ("stage", "fitout_on", "opened_on", "running_on", "suspended_on")
    ordering = ("code",)

    def has_delete_permission(self, request: HttpRequest, obj: Store | None = None) -> bool:  # noqa: ARG002 -- Django's signature
        return False


@admin.register(Staff)
class StaffAdmin(UserAdmin):  # type: ignore[type-arg]
    """Accounts, their roles and places; people who leave are switched off, never deleted."""

    list_display = ("username", "name", "role", "store", "region", "is_active")
    list_filter = ("role", "is_active", "is_superuser")
    search_fields = ("username", "name", "store__name")
    list_select_related = ("store", "region")
    autocomplete_fields = ("store", "region")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("last_login",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("岗位", {"fields": ("name", "role", "store", "region", "is_active")}),
        ("后台", {"fields": ("is_staff", "is_superuser", "last_login")}),
    )
    actions = ("reset_second_factors",)
    add_fieldsets = (
        (
            None,
            {"fields": ("username", "name", "role", "store", "region", "usable_password", "password1", "password2")},
        ),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:  # noqa: ARG002 -- Django's signature
        return False

    def save_model(self, request: HttpRequest, obj: Staff, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's signature
        """Switching somebody off ends the employment, with everything that goes with it."""
        leaves = change and "is_active" in form.changed_data and not obj.is_active
        if leaves:
            obj.is_active = True  # the service sees the change, and undoes the rights that were just typed
        super().save_model(request, obj, form, change)
        if leaves:
            end_employment(staff=obj, actor=cast("Staff", request.user), at=timezone.now())

    @admin.action(description="重置两步验证（下次用密码登录时重新绑定手机）")
    def reset_second_factors(self, request: HttpRequest, queryset: QuerySet[Staff]) -> None:
        """For people who lost their phone and their recovery codes."""
        actor, now = cast("Staff", request.user), timezone.now()
        done = sum(reset_second_factor(staff=staff, actor=actor, at=now) for staff in queryset)
        self.message_user(request, f"已重置 {done} 人的两步验证")


@admin.register(Product)
class ProductAdmin(_ModelAdmin):
    list_display = ("name", "code", "category", "variety", "unit", "is_active")
    list_filter = ("unit", "is_active")
    search_fields = ("name", "code", "variety")
    ordering = ("code",)


@admin.register(StoreProduct)
class StoreProductAdmin(ReadOnlyAdmin):
    """Read-only: prices and stock change on the store's page, where the change is audited."""

    list_display = ("store", "product", "price_fen", "stock", "on_sale", "updated_at")
    search_fields = ("store__code", "product__code", "product__name")
    list_select_related = ("store", "product")
    show_full_result_count = False
    ordering = ("-pk",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "action", "target", "store", "address")
    list_filter = ("action",)
    search_fields = ("actor__username", "target")
    list_select_related = ("actor", "store")
    show_full_result_count = False
    ordering = ("-at",)


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "kind", "filename", "state", "uploaded_by", "rows_read")
    list_filter = ("kind", "state")
    search_fields = ("filename",)
    list_select_related = ("uploaded_by",)
    ordering = ("-created_at",)


@admin.register(SheetMapping)
class SheetMappingAdmin(ReadOnlyAdmin):
    list_display = ("kind", "store", "header_key", "saved_at")
    list_select_related = ("store",)
    ordering = ("-saved_at",)
