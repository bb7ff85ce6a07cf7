"""Addresses of documents; `records.urls` takes them in before the sections of a file."""

from django.urls import path

from records.documents import views

_FILE = "students/<uuid:public_id>/"
_ONE = _FILE + "documents/<uuid:document_id>/"

urlpatterns = [
    path("documents/", views.documents, name="documents"),
    path(_FILE + "documents/add/", views.add, name="document_add"),
    path(_FILE + "paper/", views.paper, name="paper"),
    path(_ONE, views.show, name="document"),
    path(_ONE + "pages/<int:number>/", views.page, name="document_page"),
    path(_ONE + "download/", views.download, name="document_download"),
    path(_ONE + "new-version/", views.new_version, name="document_version"),
    path(_ONE + "check/", views.check, name="document_check"),
    path(_ONE + "secrecy/", views.secrecy, name="document_secrecy"),
    path(_ONE + "catalogue/", views.catalogue, name="document_catalogue"),
    path(_ONE + "relate/", views.relate, name="document_relate"),
    path(_ONE + "unrelate/<int:item_no>/", views.unrelate, name="document_unrelate"),
]
