/* OpenIOC 1.0 and 1.1 (XML). Items stand in groups, joined by OR or AND. What an AND joins with others no single field of a packet can
 * decide, and it is only at the end of a group that one knows whether it has others: the items of an AND wait for that, those under
 * ORs alone are entered at once. */
#include <stdlib.h>

#include "base/xml.h"
#include "rules/formats/format.h"
#include "rules/formats/openioc_terms.h"

enum { TAGS_MAX = 32, TEXTS_BYTES = 64 << 20, TEXTS_KEPT = 1 << 20, HEADER_BYTES = 64 * 1024 };

struct group {
    bool is_and;
    size_t n_children;    /* items and groups */
    size_t first_waiting; /* of the items that wait, the first one in it */
};

struct item {
    struct span value, search, condition, id, comment;
    bool is_negated, is_joined; /* is_joined: by AND with something else */
    uint32_t line, col;         /* of the item, then of its content */
};

struct ioc_file {
    struct load *load;          /* borrowed */
    struct xml *xml;            /* owned */
    struct arena header, texts; /* owned: of this <ioc>; of the items */
    struct context_in context;  /* lives in `header` */
    struct span tags[TAGS_MAX];
    struct span description, short_description;
    bool is_too_large;
    struct group groups[XML_DEPTH_MAX];
    size_t n_groups, n_and; /* n_and: of the open groups */
    struct item *waiting;   /* owned */
    size_t n_waiting, room;
    uint64_t n_items, n_tried; /* n_tried: those that went to load_entry() */
};

static bool no_memory(const struct ioc_file *f, struct err *err)
{
    return err_set(err, ERR_MEMORY, f->load->path, "not enough memory to read a list");
}

/* ---- the head of an IOC ---- */

static void begin_ioc(struct ioc_file *f)
{
    arena_reset(&f->header);
    f->context = load_context(f->load);
    f->description = f->short_description = span_of("", 0);
}

/* Into the header; what does not fit is left out. */
static struct span keep(struct ioc_file *f, struct span text)
{
    struct span kept = arena_copy(&f->header, load_text(text));
    return kept.ptr ? kept : span_of("", 0);
}

/* The list's tags stand until the first one of its own. */
static void add_tag(struct ioc_file *f, struct span tag)
{
    if (f->context.tags != f->tags)
        f->context.n_tags = 0;
    f->context.tags = f->tags;
    if (tag.len && f->context.n_tags < TAGS_MAX)
        f->tags[f->context.n_tags++] = tag;
}

static void take_keywords(struct ioc_file *f, struct span text)
{
    while ((text = load_trim(text)).len) {
        size_t n = 0;
        while (n < text.len && !load_is_blank(text.ptr[n]) && text.ptr[n] != ',')
            n++;
        if (n)
            add_tag(f, keep(f, span_first(text, n)));
        text = span_from(text, n + 1);
    }
}

static bool is_link(struct span text)
{
    return span_starts(text, SPAN_LIT("http://")) || span_starts(text, SPAN_LIT("https://"));
}

/* <link rel="report" href="https://...">text</link>: the first address is the reference; words are tags, as in "threatgroup:APT0". */
static void take_link(struct ioc_file *f, struct span rel, struct span href, struct span text)
{
    struct buf tag;
    struct span address = is_link(load_trim(href)) ? href : load_trim(text);
    if (is_link(address)) {
        if (f->context.reference.len == 0)
            f->context.reference = keep(f, address);
        return;
    }
    buf_init(&tag, LOAD_TEXT_MAX);
    buf_put(&tag, load_trim(rel));
    buf_put_str(&tag, rel.len ? ":" : "");
    buf_put(&tag, load_trim(text));
    if (load_trim(text).len && !tag.is_full)
        add_tag(f, keep(f, buf_span(&tag)));
    buf_fini(&tag);
}

static void take_header(struct ioc_file *f, struct span name, const struct xml_node *text)
{
    struct context_in *c = &f->context;
    if (span_eq(name, SPAN_LIT("short_description")))
        f->short_description = keep(f, text->text);
    else if (span_eq(name, SPAN_LIT("description")))
        f->description = keep(f, text->text);
    else if (span_eq(name, SPAN_LIT("authored_by")))
        c->organisation = keep(f, text->text);
    else if (span_eq(name, SPAN_LIT("authored_date")))
        load_time(f->load, text->line, text->col, load_trim(text->text), &c->valid_from);
    else if (span_eq(name, SPAN_LIT("keywords")))
        take_keywords(f, text->text);
}

/* ---- one item ---- */

