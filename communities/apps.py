from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CommunitiesConfig(AppConfig):
    name = "communities"
    verbose_name = "社群"

    def ready(self) -> None:
        from communities import group_handlers, handlers, handover_handlers, segment_kinds
        from communities.services import groups
        from communities.services.feedback import clicking
        from communities.services.handover import outcomes as handovers
        from members import merge_registry, recognition
        from tagging import places
        from tagging.segmenting import kinds
        from wecom import registry

        added = "change_external_contact.add_external_contact"
        half_added = "change_external_contact.add_half_external_contact"  # she added; the other half may never come
        registry.register(added, handlers.count_add, name="communities.count_add")
        registry.register(added, handlers.welcome, name="communities.welcome", queue="fast")
        registry.register(half_added, handlers.welcome, name="communities.welcome_half", queue="fast")
        registry.register(added, handlers.note_welcome, name="communities.note_welcome", queue="bulk")
        registry.register("change_external_chat", group_handlers.group_changed, name="communities.group_changed")
        ended, failed = "change_external_contact.del_external_contact", "change_external_contact.transfer_fail"
        registry.register(ended, handover_handlers.contact_ended, name="communities.handover_contact_ended")
        registry.register(failed, handover_handlers.transfer_failed, name="communities.handover_failed")
        merge_registry.register("handovers", "交接记录", handovers.move_items)
        merge_registry.register("memberships", "群成员记录", groups.move_memberships)
        kinds.register(segment_kinds.IN_A_GROUP)
        places.register_groups("communities", segment_kinds.groups_of)
        recognition.register("stays", groups.link_stays)
        merge_registry.register("clicks", "点击", clicking.move_clicks)
        merge_registry.register("entries", "接龙", clicking.move_entries)
        post_migrate.connect(_provide_beginnings, sender=self)


def _provide_beginnings(sender: AppConfig, **_: Any) -> None:
    from django.db import connection

    from communities import beginnings

    tables = {model._meta.db_table for model in sender.get_models()}  # noqa: SLF001 -- Django's documented API
    if tables <= set(connection.introspection.table_names()):  # or another app is migrated alone, or this one in part
        beginnings.provide()
