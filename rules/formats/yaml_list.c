/* See yaml_list.h. */
#include "rules/formats/yaml_list.h"

#include "rules/list_options.h"

enum outcome yaml_list_next(struct yaml_list *y, struct yaml_node *out)
{
    return yaml_next(y->yaml, out, y->err) == YAML_BAD ? BAD_YAML : GOOD;
}

enum outcome yaml_list_pass(struct yaml_list *y, const struct yaml_node *node)
{
    return yaml_pass(y->yaml, node, y->err) ? GOOD : BAD_YAML;
}

enum outcome yaml_list_key(struct yaml_list *y, const struct yaml_node *node, struct yaml_key *out)
{
    struct span text = span_first(node->text, YAML_KEY_MAX);
    *out = (struct yaml_key){.line = node->line, .col = node->col};
    if (node->kind == YAML_SCALAR && text.len)
        memcpy(out->text, text.ptr, text.len);
    out->span = span_of(out->text, node->kind == YAML_SCALAR ? text.len : 0);
    return yaml_list_pass(y, node);
}

bool yaml_key_is(const struct yaml_key *key, const char *name)
{
    return strcmp(key->text, name) == 0;
}

enum outcome yaml_list_pass_unknown(struct yaml_list *y, const struct yaml_key *key,
                                    const struct yaml_node *value, const char *const *known)
{
    const char *near = list_options_nearest(key->span, known);
    load_warn(y->load, key->line, key->col, key->span, "unknown key \"%s\"%s%s%s; passed over", key->text,
              near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return yaml_list_pass(y, value);
}

enum outcome yaml_list_pass_wrong(struct yaml_list *y, const struct yaml_key *key,
                                  const struct yaml_node *value, const char *want)
{
    load_warn(y->load, value->line, value->col, key->span, "\"%s\": %s; passed over", key->text, want);
    return yaml_list_pass(y, value);
}

enum outcome yaml_list_each(struct yaml_list *y, const struct yaml_node *value, scalar_fn *take, void *to,
                            bool *out_is_right)
{
    struct yaml_node item;
    *out_is_right = true;
    if (value->kind == YAML_SCALAR) {
        *out_is_right = yaml_is_null(value) || take(y, to, value);
        return GOOD;
    }
    if (value->kind != YAML_SEQUENCE) {
        *out_is_right = false;
        return yaml_list_pass(y, value);
    }
    while (yaml_list_next(y, &item) == GOOD) {
        if (item.kind == YAML_CLOSE || item.kind == YAML_END)
            return GOOD;
        if (item.kind != YAML_SCALAR || !take(y, to, &item))
            *out_is_right = false;
        if (yaml_list_pass(y, &item) != GOOD)
            return BAD_YAML;
    }
    return BAD_YAML;
}
