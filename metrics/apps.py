from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "metrics"
    verbose_name = "指标"

    def ready(self) -> None:
        """Register what the apps below call; each part of the app adds its own line."""
