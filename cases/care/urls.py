"""Routes of care, in the namespace of the cases."""

from django.urls import path

from cases.care import api
from cases.care.views import oversight, own

urlpatterns = [
    path("viewing/", own.viewing, name="viewing"),
    path("viewing/settings/", own.settings, name="viewing_settings"),
    path("viewing/break/", own.rest, name="viewing_break"),
    path("viewing/share/", own.share, name="viewing_share"),
    path("viewing/budget/", own.budget, name="budget"),
    path("oversight/limits/", oversight.today, name="limits"),
    path("oversight/limits/rules/", oversight.care_rules, name="care_rules"),
    path("oversight/limits/<uuid:person>/more/", oversight.override, name="limit_override"),
    path("wellness/", oversight.welfare, name="wellness"),
    path("wellness/<uuid:person>/", oversight.person_record, name="wellness_record"),
    path("api/v1/screen-time", api.screen_time, name="api_screen_time"),
    path("api/v1/break", api.rest, name="api_break"),
]
