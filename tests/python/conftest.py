"""Lets these tests import what tests of all kinds share, from the folder above."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
