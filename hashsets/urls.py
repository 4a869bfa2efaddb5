"""Routes of the hash sets."""

from django.urls import URLPattern

app_name = "hashsets"
urlpatterns: list[URLPattern] = []
