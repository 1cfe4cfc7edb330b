"""What a stranger gets from `cmake --install`: programs built against the installed tree, both ways, static and shared.

The tree is moved after it was installed, so nothing in it may name the place it was built or installed at.
"""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(__file__).parent / "program"
BUILD = pathlib.Path(os.environ.get("WEIR_BUILD_DIR", ROOT / "build" / "release"))
sys.path.insert(0, str(ROOT / "tests"))

from redis_servers import RedisServer  # noqa: E402

# These builds show what links and installs, not how fast it is.
QUICK = ["-DCMAKE_BUILD_TYPE=None", "-DCMAKE_CXX_FLAGS=-O0", "-DCMAKE_UNITY_BUILD=ON",
         "-DCMAKE_UNITY_BUILD_BATCH_SIZE=12", "-DWEIR_BUILD_TESTS=OFF", "-DWEIR_BUILD_EXAMPLES=OFF"]


def run(*command, **options):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600, **options)
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


# Shared libraries with Redis take minutes to compile; without it they are what `without_redis` builds anyway.
KINDS = ["static", "shared"] if os.environ.get("WEIR_TEST_FULL") else ["static"]


def build_shared():
    build = BUILD.parent / "shared"
    run("cmake", "--preset", "release", "-B", build, *QUICK, "-DBUILD_SHARED_LIBS=ON", cwd=ROOT)
    run("cmake", "--build", build)
    return build


@pytest.fixture(scope="module", params=KINDS)
def installed(request, tmp_path_factory):
    """(kind, prefix) of an installed tree."""
    folder = tmp_path_factory.mktemp(request.param)
    run("cmake", "--install", build_shared() if request.param == "shared" else BUILD, "--prefix", folder / "first")
    shutil.move(folder / "first", folder / "moved")
    return request.param, folder / "moved"


def library_folder(prefix):
    """The folder with the libraries: lib, lib64 or lib/<multiarch>."""
    return next(prefix.rglob("libweir-core.*")).parent


def run_program(prefix, program, **environment):
    return run(program, env={**os.environ, "LD_LIBRARY_PATH": str(library_folder(prefix)), **environment})


def check_counts(prefix, program, directory):
    """Two runs: each shows its own count, and the installed `weir` the sum of both."""
    for _ in range(2):
        output = run_program(prefix, program, PROMETHEUS_MULTIPROC_DIR=str(directory))
        assert output.startswith("weir 0.")
        assert '# TYPE jobs_total counter\njobs_total{kind="mail"} 3\n' in output
    assert 'jobs_total{kind="mail"} 6\n' in run(prefix / "bin" / "weir", "show", "--dir", directory)


def check_counts_in_redis(prefix, program, nowhere):
    """Two runs of a program that knows nothing of Redis: the installed `weir` shows the sum of both."""
    with RedisServer() as redis:
        for _ in range(2):
            output = run_program(prefix, program, **redis.environment(PROMETHEUS_MULTIPROC_DIR=str(nowhere)))
            assert 'jobs_total{kind="mail"} 3\n' in output
        assert len(redis.keys("gunicorn:counter:*:metric:*")) == 2
        assert not nowhere.exists()
        assert 'jobs_total{kind="mail"} 6\n' in run(prefix / "bin" / "weir", "show", "--redis", redis.url)


def needed(program):
    """What the program or library itself asks the loader for."""
    return [line for line in run("readelf", "-d", program).splitlines() if "NEEDED" in line]


def test_find_package_gives_core_and_exporter(installed, tmp_path):
    _, prefix = installed
    run("cmake", "-G", "Ninja", "-S", PROGRAM, "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", tmp_path)
    check_counts(prefix, tmp_path / "counts", tmp_path / "metrics")
    assert run_program(prefix, tmp_path / "serves") == "serving: yes\n"
    check_counts_in_redis(prefix, tmp_path / "counts_in_redis", tmp_path / "nowhere")


def test_find_package_refuses_a_component_nobody_knows(installed, tmp_path):
    _, prefix = installed
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES CXX)\n"
        "find_package(weir REQUIRED COMPONENTS core attic)\n")
    result = subprocess.run(["cmake", "-S", str(tmp_path), "-B", str(tmp_path / "b"), f"-DCMAKE_PREFIX_PATH={prefix}"],
                            capture_output=True, text=True)
    assert result.returncode != 0
    assert "attic" in result.stderr


@pytest.mark.parametrize("package, source",
                         [("weir-core", "counts"), ("weir-exporter", "serves"), ("weir-redis", "counts")])
