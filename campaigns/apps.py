from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = "活动"

    def ready(self) -> None:
        from campaigns import links
        from campaigns.h5 import chain, places
        from campaigns.models import Campaign
        from campaigns.payments import registry
        from campaigns.services.moving import move_orders
        from communities import order_links
        from members import merge_registry

        registry.register_configured()
        merge_registry.register("orders", "活动订单", move_orders)
        order_links.register("chains", links.order_pages)
        places.register_page(Campaign.Play.CHAIN, chain.page)
