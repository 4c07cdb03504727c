/* A disk that fails on demand, for LD_PRELOAD: while the file $FAILING_DISK holds "sync 5" or "write 28", each fsync or
   each write at a place of a file fails with that errno. Databases write so; logs and sockets don't. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static int fails(const char *what)
{
    char word[16] = "";
    int number = 0;
    const char *orders = getenv("FAILING_DISK");
    FILE *file = orders ? fopen(orders, "r") : NULL;
    if (!file)
        return 0;
    if (fscanf(file, "%15s %d", word, &number) != 2)
        number = 0;
    fclose(file);
    if (!number || strcmp(word, what))
        return 0;
    errno = number;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int fd) { return fails("sync") ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails("sync") ? -1 : REAL(fdatasync)(fd); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    return fails("write") ? -1 : REAL(pwrite)(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    return fails("write") ? -1 : REAL(pwrite64)(fd, data, size, at);
}
