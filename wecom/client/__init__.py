"""The thin typed client of WeCom's server API. Nothing else in the project speaks HTTP to WeCom."""
