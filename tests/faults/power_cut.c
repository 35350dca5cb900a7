/* Journals every write and sync of the files in one folder, so that a power cut can be played back afterwards.
 *
 * LD_PRELOAD it; POWER_CUT_FOLDER names the folder, POWER_CUT_JOURNAL the journal, which all processes append to.
 * A record is a header and its bytes: W bytes at an offset, T truncate, E extend, B a sync begins, S it returned,
 * G the file is gone.
 * The file JOURNAL.control, if there, is shared with the test: from how many bytes on the disk is full (ENOSPC), and
 * one call in how many fails (EIO). SYNC_MILLISECONDS makes every sync slow.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define KNOWN 4096

struct header {
    uint64_t inode, offset, length;
    char kind, rest[7];
} __attribute__((packed));

struct shared {
    uint64_t written, calls, fail_from, fail_one_in;
};

static int journal = -1;
static const char *folder;
static size_t folder_length;
static long sync_milliseconds;
static struct shared *shared;
static uint64_t known[KNOWN]; /* inode twice, plus one if it is in the folder */

static void append(char kind, uint64_t inode, uint64_t offset, const struct iovec *parts, int count, uint64_t length) {
    struct header head = {inode, offset, length, kind, ""};
    struct iovec all[64] = {{&head, sizeof head}};
    int used = 1;
    for (int i = 0; i < count && used < 64; i++) all[used++] = parts[i];
    syscall(SYS_writev, journal, all, used);
}

static int is_tracked(int fd, uint64_t *inode) {
    struct stat found;
    if (journal < 0 || fd == journal || syscall(SYS_fstat, fd, &found) || !S_ISREG(found.st_mode)) return 0;
    *inode = found.st_ino;
    uint64_t *place = &known[found.st_ino % KNOWN], seen = __atomic_load_n(place, __ATOMIC_RELAXED);
    if (seen >> 1 == found.st_ino) return seen & 1;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    int inside = length > (ssize_t)folder_length && !strncmp(path, folder, folder_length) && path[folder_length] == '/';
    __atomic_store_n(place, (uint64_t)found.st_ino << 1 | inside, __ATOMIC_RELAXED);
    return inside;
}

__attribute__((constructor)) static void begin(void) {
    folder = getenv("POWER_CUT_FOLDER");
    const char *path = getenv("POWER_CUT_JOURNAL");
    if (!folder || !path) return;
    folder = strdup(folder); /* PostgreSQL writes its process titles over the environment */
    folder_length = strlen(folder);
    if (getenv("SYNC_MILLISECONDS")) sync_milliseconds = atol(getenv("SYNC_MILLISECONDS"));
    int opened = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
    if (opened < 0) return;
    journal = fcntl(opened, F_DUPFD_CLOEXEC, 700);
    close(opened);
    char control[PATH_MAX];
    snprintf(control, sizeof control, "%s.control", path);
    int memory = syscall(SYS_openat, AT_FDCWD, control, O_RDWR | O_CLOEXEC, 0);
    if (memory >= 0) {
        void *mapped = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
        if (mapped != MAP_FAILED) shared = mapped;
        close(memory);
    }
}

/* What the disk answers instead, if anything: 0 or an errno. */
static int fault(uint64_t bytes) {
    if (!shared) return 0;
    uint64_t written = __atomic_add_fetch(&shared->written, bytes, __ATOMIC_RELAXED);
    uint64_t calls = __atomic_add_fetch(&shared->calls, 1, __ATOMIC_RELAXED);
    if (bytes && shared->fail_from && written > shared->fail_from) return ENOSPC;
    if (shared->fail_one_in && (calls * 2654435761u) % shared->fail_one_in == 0) return EIO;
    return 0;
}

static uint64_t total(const struct iovec *parts, int count) {
    uint64_t sum = 0;
    for (int i = 0; i < count; i++) sum += parts[i].iov_len;
    return sum;
}

