"""Notebooks are tested in the environment in which their outputs were stored."""

import os

from tools.execute import ENVIRONMENT

os.environ.update(ENVIRONMENT)
os.environ.pop("MPLBACKEND", None)
