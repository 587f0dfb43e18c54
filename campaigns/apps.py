from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = "活动"

    def ready(self) -> None:
        from campaigns import links, plays_registry
        from campaigns.chain_rules import ChainRules
        from campaigns.h5 import chain, places, session
        from campaigns.models import Campaign
        from campaigns.payments import registry
        from campaigns.services.moving import move_orders
        from communities import order_links, visitors
        from members import merge_registry

        registry.register_configured()
        merge_registry.register("orders", "活动订单", move_orders)
        plays_registry.register(Campaign.Play.CHAIN, ChainRules())
        places.register_page(Campaign.Play.CHAIN, chain.page)
        order_links.register("chains", links.order_pages)
        visitors.register("members", session.member_id_of)
