#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_own(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%ld/ns/net", (long)syscall(SYS_gettid));
    return open(path, O_RDONLY | O_CLOEXEC);
}

// A thread left in the wrong namespace would spoil every later call: nothing sane can follow.
static void come_back(int own) {
    if (setns(own, CLONE_NEWNET) < 0) {
        perror("gauntlet: setns back to the own network namespace");
        abort();
    }
    close(own);
}

int clinux_socket_in_namespace(int namespace_fd, int domain, int type, int protocol) {
    if (namespace_fd < 0) return clinux_socket_cloexec(domain, type, protocol);
    int own = open_own();
    if (own < 0) return -errno;
    if (setns(namespace_fd, CLONE_NEWNET) < 0) {
        int error = errno;
        close(own);
        return -error;
    }
    int fd = clinux_socket_cloexec(domain, type, protocol);
    come_back(own);
    return fd;
}

int clinux_new_network_namespace(void) {
    int own = open_own();
    if (own < 0) return -errno;
    if (unshare(CLONE_NEWNET) < 0) {
        int error = errno;
        close(own);
        return -error;
    }
    int fresh = open_own();
    int error = errno;
    come_back(own);
    return fresh >= 0 ? fresh : -error;
}

int clinux_open_namespace(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

int clinux_bind_mount(const char *source, const char *target) {
    return mount(source, target, NULL, MS_BIND, NULL) == 0 ? 0 : -errno;
}

uint64_t clinux_inode(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 ? (uint64_t)status.st_ino : 0;
}
