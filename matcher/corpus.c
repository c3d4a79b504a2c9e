/* See corpus.h. The shares are those of large public lists: two labels 68%, three 27%, more 5%; a quarter with digits, a sixth with a
 * hyphen; .com 28%. */
#include "matcher/corpus.h"

uint64_t corpus_next(struct corpus_random *r)
{
    uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t corpus_below(struct corpus_random *r, uint32_t n)
{
    return (uint32_t)((corpus_next(r) >> 32) * n >> 32);
}

static void put_tld(struct buf *out, struct corpus_random *r)
{
    static const char *const tlds[] = {"com", "com", "com", "com",  "com",  "com",   "ru",
                                       "ru",  "top", "net", "xyz",  "org",  "click", "info",
                                       "fr",  "cn",  "sbs", "shop", "site", "biz",   "io"};
    buf_put_str(out, tlds[corpus_below(r, sizeof tlds / sizeof *tlds)]);
}

static void put_label(struct buf *out, struct corpus_random *r, uint32_t least, uint32_t spread)
{
    static const char letters[] = "eaionrtlscudmpgbhykfvwzxjq";
    uint32_t len = least + corpus_below(r, spread) / 2 + corpus_below(r, spread) / 2;
    uint32_t hyphen = corpus_below(r, 100) < 16 ? 1 + corpus_below(r, len) : UINT32_MAX,
             digits = corpus_below(r, 100) < 26 ? corpus_below(r, 3) + 1 : 0;
    for (uint32_t i = 0; i < len; i++) {
        if (i == hyphen && i + 1 < len)
            buf_put_byte(out, '-');
        else if (i + digits >= len)
            buf_put_byte(out, (uint8_t)('0' + corpus_below(r, 10)));
        else
            buf_put_byte(
                out, (uint8_t)letters[corpus_below(r, 12) + (corpus_below(r, 3) ? 0 : corpus_below(r, 14))]);
    }
}

void corpus_put_name(struct buf *out, struct corpus_random *r)
{
    uint32_t roll = corpus_below(r, 1000), labels = roll < 684 ? 1 : roll < 959 ? 2 : roll < 989 ? 3 : 4;
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
    buf_put_str(out, first[corpus_below(r, sizeof first / sizeof *first)]);
    buf_put_byte(out, '.');
    put_label(out, r, 5, 20);
    buf_put_byte(out, '.');
    put_tld(out, r);
}

void corpus_put_popular(struct buf *out, struct corpus_random *r)
{
    static const char *const names[] = {
        "www.google.com",
        "clients4.google.com",
        "fonts.gstatic.com",
        "www.youtube.com",
        "www.facebook.com",
        "static.xx.fbcdn.net",
        "www.wikipedia.org",
        "en.wikipedia.org",
        "update.microsoft.com",
        "login.live.com",
        "outlook.office365.com",
        "www.apple.com",
        "gateway.icloud.com",
        "api.github.com",
        "raw.githubusercontent.com",
        "www.amazon.com",
        "s3.amazonaws.com",
        "d3k2.cloudfront.net",
        "cdn.jsdelivr.net",
        "ajax.googleapis.com",
        "www.cloudflare.com",
        "time.nist.gov",
        "pool.ntp.org",
        "www.netflix.com",
        "api.whatsapp.net",
        "web.telegram.org",
        "www.linkedin.com",
        "deb.debian.org",
        "archive.ubuntu.com",
        "ocsp.digicert.com",
        "r3.o.lencr.org",
        "connectivity-check.ubuntu.com",
    };
    buf_put_str(out, names[corpus_below(r, sizeof names / sizeof *names)]);
}

void corpus_put_target(struct buf *out, struct corpus_random *r)
{
    static const char *const folders[] = {"/static/", "/assets/js/", "/images/",
                                          "/api/v1/", "/content/",   "/wp-content/uploads/2026/",
                                          "/",        "/news/"};
    static const char *const endings[] = {".js", ".css", ".png", ".jpg", ".html", ".php", "", "/"};
    buf_put_str(out, folders[corpus_below(r, 8)]);
    put_label(out, r, 4, 20);
    buf_put_str(out, endings[corpus_below(r, 8)]);
    if (corpus_below(r, 3) == 0)
        buf_printf(out, "?id=%u&q=%x", corpus_below(r, 100000), corpus_below(r, 1u << 30));
}

void corpus_put_agent(struct buf *out, struct corpus_random *r)
{
    uint32_t version = 100 + corpus_below(r, 40);
    switch (corpus_below(r, 4)) {
    case 0:
        buf_printf(out, "Mozilla/5.0 (X11; Linux x86_64; rv:%u.0) Gecko/20100101 Firefox/%u.0", version,
                   version);
        break;
    case 1:
        buf_printf(out, "curl/7.%u.0", version - 60);
        break;
    default:
        buf_printf(out,
                   "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                   "Chrome/%u.0.0.0 Safari/537.36",
                   version);
    }
}
