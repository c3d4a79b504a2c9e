/* summary.c: what was lost is said on a line of its own, with lists and without, and only when there is something to say. */
#include "tools/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TEXT_ROOM = 8192 };

/* What summary_print() writes, caught between stderr and a file. */
static void print_sources(const struct stats *stats, const struct ledger *ledger, char text[static TEXT_ROOM])
{
    FILE *to = tmpfile();
    assert_non_null(to);
    int kept = dup(STDERR_FILENO);
    fflush(stderr);
    dup2(fileno(to), STDERR_FILENO);
    summary_print(&(struct run_totals){.stats = stats, .what = "1 capture", .seconds = 1, .ledger = ledger});
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(to);
    text[fread(text, 1, TEXT_ROOM - 1, to)] = '\0';
    fclose(to);
}

static void print(const struct stats *stats, char text[static TEXT_ROOM])
{
    print_sources(stats, NULL, text);
}

static void expect_lost(struct stats stats, const char *line)
{
    char text[TEXT_ROOM];
    print(&stats, text);
    const char *at = strstr(text, "\nlost ");
    const char *flows = strstr(text, "\nflows ");
    assert_non_null(flows);
    assert_null(memmem(flows, strcspn(flows + 1, "\n"), "lost", 4));
    if (!line) {
        assert_null(at);
        return;
    }
    assert_non_null(at);
    assert_int_equal(strcspn(at + 1, "\n"), strlen(line));
    assert_memory_equal(at + 1, line, strlen(line));
}

static void test_nothing_lost(void **state)
{
    (void)state;
    expect_lost((struct stats){.packets = 1, .processed = 1}, NULL);
}

static void test_events_left_out(void **state)
{
    (void)state;
    expect_lost((struct stats){.alerts_unwritten = 2}, "lost      2 events too large to be written");
}

static void test_each_loss(void **state)
{
    (void)state;
    expect_lost((struct stats){.events_lost = 1}, "lost      1 events there was no room for");
    expect_lost((struct stats){.fields_dropped = 3},
                "lost      3 fields or hits the matcher had no room for");
    expect_lost((struct stats){.alerts_unwritten = 1, .events_lost = 2, .fields_dropped = 3},
                "lost      1 events too large to be written, 2 events there was no room for, "
                "3 fields or hits the matcher had no room for");
}

/* A table by source, when there are several. */
static void test_sources(void **state)
{
    (void)state;
    char text[TEXT_ROOM];
    struct ledger l = {0};
    struct stats now = {.packets = 3, .processed = 3};
    now.sessions[SESSION_TLS] = 3;
    now.readable[SESSION_TLS] = 2;
    now.unreadable[SESSION_TLS][UNREADABLE_NO_NAME] = 1;
    ledger_note(&l, "a.pcap", &now);
    print_sources(&now, &l, text);
    assert_null(strstr(text, "sources"));
    assert_non_null(strstr(text, "\n          tls 3 seen = 2 readable + 1 unreadable (no_name 1); 66.6% readable\n"));
    now.packets++;
    now.processed++;
    ledger_note(&l, "b\n.pcap", &now);
    print_sources(&now, &l, text);
    assert_non_null(strstr(text, "\nsources   a.pcap: 3 packets\n"
                                 "            tls            3 seen  66.6% readable (no_name 1)\n"
                                 "          b\\x0a.pcap: 1 packets\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_lost),
        cmocka_unit_test(test_events_left_out),
        cmocka_unit_test(test_each_loss),
        cmocka_unit_test(test_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
