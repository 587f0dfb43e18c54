"""A place that stays empty is a finding of its own; a phrase that holds a banned word may be let through."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("communities", "0005_cards_of_a_slot"),
    ]

    operations = [
        migrations.AddField(
            model_name="bannedword",
            name="allowed",
            field=models.BooleanField(default=False, verbose_name="放行"),
        ),
        migrations.AlterField(
            model_name="lintrule",
            name="check_name",
            field=models.CharField(
                choices=[
                    ("reused_image", "图片近期用过"),
                    ("low_resolution", "图片不清晰"),
                    ("not_stocked", "本店没有这个商品"),
                    ("sold_out", "本店已售罄"),
                    ("unfilled", "占位没有内容"),
                    ("price_differs", "价格与本店不符"),
                    ("banned_word", "违禁用语"),
                    ("inducement", "诱导分享"),
                    ("dead_link", "链接打不开"),
                    ("expired", "内容已过期"),
                    ("day_limit", "超过每日条数"),
                    ("quiet_hours", "免打扰时段"),
                    ("promotion_share", "促销占比过高"),
                ],
                max_length=24,
                unique=True,
                verbose_name="检查",
            ),
        ),
        migrations.AddConstraint(
            model_name="bannedword",
            constraint=models.CheckConstraint(
                condition=models.Q(("allowed", False), ("inducement", False), _connector="OR"),
                name="an_allowed_phrase_bans_nothing",
            ),
        ),
    ]
