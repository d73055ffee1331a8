"""Reads and checks the configuration; never acts.

`load` gives the settings, `editing` changes a file, `reload` watches it.
"""

from config.errors import ConfigError, Problem
from config.loading import Loaded, load, parse
from config.settings import AccountSettings, BindingSettings, Settings

__all__ = ["AccountSettings", "BindingSettings", "ConfigError", "Loaded", "Problem", "Settings", "load", "parse"]