/* A request's target or a whole URL; "index.php" alone is neither, and no domain. */
static void set_type(struct load_entry *e, struct openioc_term term)
{
    struct span value = load_trim(e->value);
    bool is_whole = value.len && memmem(value.ptr, value.len, "://", 3);
    e->has_type = true;
    e->type = term.type == IOC_URI_PATH && is_whole ? IOC_URL : term.type;
    e->fields = term.fields;
}

/* "is" compares all of the value. False: the condition leaves no single value. */
static bool set_match(struct load_entry *e, struct span condition)
{
    bool is_url = e->type == IOC_URL || e->type == IOC_URI_PATH;
    if (condition.len == 0 || span_eq_nocase(condition, SPAN_LIT("is")))
        return true;
    if (!span_eq_nocase(condition, SPAN_LIT("starts-with")) || !is_url)
        return false;
    e->has_match = true;
    e->match = MATCH_PREFIX;
    return true;
}

static void describe(const struct ioc_file *f, const struct item *item, struct context_in *out)
{
    const struct span said[] = {load_text(item->comment), f->description, f->short_description,
                                out->description};
    size_t i = 0;
    while (i < 3 && said[i].len == 0)
        i++;
    out->description = said[i];
    out->id = item->id.len ? item->id : out->id;
}

static bool enter_item(struct ioc_file *f, const struct item *item, struct err *err)
{
    struct load *l = f->load;
    struct context_in context = f->context;
    struct openioc_term term = openioc_term_of(item->search);
    struct load_entry e = {.value = item->value, .line = item->line, .col = item->col, .context = &context};
    f->n_items++;
    if (load_trim(item->value).len == 0) {
        load_reject(l, REJECT_EMPTY, e.line, e.col, item->search, "the item has no content; entry skipped");
        return true;
    }
    if (term.type >= IOC_MATCHABLE_COUNT) {
        load_skip(l, SKIP_TYPE, term.type, e.line, e.col, e.value);
        return true;
    }
    set_type(&e, term);
    if (item->is_joined) {
        load_reject_as(l, REJECT_PATTERN_AND, e.type, e.line, e.col, e.value,
                       "it counts only together with other items (AND), which no single field can decide; "
                       "entry skipped");
        return true;
    }
    if (item->is_negated || !set_match(&e, item->condition)) {
        load_skip(l, SKIP_RULE, e.type, e.line, e.col, e.value);
        return true;
    }
    f->n_tried++;
    describe(f, item, &context);
    return load_entry(l, &e, err);
}

/* All that wait, and no group is open that could still join them with others. */
static bool enter_waiting(struct ioc_file *f, struct err *err)
{
    bool is_good = true;
    for (size_t i = 0; i < f->n_waiting && is_good; i++)
        is_good = enter_item(f, &f->waiting[i], err);
    f->n_waiting = 0;
    if (is_good && f->texts.used_bytes > TEXTS_KEPT) {
        is_good = load_flush(f->load, err);
        arena_reset(&f->texts);
    }
    return is_good;
}

static bool add_waiting(struct ioc_file *f, const struct item *item, struct err *err)
{
    if (f->n_waiting == f->room) {
        size_t room = f->room ? f->room * 2 : 64;
        struct item *items = realloc(f->waiting, room * sizeof *items);
        if (!items)
            return no_memory(f, err);
        f->waiting = items;
        f->room = room;
    }
    f->waiting[f->n_waiting++] = *item;
    return true;
}

/* ---- groups ---- */

static void count_child(struct ioc_file *f)
{
    if (f->n_groups)
        f->groups[f->n_groups - 1].n_children++;
}

static void open_group(struct ioc_file *f, const struct xml_node *node)
{
    struct span joint = load_trim(xml_attribute_of(node, "operator"));
    count_child(f);
    if (f->n_groups == XML_DEPTH_MAX)
        return; /* can't be: no element lies deeper */
    f->groups[f->n_groups++] =
        (struct group){.is_and = !span_eq_nocase(joint, SPAN_LIT("or")), .first_waiting = f->n_waiting};
    f->n_and += f->groups[f->n_groups - 1].is_and;
}

static void join_waiting(struct ioc_file *f, const struct group *g)
{
    for (size_t i = g->first_waiting; i < f->n_waiting; i++)
        f->waiting[i].is_joined = true;
}

static bool close_group(struct ioc_file *f, struct err *err)
{
    if (f->n_groups == 0)
        return true;
    const struct group *g = &f->groups[--f->n_groups];
    f->n_and -= g->is_and;
    if (g->is_and && g->n_children > 1)
        join_waiting(f, g);
    return f->n_and || enter_waiting(f, err);
}

