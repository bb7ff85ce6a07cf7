"""Rectification notices (整改通知): signed, acknowledged, answered with evidence, verified, closed or reopened."""