static int before(int fd, const struct iovec *parts, int count, off_t offset) {
    uint64_t inode;
    if (!is_tracked(fd, &inode)) return 0;
    int failed = fault(total(parts, count));
    if (failed) return failed;
    if (offset < 0) {
        struct stat found;
        int append_mode = fcntl(fd, F_GETFL) & O_APPEND;
        syscall(SYS_fstat, fd, &found);
        offset = append_mode ? found.st_size : lseek(fd, 0, SEEK_CUR);
    }
    append('W', inode, offset, parts, count, total(parts, count));
    return 0;
}

#define REFUSED(failed) do { if (failed) { errno = failed; return -1; } } while (0)

ssize_t write(int fd, const void *bytes, size_t length) {
    struct iovec part = {(void *)bytes, length};
    REFUSED(before(fd, &part, 1, -1));
    return syscall(SYS_write, fd, bytes, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REFUSED(before(fd, parts, count, -1));
    return syscall(SYS_writev, fd, parts, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
    struct iovec part = {(void *)bytes, length};
    REFUSED(before(fd, &part, 1, offset));
    return syscall(SYS_pwrite64, fd, bytes, length, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return pwrite64(fd, bytes, length, offset); }

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    REFUSED(before(fd, parts, count, offset));
    return syscall(SYS_pwritev, fd, parts, count, offset, offset >> 32);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    return pwritev64(fd, parts, count, offset);
}

int ftruncate64(int fd, off64_t length) {
    uint64_t inode;
    if (is_tracked(fd, &inode)) append('T', inode, length, NULL, 0, 0);
    return syscall(SYS_ftruncate, fd, length);
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    uint64_t inode;
    if (is_tracked(fd, &inode)) {
        REFUSED(fault(0));
        if (!mode) append('E', inode, offset + length, NULL, 0, 0);
    }
    return syscall(SYS_fallocate, fd, mode, offset, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length) { return fallocate64(fd, mode, offset, length); }

int posix_fallocate64(int fd, off64_t offset, off64_t length) {
    return fallocate64(fd, 0, offset, length) ? errno : 0;
}

int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

/* An inode whose last name goes may be another file's next: its history ends. */
static void forget(const char *path) {
    struct stat found;
    if (journal < 0 || lstat(path, &found) || !S_ISREG(found.st_mode) || found.st_nlink > 1) return;
    append('G', found.st_ino, 0, NULL, 0, 0);
    uint64_t *place = &known[found.st_ino % KNOWN];
    if (__atomic_load_n(place, __ATOMIC_RELAXED) >> 1 == found.st_ino) __atomic_store_n(place, 0, __ATOMIC_RELAXED);
}

int unlink(const char *path) {
    forget(path);
    return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rename(const char *from, const char *to) {
    forget(to);
    return syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int fd = syscall(SYS_openat, AT_FDCWD, path, flags, flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0);
    va_end(more);
    uint64_t inode;
    if (fd >= 0 && flags & O_TRUNC && is_tracked(fd, &inode)) append('T', inode, 0, NULL, 0, 0);
    return fd;
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int fd = open64(path, flags, va_arg(more, mode_t));
    va_end(more);
    return fd;
}

static int sync_journaled(int fd, long call) {
    uint64_t inode, number;
    if (!is_tracked(fd, &inode)) return syscall(call, fd);
    REFUSED(fault(0));
    number = ((uint64_t)getpid() << 32) | (uint64_t)syscall(SYS_gettid);
    append('B', inode, number, NULL, 0, 0);
    if (sync_milliseconds) {
        struct timespec pause = {sync_milliseconds / 1000, sync_milliseconds % 1000 * 1000000};
        nanosleep(&pause, NULL);
    }
    int done = syscall(call, fd);
    if (!done) append('S', inode, number, NULL, 0, 0);
    return done;
}

int fsync(int fd) { return sync_journaled(fd, SYS_fsync); }

int fdatasync(int fd) { return sync_journaled(fd, SYS_fdatasync); }
