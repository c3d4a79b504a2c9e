#pragma once
/* What the search terms of OpenIOC ask for: "Network/DNS", "PortItem/remoteIP", ... */
#include "rules/indicator.h"

struct openioc_term {
    enum ioc_type type; /* IOC_OTHER: nothing a packet shows */
    field_mask fields;  /* 0: by type */
};

/* Unknown terms ask for what no packet shows. */
struct openioc_term openioc_term_of(struct span search);
