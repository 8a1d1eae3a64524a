#define _GNU_SOURCE
#include "lab-init.h"
#include <linux/capability.h>
#include <sys/syscall.h>

const char user_namespace_advice[] =
    "the lab needs root, or user namespaces for ordinary users. Look at these settings: "
    "kernel.unprivileged_userns_clone (Debian) must be 1, kernel.apparmor_restrict_unprivileged_userns (Ubuntu 23.10 "
    "and later) must be 0 or an AppArmor profile must allow it, user.max_user_namespaces must not be 0";

static int write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t written = write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    errno = error;
    return written == (ssize_t)strlen(text) ? 0 : -1;
}

int map_own_user(uid_t uid, gid_t gid) {
    char line[64];
    if (write_file("/proc/self/setgroups", "deny") < 0) return -1;
    snprintf(line, sizeof line, "%u %u 1", gid, gid);
    if (write_file("/proc/self/gid_map", line) < 0) return -1;
    snprintf(line, sizeof line, "%u %u 1", uid, uid);
    return write_file("/proc/self/uid_map", line);
}

int keep_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) data[i].inheritable = data[i].permitted;
    if (syscall(SYS_capset, &header, data) < 0) return -1;
    for (int capability = 0; capability <= CAP_LAST_CAP; capability++) {
        int held = (int)(data[capability / 32].permitted >> (capability % 32) & 1);
        if (held && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0) return -1;
    }
    return 0;
}
