/* config/config.c: its defaults, and that the manual page and the sample file know every setting with its default. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

static char *read_file(const char *path)
{
    static const size_t room = 1 << 20;
    FILE *file = fopen(path, "r");
    char *text = malloc(room);
    assert_non_null(file);
    assert_non_null(text);
    text[fread(text, 1, room - 1, file)] = 0;
    fclose(file);
    return text;
}

static void check_manual(const char *manual, const struct setting_group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct setting *s = &g->settings[i];
        char entry[200];
        const char *standard = s->standard && strcmp(s->standard, "-") == 0 ? "\\-" : s->standard;
        if (standard)
            snprintf(entry, sizeof entry, ".TP\n.BR %s \" (%s)\"\n", s->name, standard);
        else
            snprintf(entry, sizeof entry, ".TP\n.B %s\n", s->name);
        if (!strstr(manual, entry))
            fail_msg("the manual has no entry\n%s", entry);
        if (s->group)
            check_manual(manual, s->group);
    }
}

static void test_manual(void **state)
{
    char *manual = read_file("docs/man/vedette.yaml.5");
    check_manual(manual, config_settings());
    free(manual);
}

static void no_fault(void *to, const struct err *err)
{
    fail_msg("%s:%u:%u: %s", err->where, err->line, err->col, err->what);
}

/* With the marks taken off it says what holds anyway. */
static void uncomment(char *text)
{
    char *to = text;
    for (char *from = text; *from;) {
        bool is_prose = from[0] == '#' && (from[1] == ' ' || from[1] == '\n') && strncmp(from, "#  ", 3) != 0;
        size_t n = strcspn(from, "\n") + 1;
        size_t skip = from[0] == '#' && !is_prose ? 1 : 0;
        memmove(to, from + skip, n - skip);
        to += n - skip;
        from += n;
    }
    *to = 0;
}

static bool same(const struct setting *s, const void *a, const void *b)
{
    const char *x = (const char *)a + s->at, *y = (const char *)b + s->at;
    switch (s->type) {
    case SETTING_BOOL:
        return *(const bool *)x == *(const bool *)y;
    case SETTING_WORD:
        return *(const int *)x == *(const int *)y;
    case SETTING_NUMBER:
    case SETTING_BYTES:
    case SETTING_SECONDS:
        return *(const int64_t *)x == *(const int64_t *)y;
    default:
        return true;
    }
}

static void test_sample(void **state)
{
    static const char path[] = "/tmp/vedette-test-sample.yaml";
    struct config standard, said;
    struct arena texts;
    char *text = read_file("etc/vedette.yaml");
    uncomment(text);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    free(text);
    arena_init(&texts, 4096, 1 << 20);
    setting_defaults(config_settings(), &standard);
    setting_defaults(config_settings(), &said);
    struct settings_reading r = {config_settings(), &said, &texts, no_fault, NULL};
    assert_true(settings_read(&r, path));
    remove(path);
    const struct setting_group *g = config_settings();
    for (size_t i = 0; i < g->n; i++)
        if (!same(&g->settings[i], &standard, &said))
            fail_msg("\"%s\" is not what holds anyway", g->settings[i].name);
    assert_int_equal(said.lists.n, 2);
    setting_defaults(config_settings(), &said);
    assert_true(settings_read(&r, "etc/vedette.yaml"));
    assert_int_equal(said.lists.n, 1);
    arena_fini(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_manual), cmocka_unit_test(test_sample)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
