"""From a plan to the files of one channel. Reads plans and templates, never profiles; chooses nothing but how to fit."""
