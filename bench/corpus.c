/* See corpus.h. The shares are those of large public lists: two labels 68%, three 27%, more 5%; a quarter with digits, a sixth with a
 * hyphen; .com 28%. */
#include "bench/corpus.h"

uint64_t corpus_next(struct corpus_random *r)
{
    uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint32_t below(struct corpus_random *r, uint32_t n)
{
    return (uint32_t)((corpus_next(r) >> 32) * n >> 32);
}

static void put_tld(struct buf *out, struct corpus_random *r)
{
    static const char *const tlds[] = {"com", "com", "com", "com",  "com",  "com",   "ru",
                                       "ru",  "top", "net", "xyz",  "org",  "click", "info",
                                       "fr",  "cn",  "sbs", "shop", "site", "biz",   "io"};
    buf_put_str(out, tlds[below(r, sizeof tlds / sizeof *tlds)]);
}

static void put_label(struct buf *out, struct corpus_random *r, uint32_t least, uint32_t spread)
{
    static const char letters[] = "eaionrtlscudmpgbhykfvwzxjq";
    uint32_t len = least + below(r, spread) / 2 + below(r, spread) / 2;
    uint32_t hyphen = below(r, 100) < 16 ? 1 + below(r, len) : UINT32_MAX,
             digits = below(r, 100) < 26 ? below(r, 3) + 1 : 0;
    for (uint32_t i = 0; i < len; i++) {
        if (i == hyphen && i + 1 < len)
            buf_put_byte(out, '-');
        else if (i + digits >= len)
            buf_put_byte(out, (uint8_t)('0' + below(r, 10)));
        else
            buf_put_byte(out, (uint8_t)letters[below(r, 12) + (below(r, 3) ? 0 : below(r, 14))]);
    }
}

void corpus_put_name(struct buf *out, struct corpus_random *r)
{
    uint32_t roll = below(r, 1000), labels = roll < 684 ? 1 : roll < 959 ? 2 : roll < 989 ? 3 : 4;
    for (uint32_t i = 0; i < labels; i++) {
        put_label(out, r, i + 1 < labels ? 2 : 5, i + 1 < labels ? 8 : 18);
        buf_put_byte(out, '.');
    }
    put_tld(out, r);
}

void corpus_put_benign(struct buf *out, struct corpus_random *r)
{
    static const char *const first[] = {"www",  "api",   "cdn",  "static", "img",
                                        "mail", "login", "edge", "s3",     "assets"};
    buf_put_str(out, first[below(r, sizeof first / sizeof *first)]);
    buf_put_byte(out, '.');
    put_label(out, r, 5, 20);
    buf_put_byte(out, '.');
    put_tld(out, r);
}
