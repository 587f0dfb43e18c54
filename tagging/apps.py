from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TaggingConfig(AppConfig):
    name = "tagging"
    verbose_name = "标签"

    def ready(self) -> None:
        from members import merge_registry
        from stores import imports_registry
        from tagging import handlers, knowledge
        from tagging.imports.flavours import FlavourImport
        from tagging.selectors import taste_reasons
        from tagging.services import keeping, tags, touching, valuing
        from tagging.services.questionnaires import answering
        from wecom import registry

        imports_registry.register("flavours", FlavourImport())
        merge_registry.register("recommendations", "口味与推荐", keeping.forget_absorbed)
        merge_registry.register("talks", "话术与事实", touching.move_to_survivor)
        merge_registry.register("tags", "标签", tags.move_to_survivor)
        merge_registry.register("responses", "问卷", answering.move_to_survivor)
        merge_registry.register("values", "会员价值", valuing.forget_absorbed)
        knowledge.register_reasons("taste", taste_reasons.reasons)
        for change in ("edit_external_contact", "add_external_contact"):
            registry.register(
                f"change_external_contact.{change}", handlers.contact_changed, name=f"tagging.{change}"
            )  # fmt: skip
        registry.register("change_external_tag", handlers.tag_changed, name="tagging.tag_changed")
        post_migrate.connect(_provide_axes, sender=self)


def _provide_axes(**_: Any) -> None:
    """The axes of fruit, where a chain has none yet; another trade then replaces them."""
    from django.db import connection

    from tagging.services.tastes import provide_axes

    if "tagging_tasteaxis" in connection.introspection.table_names():  # another app may be migrated alone
        provide_axes()
