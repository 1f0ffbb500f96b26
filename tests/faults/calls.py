"""Watch the system calls of a program that change files, and disturb one of them.

A filter of the kernel (seccomp) hands every such call to us before it is done, in the order in which they come,
whichever thread makes them. So a call is known by its number alone, and everything else runs at full speed.
"""
import array, contextlib, ctypes, errno, fcntl, os, platform, select, signal, socket, struct, subprocess

# By name: the number on x86_64 and on aarch64. openat2 hides its flags from a filter; the tools open nothing but
# directories with it.
CALLS = {
    'write': (1, 64), 'pwrite64': (18, 68), 'writev': (20, 66), 'pwritev': (296, 70), 'pwritev2': (328, 287),
    'copy_file_range': (326, 285), 'sendfile': (40, 71), 'splice': (275, 76), 'io_uring_enter': (426, 426),
    'truncate': (76, 45), 'ftruncate': (77, 46), 'fallocate': (285, 47),
    'creat': (85, None), 'mkdir': (83, None), 'mkdirat': (258, 34), 'mknod': (133, None), 'mknodat': (259, 33),
    'link': (86, None), 'linkat': (265, 37), 'symlink': (88, None), 'symlinkat': (266, 36),
    'rename': (82, None), 'renameat': (264, 38), 'renameat2': (316, 276),
    'unlink': (87, None), 'unlinkat': (263, 35), 'rmdir': (84, None),
    'chmod': (90, None), 'fchmod': (91, 52), 'fchmodat': (268, 53), 'fchmodat2': (452, 452), 'chown': (92, None),
    'fchown': (93, 55), 'lchown': (94, None), 'fchownat': (260, 54), 'utimensat': (280, 88),
    'fsync': (74, 82), 'fdatasync': (75, 83), 'sync': (162, 81), 'syncfs': (306, 267), 'msync': (26, 227),
    'sync_file_range': (277, 84), 'flock': (73, 32),
}
SYNCS = ('fsync', 'fdatasync', 'sync', 'syncfs', 'sync_file_range', 'msync')
# Opening changes a file only where it makes or empties one. By name: the numbers, and which argument has the flags.
OPENS = {'open': (2, None, 1), 'openat': (257, 56, 2)}
MAKES = os.O_CREAT | os.O_TRUNC | 0o20000000  # O_TMPFILE

MACHINE = 1 if platform.machine() == 'aarch64' else 0
ARCH = (0xc000003e, 0xc00000b7)[MACHINE]
SECCOMP = (317, 277)[MACHINE]
NAMES = {numbers[MACHINE]: name for name, numbers in {**CALLS, **OPENS}.items() if numbers[MACHINE] is not None}
LIBC = ctypes.CDLL(None, use_errno=True)

# What the kernel's headers call SECCOMP_RET_ALLOW, SECCOMP_RET_USER_NOTIF, and SECCOMP_RET_ERRNO with no error.
ALLOW, HAND_OVER, DO_NOTHING = 0x7fff0000, 0x7fc00000, 0x00050000
NEW_LISTENER, RECEIVE, ANSWER, GO_ON = 8, 0xc0502100, 0xc0182101, 1


def program_of(names, what):
    """A filter that gives this answer to these calls, and lets all others be."""
    load, equal, any_of, answer = 0x20, 0x15, 0x45, 0x06
    lines = [(load, 0, 0, 4), (equal, 1, 0, ARCH), (answer, 0, 0, ALLOW), (load, 0, 0, 0)]
    for number, name in NAMES.items():
        if name not in names:
            continue
        if name in CALLS:
            lines += [(equal, 0, 1, number), (answer, 0, 0, what)]
        else:
            flags = 16 + 8 * OPENS[name][2]
            lines += [(equal, 0, 4, number), (load, 0, 0, flags), (any_of, 0, 1, MAKES), (answer, 0, 0, what),
                      (answer, 0, 0, ALLOW)]
    lines.append((answer, 0, 0, ALLOW))
    return len(lines), b''.join(struct.pack('HBBI', *line) for line in lines)


def set_filter(length, program, flags):
    """Sets a filter up for this process and what it becomes."""
    buffer = ctypes.create_string_buffer(program)
    no_new_privileges, mode_filter = 38, 1
    LIBC.prctl(no_new_privileges, 1, 0, 0, 0)
    answer = LIBC.syscall(SECCOMP, mode_filter, flags, struct.pack('HxxxxxxP', length, ctypes.addressof(buffer)))
    if answer < 0:
        raise OSError(ctypes.get_errno(), 'seccomp')
    return answer


WATCHED = program_of(NAMES.values(), HAND_OVER)
UNSYNCED = program_of(SYNCS, DO_NOTHING)


def watch_me(to):
    """In the child, before it becomes the program: sends where its calls are handed over."""
    listener = set_filter(*WATCHED, NEW_LISTENER)
    to.sendmsg([b'.'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [listener]))])


def sync_nothing():
    """In the child, before it becomes the program: its syncs succeed and do nothing."""
    set_filter(*UNSYNCED, 0)


def missing():
    """What keeps this machine from it, if anything does."""
    if platform.machine() not in ('x86_64', 'aarch64'):
        return 'the numbers of system calls are not known for ' + platform.machine()
    try:
        run(['true'])
    except subprocess.SubprocessError:
        return 'the kernel hands no system calls over: it lacks seccomp, or forbids it'


def end_with_parent():
    """In the child, before it becomes the program: it is killed when we end, even if we are killed ourselves."""
    parent_death_signal = 1
    LIBC.prctl(parent_death_signal, signal.SIGKILL, 0, 0, 0)


def run(command, mode=None, point=0, begun=None, **options):
    """Runs a command and disturbs its call number `point`, counted from 1. Answers its status and its calls' names.
    Once it has begun, `begun` is called.

    The mode is `kill`, or an errno as `ENOSPC`: once; with a `+`, that call and all of its kind from then on; with a
    `*`, that call and all that follow, of whatever kind."""
    ours, theirs = socket.socketpair()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=lambda: watch_me(theirs), **options)
    theirs.close()
    if begun:
        begun()
    _, messages, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
    listener, = array.array('i', messages[0][2])
    ours.close()
    calls = []
    ready = select.poll()
    ready.register(listener, select.POLLIN)
    while not any(event & select.POLLHUP for _, event in ready.poll()):
        handed = bytearray(80)
        try:
            fcntl.ioctl(listener, RECEIVE, handed)
        except OSError:
            continue  # It ended meanwhile.
        number, = struct.unpack_from('i', handed, 16)
        calls.append(NAMES[number])
        hit = len(calls) == point or point and len(calls) > point and (
            mode.endswith('*') or mode.endswith('+') and calls[-1] == calls[point - 1])
        if hit and mode == 'kill':
            child.send_signal(signal.SIGKILL)
            # A command that it runs may have made the call, and would wait for an answer for ever.
            caller, = struct.unpack_from('I', handed, 8)
            if caller != child.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(caller, signal.SIGKILL)
            continue
        failed = -getattr(errno, mode.rstrip('+*')) if hit else 0
        try:
            fcntl.ioctl(listener, ANSWER, handed[:8] + struct.pack('qiI', 0, failed, 0 if hit else GO_ON))
        except OSError:
            continue
    os.close(listener)
    return child.wait(), calls
