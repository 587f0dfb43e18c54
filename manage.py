#!/usr/bin/env python
"""Django's command line; starts the embedded database and broker when none is configured."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config import embedded

    with embedded.services_for(sys.argv):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
