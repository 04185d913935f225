"""From a plan to the files of one channel. Reads plans and templates, never profiles; only chooses how to fit."""
