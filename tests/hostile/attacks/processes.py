"""Leaving something behind that runs on, or taking more than one process."""

from tests.hostile.model import Attack, quiet

NO_SECCOMP = "tier E cannot forbid new processes"
SLEEPER = "os.execve('/bin/sleep', [MARK, '25'], {})"

ATTACKS: list[Attack] = [
    quiet(
        "fork-once",
        "a child of its own, in its own session",
        f"import os\nif os.fork() == 0:\n    {SLEEPER}",
    ),
    quiet(
        "fork-flood",
        "sixty processes at once",
        """import os, signal
made = []
try:
    for _ in range(60):
        pid = os.fork()
        if pid == 0:
            os.execve('/bin/sleep', [MARK, '3'], {})
        made.append(pid)
except OSError:
    pass
for pid in made:
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except OSError:
        pass
return len(made) >= 60""",
        "E",
        NO_SECCOMP,
    ),
    quiet(
        "daemon",
        "double fork into a session of its own",
        f"""import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in (0, 1, 2):
            os.close(number)
        {SLEEPER}
    os._exit(0)""",
    ),
    quiet(
        "nohup",
        "a shell command in the background",
        "import os\nos.system(f'VANGRAD_MARK={MARK} nohup sleep 25 >/dev/null 2>&1 &')",
    ),
    quiet(
        "spawn-in-new-session",
        "subprocess with start_new_session",
        "import subprocess\n"
        "subprocess.Popen([MARK, '25'], executable='/bin/sleep', start_new_session=True,\n"
        "                 stdin=-3, stdout=-3, stderr=-3)",
    ),
    quiet(
        "posix-spawn",
        "posix_spawn, which needs no fork of Python's",
        "import os\nos.posix_spawn('/bin/sleep', [MARK, '25'], {}, setsid=True)",
    ),
    quiet(
        "vfork-by-number",
        "clone by its number, past the C library",
        """import ctypes, os, platform
number = {'x86_64': 56, 'aarch64': 220}[platform.machine()]
pid = ctypes.CDLL(None, use_errno=True).syscall(number, 17, 0, 0, 0, 0)
if pid == 0:
    os.setsid()
    os.execve('/bin/sleep', [MARK, '25'], {})
return False""",
    ),
    quiet(
        "multiprocessing",
        "a pool's worker that is never joined",
        """import multiprocessing, os
def run():
    os.setsid()
    os.execve('/bin/sleep', [MARK, '25'], {})
multiprocessing.get_context('fork').Process(target=run, daemon=False).start()
return False""",
    ),
    Attack(
        "holds-the-pipe",
        "a grandchild keeps standard output open after its parent has gone",
        """import os
if os.fork() == 0:
    os.setsid()
    os.execve('/bin/sleep', [MARK, '25'], {})
os._exit(0)""",
        "main",
    ),
    Attack(
        "thread-writes-on",
        "a thread goes on writing artefacts while the grader reads them",
        """import threading, time
def rewrite():
    for _ in range(200):
        (HERE / "decay.json").write_text('{"rnn": [1], "gru": [1]}')
        time.sleep(0.01)
threading.Thread(target=rewrite, daemon=True).start()""",
        "written",
    ),
    Attack(
        "late-at-exit",
        "a handler at exit that starts a process and writes outside",
        """import atexit, os
@atexit.register
def late():
    try:
        open(A.outside + '/late', 'w').write(MARK)
    finally:
        if os.fork() == 0:
            os.setsid()
            os.execve('/bin/sleep', [MARK, '25'], {})""",
        open_in="",
    ),
]
