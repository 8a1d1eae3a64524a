#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
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

static void become_child(const struct clinux_spawn_request *what, int parent, int pipe) {
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
    // After the change of user, which would clear it; a parent that is gone by now sends nothing any more.
    if (what->ends_with_us && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)) child_fails(pipe);
    execve(what->path, what->argv, what->envp);
    child_fails(pipe);
}

static int spawn(const struct clinux_spawn_request *what) {
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
    int parent = getpid();
    pid_t pid = fork();
    if (pid == 0) become_child(what, parent, high);
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

// The kernel's word for "when the parent ends" is: when the thread that forked ends. Threads of a pool end while their
// process lives on, so one that never ends forks every child that is to end with the process.
static struct {
    pthread_mutex_t turn, lock;  // `turn`: one caller at a time
    pthread_cond_t changed;
    const struct clinux_spawn_request *asked;
    int is_running, answer;
} lasting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, 0, 0};

static void *fork_when_asked(void *nothing) {
    pthread_mutex_lock(&lasting.lock);
    for (;;) {
        while (!lasting.asked) pthread_cond_wait(&lasting.changed, &lasting.lock);
        lasting.answer = spawn(lasting.asked);
        lasting.asked = NULL;
        pthread_cond_broadcast(&lasting.changed);
    }
    return nothing;
}

static int start_lasting_thread(void) {
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    // It must not be the one that a signal of the process interrupts.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, NULL, fork_when_asked, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) return -error;
    pthread_detach(thread);
    lasting.is_running = 1;
    return 0;
}

static int spawn_by_lasting_thread(const struct clinux_spawn_request *what) {
    pthread_mutex_lock(&lasting.turn);
    pthread_mutex_lock(&lasting.lock);
    int result = lasting.is_running ? 0 : start_lasting_thread();
    if (result == 0) {
        lasting.asked = what;
        pthread_cond_broadcast(&lasting.changed);
        while (lasting.asked) pthread_cond_wait(&lasting.changed, &lasting.lock);
        result = lasting.answer;
    }
    pthread_mutex_unlock(&lasting.lock);
    pthread_mutex_unlock(&lasting.turn);
    return result;
}

int clinux_spawn(const struct clinux_spawn_request *what) {
    return what->ends_with_us ? spawn_by_lasting_thread(what) : spawn(what);
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
