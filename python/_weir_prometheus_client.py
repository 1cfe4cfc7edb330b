"""WEIR_PROMETHEUS_CLIENT=1: weir.prometheus.install() as soon as somebody imports prometheus_client.

weir_prometheus_client.pth, in site-packages, calls arm() at interpreter start when the variable is set. Until then
nothing else is imported: neither prometheus_client nor weir.

Thread safety: the import system's locks. Process safety: in-process only.
"""
import importlib.abc
import importlib.util
import sys

_WATCHED = "prometheus_client"


class _Loader(importlib.abc.Loader):
    """The module's own loader, and then install()."""

    def __init__(self, loader):
        self._loader = loader

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        _install()


def _install():
    try:
        from weir.prometheus import install
        install()
    except Exception:
        import logging
        logging.getLogger("weir.prometheus").exception(
            "WEIR_PROMETHEUS_CLIENT is set, but Weir could not be installed; prometheus_client works as without it")


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        if fullname != _WATCHED:
            return None
        disarm()  # what follows is the ordinary search
        spec = importlib.util.find_spec(fullname)
        if spec is None:
            arm()
        elif spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


def arm():
    """Watches for the import, or acts at once where it is done already."""
    if _WATCHED in sys.modules:
        _install()
    elif not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())


def disarm():
    """Watches no longer."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, Finder)]
