"""Configurations of irssi and WeeChat, as settings of ours."""
