from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "会员"

    def ready(self) -> None:
        from members import handlers, merge_registry
        from members.imports.handler import PurchaseImport
        from members.services import merging
        from stores import imports_registry
        from wecom import registry

        imports_registry.register("purchases", PurchaseImport())
        merge_registry.register("identities", "会员标识", merging.move_identities)
        merge_registry.register("contacts", "联系人", merging.move_contacts)
        merge_registry.register("consents", "同意记录", merging.move_consents)
        merge_registry.register("purchases", "购买明细", merging.move_purchases)
        registry.register("change_external_contact", handlers.customer_changed, name="members.customer_changed")
        registry.register("change_external_tag", handlers.tag_changed, name="members.tag_changed")
