/* See stix_marking.h. */
#include "rules/formats/stix_marking.h"

static const struct {
    const char *id; /* behind "marking-definition--" */
    enum tlp tlp;
} ids[] = {
    /* TLP 2.0, extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d */
    {"94868c89-83c2-464b-929b-a1a8aa3c8487", TLP_CLEAR},
    {"bab4a63c-aed9-4cf5-a766-dfca5abac2bb", TLP_GREEN},
    {"55d920b0-5e8b-4f79-9ee9-91f868d9b421", TLP_AMBER},
    {"939a9414-2ddd-4d32-a0cd-375ea402b003", TLP_AMBER_STRICT},
    {"e828b379-4e03-4974-9ac4-e53a884c97c1", TLP_RED},
    /* TLP 1.0 */
    {"613f2e26-407d-48c7-9eca-b8e91df99dc9", TLP_CLEAR},
    {"34098fce-860f-48ae-8e50-ebd3cc5e41da", TLP_GREEN},
    {"f88d31f6-486f-44da-b317-01333bde0b82", TLP_AMBER},
    {"5e57c739-391a-4eb3-b6be-7d15ca92d5ed", TLP_RED},
    /* Written from memory by somebody once, and copied since. */
    {"bab4a63c-afd4-4e03-b846-b75e0496be71", TLP_GREEN},
    {"bab4a63c-aed9-4b5f-a869-75b77dcc1ef3", TLP_GREEN},
    {"939a9414-2ddd-4d32-a0cd-b7571b03f430", TLP_AMBER_STRICT},
    {"939a9414-2ddd-4d32-a0cd-b7c2c2b9e2c8", TLP_AMBER_STRICT},
};

bool stix_marking_known(struct span id, enum tlp *out)
{
    static const struct span prefix = SPAN_LIT("marking-definition--");
    if (!span_starts(id, prefix))
        return false;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        if (!span_eq_nocase(span_from(id, prefix.len), span_str(ids[i].id)))
            continue;
        *out = ids[i].tlp;
        return true;
    }
    return false;
}

/* A name may be that of any marking. */
static struct span tlp_name_in(const json_value *definition, const char *key)
{
    struct span text = json_string_of(definition, key);
    return span_eq_nocase(span_first(text, 4), SPAN_LIT("tlp:")) ? text : span_of("", 0);
}

static struct span in_extensions(const json_value *definition)
{
    const json_value *extensions = json_member(definition, "extensions");
    for (const json_value *e = json_first(extensions); e; e = json_next(e)) {
        struct span text = json_string_of(e, "tlp_2_0");
        if (text.len)
            return text;
    }
    return span_of("", 0);
}

struct span stix_marking_text(const json_value *definition)
{
    struct span text = in_extensions(definition);
    if (text.len == 0)
        text = json_string_of(json_member(definition, "definition"), "tlp");
    if (text.len == 0)
        text = tlp_name_in(definition, "x_opencti_definition");
    return text.len ? text : tlp_name_in(definition, "name");
}
