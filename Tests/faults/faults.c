// Stands between a program and the file system (LD_PRELOAD): records what changes files below a folder, or makes one
// of these calls fail.
//
//   ACERVO_FAULTS_ROOT   the folder, an absolute path
//   ACERVO_FAULTS_LOG    a folder that takes the record: events.tsv, and the content of files as NUMBER.data
//   ACERVO_FAULTS_AT     the number, from 1, of the call that fails; every later one fails too with ACERVO_FAULTS_STICKY
//   ACERVO_FAULTS_ERROR  its errno
//
// Stores into a mapped file are no calls: what they wrote shows at the next msync or fsync of the file.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static int count, target, failure, sticky, busy;
static const char *root, *record;
static FILE *events;

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void) {
  root = getenv("ACERVO_FAULTS_ROOT");
  record = getenv("ACERVO_FAULTS_LOG");
  target = getenv("ACERVO_FAULTS_AT") ? atoi(getenv("ACERVO_FAULTS_AT")) : 0;
  failure = getenv("ACERVO_FAULTS_ERROR") ? atoi(getenv("ACERVO_FAULTS_ERROR")) : EIO;
  sticky = getenv("ACERVO_FAULTS_STICKY") != NULL;
  if (root && record) {
    char path[4096];
    snprintf(path, sizeof path, "%s/events.tsv", record);
    events = REAL(fopen)(path, "we");
  }
}

// The path below the root; NULL for other files.
static const char *inside(const char *path, char *buffer) {
  if (!root || !path) return NULL;
  if (path[0] == '/') {
    snprintf(buffer, 4096, "%s", path);
  } else {
    char folder[2048];
    if (!getcwd(folder, sizeof folder)) return NULL;
    snprintf(buffer, 4096, "%s/%s", folder, path);
  }
  size_t length = strlen(root);
  return strncmp(buffer, root, length) == 0 && buffer[length] == '/' ? buffer + length + 1 : NULL;
}

static const char *inside_file(int file, char *buffer) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return NULL;
  path[size] = 0;
  if (root && strcmp(path, root) == 0) return ".";
  return inside(path, buffer);
}

// Whether this call is the one that fails.
static int fails(void) {
  if (busy) return 0;
  count++;
  if (target && (count == target || (sticky && count > target))) {
    errno = failure;
    return 1;
  }
  return 0;
}

static void save(int file, int number) {
  struct stat status;
  char path[4096];
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return;
  // A file that is as long as its map is one that nobody refers to yet: tens of gigabytes of holes.
  if (status.st_size > 256 << 20) return;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  int source = REAL(open)(link, O_RDONLY | O_CLOEXEC);
  if (source < 0) return;
  snprintf(path, sizeof path, "%s/%d.data", record, number);
  int copy = REAL(open)(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  char buffer[1 << 16];
  ssize_t size;
  while ((size = read(source, buffer, sizeof buffer)) > 0) {
    if (REAL(write)(copy, buffer, size) != size) break;
  }
  close(copy);
  close(source);
}

static void note(const char *what, const char *path, const char *other, int file) {
  if (!events || busy) return;
  busy = 1;
  struct stat status = {0};
  unsigned long inode = file >= 0 && fstat(file, &status) == 0 ? status.st_ino : 0;
  if (file >= 0) save(file, count);
  fprintf(events, "%d\t%s\t%lu\t%s\t%s\n", count, what, inode, path, other ? other : "");
  fflush(events);
  busy = 0;
}

#define GUARD(path)                       \
  char buffer[4096];                      \
  pthread_mutex_lock(&lock);              \
  const char *name = path;                \
  if (name && fails()) {                  \
    pthread_mutex_unlock(&lock);          \
    return -1;                            \
  }
#define DONE                    \
  int number = errno;           \
  pthread_mutex_unlock(&lock);  \
  errno = number;               \
  return result;

static int opened(const char *path, int flags, mode_t mode, int (*real)(const char *, int, ...)) {
  char buffer[4096];
  const char *name = flags & O_CREAT ? inside(path, buffer) : NULL;
  struct stat status;
  if (name && stat(path, &status) == 0) name = NULL;
  pthread_mutex_lock(&lock);
  if (name && fails()) {
    pthread_mutex_unlock(&lock);
    return -1;
  }
  int result = real(path, flags, mode);
  if (name && result >= 0) note("create", name, NULL, result);
  DONE
}

int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = va_arg(list, mode_t);
  va_end(list);
  return opened(path, flags, mode, REAL(open));
}

