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
        self._register_plays()

    def _register_plays(self) -> None:
        from campaigns import plays_registry, plays_tasks  # noqa: F401 -- a task is known once it is imported
        from campaigns.h5 import group_buy, one_yuan, places
        from campaigns.models import Campaign
        from campaigns.services.group_buy.rules import GroupBuyRules
        from campaigns.services.moving_plays import move_plays
        from campaigns.services.one_yuan.rules import OneYuanRules
        from members import merge_registry

        merge_registry.register("plays", "首单与拼团", move_plays)
        plays_registry.register(Campaign.Play.GROUP_BUY, GroupBuyRules())
        plays_registry.register(Campaign.Play.ONE_YUAN, OneYuanRules())
        places.register_page(Campaign.Play.GROUP_BUY, group_buy.page)
        places.register_page(Campaign.Play.ONE_YUAN, one_yuan.page)
