"""Changes of the surroundings that another grade, or the grader, could feel."""

from tests.hostile.model import Attack

ATTACKS: list[Attack] = [
    Attack(
        "other-locale",
        "a decimal comma, another language, another time zone",
        """import locale, os, time
os.environ.update(LC_ALL='de_DE.UTF-8', LANG='tr_TR', TZ='Pacific/Kiritimati')
for name in ('de_DE.UTF-8', 'C'):
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        pass
time.tzset()""",
    ),
    Attack("umask", "whatever it makes, nobody may read", "import os\nos.umask(0o777)"),
    Attack(
        "elsewhere",
        "it goes to a folder that is then removed",
        "import os\nos.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')",
        "written",
    ),
    Attack("floating-point", "every warning is an error", "np.seterr(all='raise')", "bottom"),
    Attack(
        "frozen-clock",
        "the clock stands still, and random numbers too",
        "import random, time\ntime.time = time.monotonic = lambda: 0.0\n"
        "np.random.default_rng = lambda *a: None\nrandom.random = lambda: 0.0",
        "bottom",
    ),
    Attack(
        "alarm",
        "an alarm every millisecond",
        "import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)",
        "bottom",
    ),
]
