from django.db import migrations, models


def forget_names(apps, schema_editor):
    """Reports so far hold masked names, which are no keys; their numbers stay."""
    apps.get_model("wecom", "Drift").objects.update(rows=[])


class Migration(migrations.Migration):
    dependencies = [
        ("wecom", "0003_sync_runs_and_drift"),
    ]

    operations = [
        migrations.RenameField(model_name="drift", old_name="examples", new_name="rows"),
        migrations.AlterField(
            model_name="drift", name="rows", field=models.JSONField(default=list, verbose_name="记录编号")
        ),
        migrations.RunPython(forget_names, forget_names),
    ]
