#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void child_fails(int pipe) {
    int error = errno;
    ssize_t ignored = write(pipe, &error, sizeof error);
    (void)ignored;
    _exit(127);
}

static void become_child(const struct clinux_spawn_request *what, int pipe) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (setpgid(0, 0) < 0) child_fails(pipe);
    int input = what->stdin_fd >= 0 ? what->stdin_fd : open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, 0) < 0) child_fails(pipe);
    if (dup2(what->output_fd, 1) < 0 || dup2(what->output_fd, 2) < 0) child_fails(pipe);
    if (what->namespace_fd >= 0 && setns(what->namespace_fd, CLONE_NEWNET) < 0) child_fails(pipe);
    if (what->directory && chdir(what->directory) < 0) child_fails(pipe);
    if (what->gid != (unsigned)-1 && (setgroups(0, NULL) < 0 || setgid(what->gid) < 0)) child_fails(pipe);
    if (what->uid != (unsigned)-1 && setuid(what->uid) < 0) child_fails(pipe);
    if (!what->keep_capabilities) prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    execve(what->path, what->argv, what->envp);
    child_fails(pipe);
}

int clinux_spawn(const struct clinux_spawn_request *what) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) return -errno;
    // The write end must survive the dup2 calls above.
    int high = fcntl(report[1], F_DUPFD_CLOEXEC, 100);
    close(report[1]);
    if (high < 0) {
        int error = errno;
        close(report[0]);
        return -error;
    }
    pid_t pid = fork();
    if (pid == 0) become_child(what, high);
    int fork_error = errno;
    close(high);
    if (pid < 0) {
        close(report[0]);
        return -fork_error;
    }
    int error = 0;
    ssize_t count;
    do count = read(report[0], &error, sizeof error);
    while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count == (ssize_t)sizeof error) {
        waitpid(pid, NULL, 0);
        return -error;
    }
    return pid;
}

static int plain_status(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int clinux_wait(int pid, int *status, int no_hang) {
    int raw = 0;
    pid_t ended;
    do ended = waitpid(pid, &raw, no_hang ? WNOHANG : 0);
    while (ended < 0 && errno == EINTR);
    if (ended < 0) return -errno;
    if (ended > 0) *status = plain_status(raw);
    return ended;
}

int clinux_reap(int *status) { return clinux_wait(-1, status, 1); }

int clinux_pidfd_open(int pid) {
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    return fd >= 0 ? fd : -errno;
}

int clinux_pidfd_getfd(int pidfd, int fd) {
    int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
    return copy >= 0 ? copy : -errno;
}

int clinux_pidfd_signal(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0 ? 0 : -errno;
}

int clinux_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 ? 0 : -errno; }
int clinux_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : -errno; }

static int read_capabilities(struct __user_cap_data_struct data[2]) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    return syscall(SYS_capget, &header, data) == 0 ? 0 : -errno;
}

uint64_t clinux_capabilities(void) {
    struct __user_cap_data_struct data[2] = {0};
    if (read_capabilities(data) < 0) return 0;
    return (uint64_t)data[1].effective << 32 | data[0].effective;
}

int clinux_keep_capabilities(uint64_t kept) {
    struct __user_cap_data_struct data[2] = {0};
    int result = read_capabilities(data);
    if (result < 0) return result;
    // The bounding set is what a program started later could get; without CAP_SETPCAP it stays, and
    // no-new-privs alone keeps it out of reach.
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        if (!(kept >> capability & 1)) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    for (int word = 0; word < 2; word++) {
        uint32_t mask = (uint32_t)(kept >> (32 * word));
        data[word].permitted &= mask;
        data[word].effective = data[word].permitted;
        data[word].inheritable &= mask;
    }
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    return syscall(SYS_capset, &header, data) == 0 ? 0 : -errno;
}
