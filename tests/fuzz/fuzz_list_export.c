/* Lists of any format are loaded and written in every format; native YAML is loaded again: see export_check.h. */
#include "tests/property/export_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct set *set = set_new(), *allow = set_new();
    struct list_options o = list_options_none();
    struct list_report report;
    LIST_MUST(set && allow);
    o.loads_tlds = true;
    export_load(span_of(data, size), &o, set, allow, &report);
    export_check(set, allow, (enum tlp)(TLP_CLEAR + size % 5));
    list_report_fini(&report);
    set_free(set);
    set_free(allow);
    return 0;
}
