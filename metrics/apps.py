from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "metrics"
    verbose_name = "指标"

    def ready(self) -> None:
        """Register what the apps below call; each part of the app adds its own line."""
        from metrics import proof_tasks, watch_tasks  # noqa: F401 -- a task is known once it is imported
        from metrics.goal_import import GoalImport
        from stores import imports_registry

        imports_registry.register("goals", GoalImport())
        from communities import trials
        from metrics.selectors import experimenting

        trials.register("experiments", experimenting.changes)