/* The file ends in the middle: nobody knows what else the open groups would have had. */
static bool close_all(struct ioc_file *f, struct err *err)
{
    for (size_t i = 0; i < f->n_groups; i++)
        if (f->groups[i].is_and)
            join_waiting(f, &f->groups[i]);
    f->n_groups = f->n_and = 0;
    return enter_waiting(f, err);
}

/* ---- the document ---- */

enum step { STEP_TAKEN, STEP_END, STEP_FAILED, STEP_BAD };

/* A copy that lives as long as the entry may wait. */
static bool keep_text(struct ioc_file *f, struct span text, struct span *out, struct err *err)
{
    struct span kept = arena_copy(&f->texts, text);
    *out = kept;
    f->is_too_large |= text.len && !kept.ptr;
    return !f->is_too_large ||
           err_set(err, ERR_LIMIT, f->load->path, "one AND holds more than %d MiB", TEXTS_BYTES >> 20);
}

static bool is_true(struct span text)
{
    return span_eq_nocase(text, SPAN_LIT("true")) || span_eq(text, SPAN_LIT("1"));
}

static bool begin_item(struct ioc_file *f, const struct xml_node *node, struct item *out, struct err *err)
{
    *out = (struct item){.line = node->line, .col = node->col};
    out->is_negated = is_true(xml_attribute_of(node, "negate"));
    return keep_text(f, load_text(xml_attribute_of(node, "id")), &out->id, err) &&
           keep_text(f, load_text(xml_attribute_of(node, "condition")), &out->condition, err);
}

/* What stands in an item: <Context search="..."/>, <Content>, <Comment>. */
static bool take_part(struct ioc_file *f, struct span parent, const struct xml_node *node, struct item *item,
                      struct err *err)
{
    if (node->kind == XML_OPEN && span_eq(node->name, SPAN_LIT("Context")))
        return keep_text(f, load_text(xml_attribute_of(node, "search")), &item->search, err);
    if (node->kind == XML_TEXT && span_eq(parent, SPAN_LIT("Content"))) {
        item->line = node->line;
        item->col = node->col;
        return keep_text(f, load_trim(node->text), &item->value, err);
    }
    if (node->kind == XML_TEXT && span_eq(parent, SPAN_LIT("Comment")))
        return keep_text(f, load_text(node->text), &item->comment, err);
    return true;
}

static enum step next(struct ioc_file *f, struct xml_node *out, struct err *err)
{
    enum xml_kind kind = xml_next(f->xml, out, err);
    f->load->lines.n = out->line - (kind == XML_END && out->col == 1);
    return kind == XML_BAD ? STEP_BAD : kind == XML_END ? STEP_END : STEP_TAKEN;
}

/* The element's name, as long as its text may come: names are short. */
struct tag_name {
    char text[32];
};

static struct tag_name name_of(struct span name)
{
    struct tag_name t = {0};
    memcpy(t.text, name.ptr, name.len < sizeof t.text ? name.len : 0);
    return t;
}

static enum step read_item(struct ioc_file *f, const struct xml_node *open, struct err *err)
{
    struct item item;
    struct xml_node node;
    struct tag_name parent = {0};
    unsigned depth = open->depth;
    enum step step;
    if (!begin_item(f, open, &item, err))
        return STEP_FAILED;
    count_child(f);
    while ((step = next(f, &node, err)) == STEP_TAKEN && (node.kind != XML_CLOSE || node.depth > depth)) {
        if (node.kind == XML_OPEN)
            parent = name_of(node.name);
        if (!take_part(f, span_str(parent.text), &node, &item, err))
            return STEP_FAILED;
    }
    if (step != STEP_TAKEN)
        return step;
    return add_waiting(f, &item, err) && (f->n_and || enter_waiting(f, err)) ? STEP_TAKEN : STEP_FAILED;
}

/* An element of the head with nothing but text. */
static enum step read_header(struct ioc_file *f, const struct xml_node *open, struct err *err)
{
    struct tag_name name = name_of(open->name);
    struct xml_node node;
    enum step step;
    struct span rel = keep(f, xml_attribute_of(open, "rel")), href = keep(f, xml_attribute_of(open, "href"));
    bool is_link = span_eq(open->name, SPAN_LIT("link"));
    unsigned depth = open->depth;
    bool has_text = false;
    while ((step = next(f, &node, err)) == STEP_TAKEN && (node.kind != XML_CLOSE || node.depth > depth)) {
        if (node.kind != XML_TEXT || node.depth != depth)
            continue;
        has_text = true;
        if (is_link)
            take_link(f, rel, href, node.text);
        else
            take_header(f, span_str(name.text), &node);
    }
    if (is_link && !has_text)
        take_link(f, rel, href, span_of("", 0));
    return step;
}

