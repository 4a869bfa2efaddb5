"""Short months, and times as the field writes them."""

DATE_FORMAT = "j. M Y"
DATETIME_FORMAT = "j. M Y H:i"
SHORT_DATE_FORMAT = "d.m.Y"
SHORT_DATETIME_FORMAT = "d.m.Y H:i"
MONTH_DAY_FORMAT = "j. M"
