/* See signals.h. */
#include "tools/signals.h"

#include <signal.h>
#include <stddef.h>

#include "sensor/capture/capture.h"

static volatile sig_atomic_t is_asked;
static volatile sig_atomic_t is_reopen_asked;
static struct capture *volatile watched;

static void on_signal(int number)
{
    is_asked = 1;
    struct capture *c = watched;
    if (c)
        capture_interrupt(c);
    signal(number, SIG_DFL);
}

void signals_catch(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away is a write error, which we report */
}

bool signals_want_end(void)
{
    return is_asked;
}

static void on_reopen(int number)
{
    (void)number;
    is_reopen_asked = 1;
}

void signals_catch_reopen(void)
{
    struct sigaction action = {.sa_handler = on_reopen, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
}

bool signals_want_reopen(void)
{
    bool is_wanted = is_reopen_asked;
    is_reopen_asked = 0;
    return is_wanted;
}

void signals_watch(struct capture *c)
{
    watched = c;
}
