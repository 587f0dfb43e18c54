"""The site with one page more: an empty one that includes the JS-SDK as pages of ours do."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.template import engines
from django.urls import path

from config.urls import urlpatterns as site

_PAGE = """{% extends "base.html" %}{% load static %}
{% block heading %}桥{% endblock %}
{% block scripts %}{% include "shell/jssdk.html" %}
<script type="module" src="{% static 'modules/ww-bridge.js' %}"></script>{% endblock %}
"""


@login_required
def bridge(request):
    return HttpResponse(engines["django"].from_string(_PAGE).render({}, request))


urlpatterns = [path("bridge/", bridge), *site]
