"""Rows become what templates show: plain facts, decided already, no query per row."""
