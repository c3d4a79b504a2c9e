#pragma once
/* A native list while it is read; private to rules/formats/yaml*.c. yaml.c reads the document and its settings, yaml_entry.c the
 * indicators, yaml_list.c has the steps that both take. */
#include "base/yaml.h"
#include "rules/formats/format.h"

enum { YAML_KEY_MAX = 64, YAML_TAGS_MAX = 256 };

struct file_ref {
    char *path; /* owned */
    uint32_t line, col;
};

struct yaml_list {
    struct load *load;                   /* borrowed */
    struct yaml *yaml;                   /* owned */
    struct list_options said, effective; /* the document's; with what was said from outside laid over it */
    const struct list_options *outer;    /* borrowed: what was said from outside */
    struct arena texts;                  /* of the settings */
    struct arena entry_texts;            /* of entries that wait in the batch */
    struct span entry_tags[YAML_TAGS_MAX]; /* of the entry at hand; texts lie in entry_texts */
    struct file_ref *files;              /* owned */
    size_t n_files;
    uint32_t seen;   /* list_keys that were there: bits */
    bool is_settled; /* the settings are complete */
    bool is_allow;   /* the entries at hand are those of `allow` */
    struct err *err;
};

struct yaml_key {
    char text[YAML_KEY_MAX + 1];
    struct span span;
    uint32_t line, col;
};

enum outcome { GOOD, BAD_YAML, BAD_SET }; /* go on; the document ends here; the set can take no more */

/* The next piece, which is not YAML_BAD when the outcome is GOOD. */
enum outcome yaml_list_next(struct yaml_list *y, struct yaml_node *out);
/* Past the rest of a collection just begun. */
enum outcome yaml_list_pass(struct yaml_list *y, const struct yaml_node *node);

/* The key that `node` is. One that is no scalar or too long is like an unknown one. */
enum outcome yaml_list_key(struct yaml_list *y, const struct yaml_node *node, struct yaml_key *out);
bool yaml_key_is(const struct yaml_key *key, const char *name);

/* Past a value, with a warning. */
enum outcome yaml_list_pass_unknown(struct yaml_list *y, const struct yaml_key *key, const struct yaml_node *value,
                                    const char *const *known);
enum outcome yaml_list_pass_wrong(struct yaml_list *y, const struct yaml_key *key, const struct yaml_node *value,
                                  const char *want);

/* Call `take` with the scalar, or with each scalar of the sequence. It returns false for one that is wrong. */
typedef bool scalar_fn(struct yaml_list *y, void *to, const struct yaml_node *scalar);

enum outcome yaml_list_each(struct yaml_list *y, const struct yaml_node *value, scalar_fn *take, void *to,
                            bool *out_is_right);

/* The value of the key `indicators` or `allow`. */
enum outcome yaml_list_indicators(struct yaml_list *y, const struct yaml_key *key, const struct yaml_node *value);
