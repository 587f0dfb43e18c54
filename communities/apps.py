from django.apps import AppConfig


class CommunitiesConfig(AppConfig):
    name = "communities"
    verbose_name = "社群"

    def ready(self) -> None:
        from communities import group_handlers, handlers
        from communities.services import groups
        from members import merge_registry
        from wecom import registry

        added = "change_external_contact.add_external_contact"
        half_added = "change_external_contact.add_half_external_contact"  # she added; the other half may never come
        registry.register(added, handlers.count_add, name="communities.count_add")
        registry.register(added, handlers.welcome, name="communities.welcome", queue="fast")
        registry.register(half_added, handlers.welcome, name="communities.welcome_half", queue="fast")
        registry.register("change_external_chat", group_handlers.group_changed, name="communities.group_changed")
        merge_registry.register("memberships", "群成员记录", groups.move_memberships)