static bool is_header(struct span name)
{
    static const char *const names[] = {"short_description", "description", "authored_by",
                                        "authored_date",     "keywords",    "link"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_eq(name, span_str(names[i])))
            return true;
    return false;
}

static bool is_root(struct span name)
{
    return span_eq(name, SPAN_LIT("ioc")) || span_eq(name, SPAN_LIT("OpenIOC"));
}

static enum step take_node(struct ioc_file *f, const struct xml_node *node, struct err *err)
{
    if (node->kind == XML_CLOSE && span_eq(node->name, SPAN_LIT("Indicator")))
        return close_group(f, err) ? STEP_TAKEN : STEP_FAILED;
    if (node->kind != XML_OPEN)
        return STEP_TAKEN;
    if (is_root(node->name))
        begin_ioc(f);
    else if (span_eq(node->name, SPAN_LIT("Indicator")))
        open_group(f, node);
    else if (span_eq(node->name, SPAN_LIT("IndicatorItem")))
        return read_item(f, node, err);
    else if (f->n_groups == 0 && is_header(node->name))
        return read_header(f, node, err);
    return STEP_TAKEN;
}

static void say_if_nothing(struct ioc_file *f)
{
    if (f->n_items == 0)
        load_reject(f->load, REJECT_EMPTY, 1, 1, span_of("", 0),
                    "no IndicatorItem is in this OpenIOC file; nothing of it was loaded");
    else if (f->n_tried == 0)
        load_warn(
            f->load, 1, 1, span_of("", 0),
            "of %llu items in this OpenIOC file none can be looked for in traffic; nothing of it was loaded",
            (unsigned long long)f->n_items);
}

static bool read_document(struct ioc_file *f, struct err *err)
{
    struct xml_node node;
    struct err why = {0};
    enum step step;
    begin_ioc(f);
    do
        step = next(f, &node, &why);
    while (step == STEP_TAKEN && (step = take_node(f, &node, &why)) == STEP_TAKEN);
    bool is_good = step != STEP_FAILED;
    if (is_good)
        is_good = close_all(f, &why) && load_flush(f->load, &why);
    if (is_good && step == STEP_END)
        say_if_nothing(f);
    bool is_lost = step == STEP_BAD || f->is_too_large;
    f->load->report->is_unreadable |= is_lost;
    if ((is_lost || !is_good) && err)
        *err = why;
    return is_good && !is_lost;
}

static bool load_openioc(struct load *l, struct err *err)
{
    struct ioc_file *f = calloc(1, sizeof *f);
    if (!f)
        return err_set(err, ERR_MEMORY, l->path, "not enough memory to read a list");
    f->load = l;
    f->xml = xml_open(lines_read, &l->lines, l->path);
    arena_init(&f->header, HEADER_BYTES, HEADER_BYTES);
    arena_init(&f->texts, HEADER_BYTES, TEXTS_BYTES);
    bool is_good = f->xml ? read_document(f, err) : no_memory(f, err);
    xml_close(f->xml);
    arena_fini(&f->header);
    arena_fini(&f->texts);
    free(f->waiting);
    free(f);
    return is_good;
}

/* ---- telling it from others ---- */

/* Past "<?...?>", "<!--...-->" and "<!...>", to the first element. */
static struct span first_element(struct span head)
{
    while ((head = load_trim(head)).len > 3 && head.ptr[0] == '<' &&
           (head.ptr[1] == '?' || head.ptr[1] == '!')) {
        bool is_comment = span_starts(head, SPAN_LIT("<!--"));
        const char *end = is_comment ? "-->" : ">";
        const uint8_t *p = memmem(head.ptr, head.len, end, strlen(end));
        head = p ? span_from(head, (size_t)(p - head.ptr) + strlen(end)) : span_of("", 0);
    }
    return head;
}

static bool is_likely(struct span head, bool is_all, const struct list_options *options)
{
    struct span element = first_element(head);
    size_t n = 1;
    while (n < element.len && !memchr(" \t\r\n/>", element.ptr[n], 6))
        n++;
    if (element.len == 0 || element.ptr[0] != '<' || n == element.len)
        return false;
    struct span name = span_of(element.ptr + 1, n - 1);
    const uint8_t *colon = name.len ? memchr(name.ptr, ':', name.len) : NULL;
    if (colon)
        name = span_from(name, (size_t)(colon - name.ptr) + 1);
    return is_root(name) || span_eq(name, SPAN_LIT("iocs"));
}

const struct list_reader format_openioc = {.name = "openioc",
                                           .is_likely = is_likely,
                                           .load = load_openioc,
                                           .name_match = MATCH_EXACT,
                                           .unit = "entry"};
