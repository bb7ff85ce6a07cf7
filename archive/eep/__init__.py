"""Archival packages (电子文件封装包, DA/T 48-2009): one student file as signed XML, to be handed to other archives."""
