/* See output.h. */
#include "outputs/output.h"

const struct output_ops *output_ops_of(enum output_type t)
{
    static const struct output_ops *const all[OUTPUT_TYPES] = {
        [OUTPUT_FILE] = &file_output,         [OUTPUT_UNIX] = &unix_output,
        [OUTPUT_UNIXGRAM] = &unixgram_output, [OUTPUT_SYSLOG] = &syslog_output,
#ifdef HAS_KAFKA
        [OUTPUT_KAFKA] = &kafka_output,
#endif
#ifdef HAS_REDIS
        [OUTPUT_REDIS] = &redis_output,
#endif
    };
    return (unsigned)t < OUTPUT_TYPES ? all[t] : NULL;
}

void batch_sent(struct batch *b, size_t n_bytes)
{
    struct span line, key;
    n_bytes += b->sent_bytes;
    while (sheaf_first(&b->left, &line, &key) && line.len <= n_bytes) {
        n_bytes -= line.len;
        sheaf_drop(&b->left);
    }
    b->sent_bytes = n_bytes;
}