def test_pkg_config_gives(installed, package, source, tmp_path):
    _, prefix = installed
    environment = {**os.environ, "PKG_CONFIG_PATH": str(library_folder(prefix) / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", package, env=environment).split()
    run("g++", "-std=c++20", PROGRAM / f"{source}.cc", "-o", tmp_path / source, *flags)
    if package == "weir-redis":
        # As compilers do that leave out shared libraries nothing is called of.
        run("g++", "-std=c++20", "-Wl,--as-needed", PROGRAM / f"{source}.cc", "-o", tmp_path / source, *flags)
        check_counts_in_redis(prefix, tmp_path / source, tmp_path / "nowhere")
    elif source == "counts":
        check_counts(prefix, tmp_path / source, tmp_path / "metrics")
    else:
        assert run_program(prefix, tmp_path / source) == "serving: yes\n"


def test_a_program_that_only_counts_needs_no_http_server(installed, tmp_path):
    kind, prefix = installed
    environment = {**os.environ, "PKG_CONFIG_PATH": str(library_folder(prefix) / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "weir-core", env=environment).split()
    run("g++", "-std=c++20", PROGRAM / "counts.cc", "-o", tmp_path / "counts", *flags)
    asked = needed(tmp_path / "counts")
    if kind == "shared":
        asked += needed(library_folder(prefix) / "libweir-core.so")
    assert asked and not [line for line in asked if "microhttpd" in line or "ssl" in line or "weir-redis" in line]


def test_a_program_without_redis_says_how_to_get_it(installed, tmp_path):
    _, prefix = installed
    environment = {**os.environ, "PKG_CONFIG_PATH": str(library_folder(prefix) / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "weir-core", env=environment).split()
    run("g++", "-std=c++20", PROGRAM / "counts.cc", "-o", tmp_path / "counts", *flags)
    result = subprocess.run([tmp_path / "counts"], capture_output=True, text=True, timeout=60, env={
        **os.environ, "LD_LIBRARY_PATH": str(library_folder(prefix)), "WEIR_BACKEND_CLASS": "MultiProcessRedisBackend"})
    assert result.returncode != 0
    assert "link weir::redis" in result.stderr and "WEIR_WITH_REDIS=ON" in result.stderr


def test_a_shared_library_stays_loaded_and_says_its_version(installed):
    kind, prefix = installed
    if kind == "static":
        assert not list(prefix.rglob("*.so*"))
        return
    for name in ("core", "exporter", "redis"):
        dynamic = run("readelf", "-d", library_folder(prefix) / f"libweir-{name}.so")
        assert "NODELETE" in dynamic
        assert f"libweir-{name}.so.0.1]" in dynamic


def test_every_installed_header_compiles_alone(installed, tmp_path):
    _, prefix = installed
    headers = sorted((prefix / "include" / "weir").glob("*.h"))
    assert headers
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        alone = [pool.submit(run, "g++", "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                             f"-I{prefix}/include", "-x", "c++", "-include", header, "/dev/null") for header in headers]
    for compiled in alone:
        compiled.result()


def test_the_installed_weir_runs(installed):
    _, prefix = installed
    assert "usage" in run(prefix / "bin" / "weir", "--help").lower()


@pytest.fixture(scope="module")
def without_redis():
    """A build without Redis support, of `weir` and all it needs, as shared libraries."""
    build = BUILD.parent / "no-redis"
    run("cmake", "--preset", "release", "-B", build, *QUICK, "-DWEIR_WITH_REDIS=OFF", "-DBUILD_SHARED_LIBS=ON",
        cwd=ROOT)
    run("cmake", "--build", build)
    return build


def test_built_without_redis_asking_for_it_says_how_to_get_it(without_redis):
    result = subprocess.run([without_redis / "bin" / "weir", "show", "--redis", "redis://localhost"],
                            capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout) == (2, "")
    assert "--redis" in result.stderr and "WEIR_WITH_REDIS=ON" in result.stderr and "libssl-dev" in result.stderr


def test_built_without_redis_the_environment_falls_back_to_the_directory(without_redis, tmp_path):
    result = subprocess.run([without_redis / "bin" / "weir", "show"], capture_output=True, text=True, timeout=60,
                            env={**os.environ, "REDIS_ENABLED": "true", "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)})
    assert result.returncode == 0
    assert "WEIR_WITH_REDIS=ON" in result.stderr and f"reading {tmp_path}" in result.stderr


def test_built_without_redis_no_header_of_it_is_installed_and_the_rest_works(without_redis, tmp_path):
    prefix = tmp_path / "prefix"
    run("cmake", "--install", without_redis, "--prefix", prefix)
    assert not list((prefix / "include" / "weir").glob("redis*")) and not list(prefix.rglob("*weir-redis*"))
    run("cmake", "-G", "Ninja", "-S", PROGRAM, "-B", tmp_path / "b", f"-DCMAKE_PREFIX_PATH={prefix}",
        "-DCONSUMER_WITH_REDIS=OFF")
    run("cmake", "--build", tmp_path / "b", "--target", "counts")
    check_counts(prefix, tmp_path / "b" / "counts", tmp_path / "metrics")
    result = subprocess.run(["cmake", "-S", PROGRAM, "-B", str(tmp_path / "c"), f"-DCMAKE_PREFIX_PATH={prefix}"],
                            capture_output=True, text=True, timeout=60)
    assert result.returncode != 0
    assert "WEIR_WITH_REDIS=ON" in result.stderr
