"""The past costs nothing: thousands of short-lived writers leave totals exact and the directory small (I2, I8; P6)."""
import os
import subprocess
import time

from churn import Page, Referee, assert_totals, churn, number_of_writers, running
from exporters import exporter
from multiprocess_reading import CLEAN, WEIR, environment, program

ARCHIVES = {"counter_archive.db", "gauge_max_archive.db", "histogram_archive.db"}


class Directory:
    of, columns = "files", ("files at rest", "bytes", "disk")

    def __init__(self, path):
        self._path = path

    def many(self):
        return sum(1 for _ in os.scandir(self._path))

    def tidy(self):
        return {entry.name for entry in os.scandir(self._path)} == ARCHIVES

    def at_rest(self):
        found = [entry.stat() for entry in os.scandir(self._path)]
        return len(found), sum(status.st_size for status in found), sum(512 * status.st_blocks for status in found)

    def fold(self):
        result = subprocess.run([WEIR, "fold", "--dir", self._path], capture_output=True, text=True, timeout=120,
                                env=CLEAN)
        assert result.returncode == 0, result.stderr
        time.sleep(0.02)


def test_a_churn_of_writers_leaves_totals_exact_and_the_directory_as_small_as_it_was(tmp_path, memory_directory):
    """Two exporters that fold, and three folders, all along."""
    writers, place = number_of_writers(full=100_000), Directory(memory_directory)
    with Page(tmp_path / "page") as page, exporter("--dir", memory_directory, "--fold", "weir") as one, \
            exporter("--dir", memory_directory, "--fold", "weir") as other:
        referees = [Referee(page, port) for port in (one, other)]
        with running(place.fold, place.fold, place.fold):
            record = churn(program("faults_churn_writer"), environment(memory_directory), page, referees, place,
                           "files", writers, alone=1)  # an archive names what the last fold took: always one now
        assert_totals(referees[0].look(), writers)
    assert min(referee.scrapes for referee in referees) > 20
    first_count, first_size, first_disk = record.steps[0].rest
    record.assert_times_are_flat()
    for step in record.steps:
        count, size, disk = step.rest
        assert (count, disk) == (first_count, first_disk), (record.steps[0], step)
        assert size <= first_size + 512, (record.steps[0], step)  # a sum may come to need one more part
        assert step.most < 2_000, step  # they leave 3 files each
