"""What a new chain starts with is provided after migrating (`communities.beginnings`), so that a flush keeps it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("communities", "0003_cadence")]

    operations = []
