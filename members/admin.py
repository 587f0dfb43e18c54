"""Members for IT to look at. Nothing is changed here: services record why, and ids stay encrypted."""

from django.contrib import admin

from members.models import Consent, Contact, Identity, Member, MemberMerge
from stores.admin import ReadOnlyAdmin


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin):
    list_display = ("pk", "name", "home_store", "joined_at", "merged_into")
    search_fields = ("=id",)  # a name is searched on the members' page, which has the index for it
    list_select_related = ("home_store", "merged_into")
    show_full_result_count = False
    ordering = ("-pk",)


@admin.register(Identity)
class IdentityAdmin(ReadOnlyAdmin):
    list_display = ("pk", "member", "kind", "tail", "source", "created_at")
    fields = ("member", "kind", "issuer", "tail", "source", "created_at")
    list_select_related = ("member",)
    show_full_result_count = False
    ordering = ("-pk",)


@admin.register(MemberMerge)
class MemberMergeAdmin(ReadOnlyAdmin):
    list_display = ("at", "kept", "absorbed", "reason", "by")
    list_select_related = ("kept", "absorbed", "by")
    ordering = ("-at",)


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("at", "member", "purpose", "decision", "source", "text_version")
    list_filter = ("purpose", "decision")
    list_select_related = ("member",)
    show_full_result_count = False
    ordering = ("-pk",)


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    list_display = ("pk", "member", "staff", "added_at", "ended_at")
    list_select_related = ("member", "staff")
    show_full_result_count = False
    ordering = ("-pk",)
