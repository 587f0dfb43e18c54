from django.apps import AppConfig


class StoresConfig(AppConfig):
    name = "stores"
    verbose_name = "门店"

    def ready(self) -> None:
        from stores import handlers, imports_registry
        from stores.imports.products import ProductImport
        from stores.imports.stores import StoreImport
        from stores.models import ImportJob
        from wecom import registry

        imports_registry.register(ImportJob.Kind.PRODUCTS, ProductImport())
        imports_registry.register(ImportJob.Kind.STORES, StoreImport())
        registry.register("change_contact", handlers.contact_changed, name="stores.contact_changed")
        registry.register("change_contact.delete_user", handlers.member_left, name="stores.member_left", queue="fast")
