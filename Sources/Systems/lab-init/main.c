// lab-init: the first process of a lab.
//
//   lab-init PROGRAM [ARGUMENT…] < PIPE
//
// Enters fresh user (when not root), pid, ipc, mount, network and uts namespaces, mounts its own /proc,
// /run and /dev/shm, and starts PROGRAM inside. It is single-threaded C, because a namespace must be
// entered before any thread exists. It ends, and with it every process of the lab,
//   - when PROGRAM ends: with its exit code (128 + signal when it was killed);
//   - when standard input, the read end of the conductor's pipe, reaches its end: the conductor is gone.
// A byte on it asks PROGRAM to stop (SIGTERM). Exit code 77: this machine does not allow it; stderr says what.
#define _GNU_SOURCE
#include "lab-init.h"

static int fail(const char *what, const char *advice) {
    fprintf(stderr, "lab-init: %s: %s\n", what, strerror(errno));
    if (advice) fprintf(stderr, "lab-init: %s\n", advice);
    return EXIT_CANNOT_RUN;
}

static int enter_namespaces(void) {
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (uid != 0) {
        if (unshare(CLONE_NEWUSER) < 0) return fail("user namespace", user_namespace_advice);
        if (map_own_user(uid, gid) < 0) return fail("user namespace: uid_map", user_namespace_advice);
        if (keep_capabilities() < 0) return fail("user namespace: capabilities", user_namespace_advice);
    }
    int flags = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS;
    if (unshare(flags) < 0) return fail("pid, ipc, network, mount and uts namespaces", user_namespace_advice);
    return 0;
}

static int mount_fresh(void) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return fail("mount / private", NULL);
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return fail("mount /proc", "inside a container: give it an unmasked /proc (--security-opt systempaths=unconfined)");
    if (mount("gauntlet", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0) return fail("mount /run", NULL);
    if (mount("gauntlet", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") < 0) return fail("mount /dev/shm", NULL);
    const char *directories[] = {"/run/netns", "/run/gauntlet", "/run/redis", "/run/postgres"};
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        if (mkdir(directories[i], 0755) < 0) return fail(directories[i], NULL);
    if (sethostname("gauntlet-lab", 12) < 0) return fail("sethostname", NULL);
    return 0;
}

static pid_t start(char **arguments, const sigset_t *mask) {
    pid_t pid = fork();
    if (pid != 0) return pid;
    sigprocmask(SIG_SETMASK, mask, NULL);
    execv(arguments[0], arguments);
    fprintf(stderr, "lab-init: %s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

// Reaps what has ended; says whether the program has, and how.
static int program_ended(pid_t program, int *exit_code) {
    int status;
    pid_t pid;
    int ended = 0;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != program) continue;
        ended = 1;
        *exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return ended;
}

// Moves the pipe away from descriptor 0, where the program finds /dev/null.
static int take_standard_input(void) {
    int control = fcntl(0, F_DUPFD_CLOEXEC, 10);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (control < 0 || nothing < 0 || dup2(nothing, 0) < 0) return -1;
    close(nothing);
    return control;
}

static int run_as_init(int control, char **arguments) {
    // SIGKILL from outside reaches an init; this one must not outlive its launcher.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    int error = mount_fresh();
    if (error) return error;
    sigset_t children, before;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, &before);
    int ended = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (ended < 0) return fail("signalfd", NULL);
    pid_t program = start(arguments, &before);
    if (program < 0) return fail("fork", NULL);
    struct pollfd watched[2] = {{.fd = control, .events = POLLIN}, {.fd = ended, .events = POLLIN}};
    for (;;) {
        if (poll(watched, 2, -1) < 0 && errno != EINTR) return fail("poll", NULL);
        if (watched[1].revents) {
            struct signalfd_siginfo information;
            while (read(ended, &information, sizeof information) > 0) {}
            int exit_code;
            if (program_ended(program, &exit_code)) return exit_code;
        }
        if (watched[0].revents) {
            char byte;
            ssize_t count = read(control, &byte, 1);
            if (count == 0) return EXIT_CONDUCTOR_GONE;
            if (count > 0) kill(program, SIGTERM);
        }
    }
}

int main(int count, char **arguments) {
    if (count < 2 || arguments[1][0] != '/') {
        fprintf(stderr, "usage: lab-init /PATH/TO/PROGRAM [ARGUMENT...] < PIPE\n");
        return EXIT_USAGE;
    }
    int control = take_standard_input();
    if (control < 0) return fail("standard input", "expected the read end of the conductor's pipe");
    int error = enter_namespaces();
    if (error) return error;
    pid_t init = fork();
    if (init < 0) return fail("fork", NULL);
    if (init == 0) _exit(run_as_init(control, arguments + 1));
    close(control);
    // The terminal's Ctrl-C is the conductor's business; it asks through the pipe.
    signal(SIGINT, SIG_IGN);
    int status;
    while (waitpid(init, &status, 0) < 0 && errno == EINTR) {}
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
