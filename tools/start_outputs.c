/* See start_outputs.h. */
#include "tools/start_outputs.h"

#include "tools/message.h"

static void tell(void *to, const char *output, const char *what)
{
    (void)to;
    say("%s: %s", output, what);
}

struct outputs *new_outputs(const struct options *o, const struct eve_options *eve, uint64_t seed,
                            struct err *err)
{
    static const struct output_config standard = {.type = OUTPUT_FILE, .target = "-"};
    struct outputs_options options = {.configs = o->n_outputs ? o->outputs : &standard,
                                      .n = o->n_outputs ? o->n_outputs : 1,
                                      .eve = *eve,
                                      .is_live = eve->is_live,
                                      .threshold = o->threshold,
                                      .tell = tell};
    options.threshold.seed = seed;
    return outputs_new(&options, err);
}

/* One line for an output of which there is more to say than that it took all. */
static void say_counts(const struct outputs *o, size_t i)
{
    struct output_counts c;
    outputs_counts(o, i, &c);
    uint64_t elsewhere = c.withheld + c.filtered + c.recovered + c.queued + c.spilled + c.dropped;
    if (outputs_n(o) == 1 && elsewhere == 0)
        return;
    say("%s: %llu lines offered + %llu recovered = %llu written + %llu spilled + %llu dropped; %llu above "
        "the "
        "ceiling, %llu filtered",
        outputs_name(o, i), (unsigned long long)c.offered, (unsigned long long)c.recovered,
        (unsigned long long)c.written, (unsigned long long)c.spilled, (unsigned long long)c.dropped,
        (unsigned long long)c.withheld, (unsigned long long)c.filtered);
}

static void say_threshold(const struct outputs *o)
{
    struct threshold_counts c;
    outputs_threshold_counts(o, &c);
    if (c.held_back)
        say("threshold: %llu alerts passed, %llu are told of in %llu summaries", (unsigned long long)c.passed,
            (unsigned long long)c.told, (unsigned long long)c.summaries);
}

bool end_outputs(struct outputs *o, bool is_quiet)
{
    struct err err = {0};
    bool is_good = outputs_end(o, &err);
    for (size_t i = 0; i < outputs_n(o) && !is_quiet; i++)
        say_counts(o, i);
    if (!is_quiet)
        say_threshold(o);
    if (!is_good)
        say_err(&err);
    return is_good;
}
