"""Responsibility letters (责任书): published by the school, signed by each person whom they name by role."""
