/* A segment of a spill, as somebody else left it: whatever comes out is whole lines, and the counts of lines agree. */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "outputs/spill.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/vedette-fuzz-XXXXXX";

static void clean_up(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/f.lock", folder);
    unlink(path);
    rmdir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_made;
    char path[128];
    if (!is_made && !mkdtemp(folder))
        abort();
    if (!is_made)
        atexit(clean_up);
    is_made = true;
    snprintf(path, sizeof path, "%s/f.00000001.spill", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    close(fd);

    struct spill *s = spill_open(&(struct spill_options){folder, "f", 1 << 30, TLP_RED}, NULL);
    struct sheaf sheaf;
    uint64_t found = s ? spill_lines(s) : 0, out = 0;
    sheaf_init(&sheaf, 1 << 30);
    for (; s && spill_first(s, &sheaf); spill_drop(s)) {
        assert(sheaf_are_sound(sheaf_all(&sheaf)));
        out += sheaf.n;
    }
    assert(!s || (found == out + spill_damaged_lines(s) && spill_lines(s) == 0));
    sheaf_fini(&sheaf);
    spill_close(s);
    unlink(path);
    return 0;
}
