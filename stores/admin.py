"""Django's admin, for IT: superusers only, and what is a ledger can be read but not rewritten."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from stores.models import AuditEntry, ImportJob, Product, Region, SheetMapping, Staff, Store, StoreProduct

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin  # not subscriptable at run time

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
    add_fieldsets = (
        (
            None,
            {"fields": ("username", "name", "role", "store", "region", "usable_password", "password1", "password2")},
        ),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Staff | None = None) -> bool:  # noqa: ARG002 -- Django's signature
        return False


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
