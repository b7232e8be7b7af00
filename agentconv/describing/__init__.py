"""Descriptions of formats that are not built in: made, checked, and held to what a stranger may say."""
