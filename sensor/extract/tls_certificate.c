/* The Certificate message of TLS 1.2 and older, hot. The contract is in tls.h; what a certificate says is read in x509.c. */
#include "sensor/extract/tls.h"

/* What follows a length of three bytes, as far as it is there. */
static bool open_vec24(struct span *s, struct span *out, bool *out_is_whole)
{
    uint32_t len;

    if (!span_take_u24(s, &len))
        return false;
    *out = span_first(*s, len);
    *out_is_whole = out->len == len;
    *s = span_from(*s, len);
    return true;
}

enum verdict tls_certificates_read(struct span message, struct span *out_list)
{
    bool is_whole, is_list_whole;
    struct span body;

    *out_list = span_of(message.ptr, 0);
    if (message.len > 0 && message.ptr[0] != TLS_CERTIFICATE)
        return FIELD_ABSENT;
    if (!span_skip(&message, 1) || !open_vec24(&message, &body, &is_whole))
        return FIELD_PARTIAL;
    if (!open_vec24(&body, out_list, &is_list_whole))
        return is_whole ? FIELD_MALFORMED : FIELD_PARTIAL;
    if (!is_whole)
        return FIELD_PARTIAL;
    return is_list_whole && body.len == 0 ? FIELD_FOUND : FIELD_MALFORMED;
}

bool tls_certificate_take(struct span *list, struct span *out_der)
{
    bool is_whole;

    while (open_vec24(list, out_der, &is_whole) && is_whole)
        if (out_der->len > 0)
            return true;
    return false;
}
