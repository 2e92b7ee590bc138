"""Engines that run guarded SQL."""
