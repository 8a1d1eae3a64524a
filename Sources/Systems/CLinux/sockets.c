#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

int clinux_tcp_socket(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd >= 0 ? fd : -errno;
}

int clinux_socket_cloexec(int domain, int type, int protocol) {
    int fd = socket(domain, type | SOCK_CLOEXEC, protocol);
    return fd >= 0 ? fd : -errno;
}

int clinux_accept(int fd, struct sockaddr_storage *peer) {
    socklen_t length = sizeof *peer;
    int accepted = accept4(fd, (struct sockaddr *)peer, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return accepted >= 0 ? accepted : -errno;
}

int clinux_set_int_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : -errno;
}

int clinux_linger_abort(int fd) {
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0 ? 0 : -errno;
}

static int queued(int fd, unsigned long request) {
    int bytes = 0;
    return ioctl(fd, request, &bytes) == 0 ? bytes : -errno;
}

int clinux_unsent_bytes(int fd) { return queued(fd, SIOCOUTQNSD); }
int clinux_unacknowledged_bytes(int fd) { return queued(fd, SIOCOUTQ); }

int clinux_peer_credentials(int fd, int *pid, unsigned *uid) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0) return -errno;
    *pid = credentials.pid;
    *uid = credentials.uid;
    return 0;
}
