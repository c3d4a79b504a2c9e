/* See signals.h. */
#include "tools/signals.h"

#include <signal.h>
#include <stddef.h>

#include "sensor/capture/capture.h"

static volatile sig_atomic_t is_asked;
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

void signals_watch(struct capture *c)
{
    watched = c;
}