int open64(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = va_arg(list, mode_t);
  va_end(list);
  return opened(path, flags, mode, REAL(open));
}

// A write through a descriptor that is opened for synchronous writing is on the disk when it returns.
static const char *kind(int file) { return fcntl(file, F_GETFL) & (O_DSYNC | O_SYNC) ? "sync" : "write"; }

ssize_t write(int file, const void *bytes, size_t size) {
  GUARD(inside_file(file, buffer))
  ssize_t result = REAL(write)(file, bytes, size);
  if (name && result >= 0) note(kind(file), name, NULL, file);
  DONE
}

ssize_t writev(int file, const struct iovec *parts, int size) {
  GUARD(inside_file(file, buffer))
  ssize_t result = REAL(writev)(file, parts, size);
  if (name && result >= 0) note(kind(file), name, NULL, file);
  DONE
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t place) {
  GUARD(inside_file(file, buffer))
  ssize_t result = REAL(pwrite)(file, bytes, size, place);
  if (name && result >= 0) note(kind(file), name, NULL, file);
  DONE
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t place) { return pwrite(file, bytes, size, place); }

ssize_t pwritev(int file, const struct iovec *parts, int size, off_t place) {
  GUARD(inside_file(file, buffer))
  ssize_t result = REAL(pwritev)(file, parts, size, place);
  if (name && result >= 0) note(kind(file), name, NULL, file);
  DONE
}

int ftruncate(int file, off_t size) {
  GUARD(inside_file(file, buffer))
  int result = REAL(ftruncate)(file, size);
  if (name && result == 0) note("write", name, NULL, file);
  DONE
}

int ftruncate64(int file, off64_t size) { return ftruncate(file, size); }

int truncate(const char *path, off_t size) {
  GUARD(inside(path, buffer))
  int result = REAL(truncate)(path, size);
  if (name && result == 0) {
    int file = REAL(open)(path, O_RDONLY | O_CLOEXEC);
    note("write", name, NULL, file);
    close(file);
  }
  DONE
}

int truncate64(const char *path, off64_t size) { return truncate(path, size); }

int posix_fallocate(int file, off_t place, off_t size) {
  char buffer[4096];
  pthread_mutex_lock(&lock);
  int failed = inside_file(file, buffer) && fails();
  pthread_mutex_unlock(&lock);
  return failed ? failure : REAL(posix_fallocate)(file, place, size);
}

int posix_fallocate64(int file, off64_t place, off64_t size) { return posix_fallocate(file, place, size); }

static int flushed(int file, int (*real)(int)) {
  GUARD(inside_file(file, buffer))
  int result = real(file);
  if (name && result == 0) {
    struct stat status;
    int isFolder = fstat(file, &status) == 0 && S_ISDIR(status.st_mode);
    note(isFolder ? "syncdir" : "sync", name, NULL, file);
  }
  DONE
}

int fsync(int file) { return flushed(file, REAL(fsync)); }
int fdatasync(int file) { return flushed(file, REAL(fdatasync)); }

int rename(const char *from, const char *to) {
  char other[4096];
  const char *source = inside(from, other);
  GUARD(inside(to, buffer))
  int result = REAL(rename)(from, to);
  if (name && result == 0) note("rename", source ? source : "?", name, -1);
  DONE
}

int symlink(const char *text, const char *path) {
  GUARD(inside(path, buffer))
  int result = REAL(symlink)(text, path);
  if (name && result == 0) note("symlink", name, text, -1);
  DONE
}

int unlink(const char *path) {
  GUARD(inside(path, buffer))
  int result = REAL(unlink)(path);
  if (name && result == 0) note("unlink", name, NULL, -1);
  DONE
}

int mkdir(const char *path, mode_t mode) {
  struct stat status;
  char place[4096];
  GUARD(stat(path, &status) == 0 ? NULL : inside(path, place))
  (void)buffer;
  int result = REAL(mkdir)(path, mode);
  if (name && result == 0) note("mkdir", name, NULL, -1);
  DONE
}

int rmdir(const char *path) {
  GUARD(inside(path, buffer))
  int result = REAL(rmdir)(path);
  if (name && result == 0) note("rmdir", name, NULL, -1);
  DONE
}
