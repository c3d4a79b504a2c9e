/* Settings: any bytes as a file. What reads without a fault is printed as a file that says the same. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_so)
{
    if (!is_so)
        abort();
}

static void check_fault(void *to, const struct err *err)
{
    size_t *n = to;
    check(err->kind != ERR_NONE && err->where && err->what[0] && !strchr(err->what, '\n'));
    check(++*n <= 1u << 22);
}

static bool read_settings(struct span text, struct config *c, struct arena *texts)
{
    char path[64];
    size_t n_faults = 0;
    int fd = memfd_create("config", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, text.len ? (const void *)text.ptr : "", text.len) == (ssize_t)text.len);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct settings_reading r = {config_settings(), c, texts, check_fault, &n_faults};
    setting_defaults(r.group, c);
    bool is_good = settings_read(&r, path);
    check(is_good == (n_faults == 0));
    close(fd);
    return is_good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config c, again;
    struct arena texts;
    struct buf one, two;
    uint8_t *copy = malloc(size ? size : 1);
    if (size)
        memcpy(copy, data, size);
    arena_init(&texts, 16 << 10, 16 << 20);
    buf_init(&one, 16 << 20);
    buf_init(&two, 16 << 20);
    if (read_settings(span_of(copy, size), &c, &texts)) {
        settings_print(&one, config_settings(), &c);
        check(!one.is_full && read_settings(buf_span(&one), &again, &texts));
        settings_print(&two, config_settings(), &again);
        check(span_eq(buf_span(&one), buf_span(&two)));
    }
    buf_fini(&one);
    buf_fini(&two);
    arena_fini(&texts);
    free(copy);
    return 0;
}
