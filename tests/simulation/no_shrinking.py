"""A pytest plugin for `mutants`: a property that fails is enough; the smallest way to fail would cost minutes."""

from hypothesis import Phase, settings

settings.register_profile("no shrinking", phases=(Phase.explicit, Phase.generate), database=None)
settings.load_profile("no shrinking")
