"""What the Makefile runs around the product: servers, fonts, the development supervisor."""
